"""What a program says until it ends: a child of it that keeps its pipes open is not waited for.

Time and length are bounded; who calls ends what goes beyond.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from selectors import EVENT_READ, DefaultSelector
from typing import IO

QUIET = 0.3  # seconds without a word after its end, and it has said all
PULSE = 0.01  # how often it is asked whether it has ended, while it says nothing
LONGEST = 256 << 20  # bytes; all issues of the largest trackers are a quarter of it
PART = 1 << 20


class NoAnswer(Exception):
    """It does not end, or says more than anybody could read; the message says which."""


def read_answer(
    pipes: Iterable[IO[bytes]], has_ended: Callable[[], bool], timeout: float, longest: int = LONGEST
) -> tuple[bytes, ...]:
    """What came through each pipe until the program had ended; NoAnswer where it does not."""
    until = time.monotonic() + timeout
    said = {pipe.fileno(): bytearray() for pipe in pipes}
    with DefaultSelector() as selector:
        for descriptor in said:
            selector.register(descriptor, EVENT_READ)
        while not (is_over := has_ended()) or selector.get_map():
            ready = selector.select(QUIET if is_over else PULSE)
            if is_over and not ready:
                break
            for key, _ in ready:
                part = os.read(key.fd, PART)
                said[key.fd] += part
                if not part:
                    selector.unregister(key.fd)
            if time.monotonic() > until:
                raise NoAnswer(f"did not answer within {timeout:.0f} s")
            if sum(map(len, said.values())) > longest:
                raise NoAnswer(f"says more than {longest >> 20} MiB")
    return tuple(map(bytes, said.values()))
