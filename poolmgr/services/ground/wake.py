"""Waking those who wait: a FIFO per waiter, one byte that means "look again".

A FIFO needs no socket, so it works in sandboxes that deny them, and a write to one nobody reads
fails at once. A lost byte costs a second: every waiter also looks by itself.
"""

from __future__ import annotations

import os
import select
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOOK_AGAIN = 1.0


class Waiter:
    """The reading end of one waiter's FIFO; without one it sleeps its time out."""

    def __init__(self, descriptor: int | None) -> None:
        self.descriptor = descriptor

    def wait(self, seconds: float) -> None:
        """Until somebody calls, or the time is over."""
        watched = [] if self.descriptor is None else [self.descriptor]
        if select.select(watched, [], [], max(0.0, seconds))[0] and self.descriptor is not None:
            with suppress(BlockingIOError):
                os.read(self.descriptor, 4096)


@contextmanager
def waiting(room: Path, seq: int) -> Iterator[Waiter]:
    """A waiter that can be called, from here to the end of the block."""
    fifo = room / str(seq)
    descriptor = None
    try:
        with suppress(FileExistsError):
            os.mkfifo(fifo, 0o600)
        descriptor = os.open(fifo, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        descriptor = None
    try:
        yield Waiter(descriptor)
    finally:
        if descriptor is not None:
            os.close(descriptor)
            fifo.unlink(missing_ok=True)


def call(room: Path, seqs: Iterable[int]) -> None:
    """Call these waiters; who is not there is not waited for."""
    for seq in seqs:
        try:
            descriptor = os.open(room / str(seq), os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:  # nobody reads, or the FIFO is gone
            continue
        with suppress(OSError):
            os.write(descriptor, b"!")
        os.close(descriptor)
