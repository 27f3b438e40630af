"""Signals as numbers to be read one after another, instead of interruptions.

Children get their signals as we got ours: handled ones do what they do by default, ignored ones
stay ignored. When the block is left, signals have no effect any more.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

TERMINALS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)


class Bell:
    """The numbers of the signals that came, oldest first."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.rung: list[int] = []

    def wait(self) -> int:
        """The next signal."""
        while not self.rung:
            select.select([self.descriptor], [], [])
            self.listen()
        return self.rung.pop(0)

    def absorb(self, number: int) -> bool:
        """Whether the same signal came again by now; one that waits to be seen is no second one."""
        self.listen()
        count = len(self.rung)
        self.rung = [each for each in self.rung if each != number]
        return len(self.rung) < count

    def listen(self) -> None:
        """Note what came, without waiting."""
        with suppress(BlockingIOError):
            self.rung += os.read(self.descriptor, 512)


@contextmanager
def deaf() -> Iterator[None]:
    """What a terminal sends reaches neither us nor what we start meanwhile.

    A child of ours leaves our group only after it was made: what comes before would end it.
    """
    before = {number: signal.signal(number, signal.SIG_IGN) for number in TERMINALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def hear() -> None:
    """The end of what was inherited from who is deaf, or was started by `nohup`.

    A detached process is reached by no terminal, and the commands it runs are to behave as anywhere.
    """
    for number in TERMINALS:
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def listening(numbers: Iterable[signal.Signals]) -> Iterator[Bell]:
    """The bell for these signals and for the ends of children."""
    descriptor, rope = os.pipe()
    os.set_blocking(descriptor, False)
    os.set_blocking(rope, False)
    signal.set_wakeup_fd(rope, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, *numbers):
        if number == signal.SIGCHLD or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda _number, _frame: None)
    try:
        yield Bell(descriptor)
    finally:
        signal.set_wakeup_fd(-1)
        os.close(descriptor)
        os.close(rope)
