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
