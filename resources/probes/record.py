"""A process as the kernel's table shows it: the value that every system's reader answers with."""

from __future__ import annotations

from typing import NamedTuple


class Record(NamedTuple):
    """One process at one moment.

    `start` is the kernel's own figure for when it began. It is compared, never computed with,
    but for the order of two processes of the same boot.
    """

    pid: int
    name: str
    parent: int
    session: int
    terminal: int
    start: int
    is_alive: bool
    is_stopped: bool
    is_kernel: bool
