"""The clocks: wall time to show, monotonic time to decide.

Only two readings of the same `boot` can be subtracted; monotonic time stands still while the
machine is suspended, so a closed laptop ages nothing.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from resources.probes import system

FIRST_TIME_NAMESPACE = ("4026531834", "-")  # PROC_TIME_INIT_INO; "-" where there are none


class Instant(NamedTuple):
    """A moment on this machine's clocks."""

    wall: float
    mono: float
    boot: str


def read_instant() -> Instant:
    """The present."""
    return Instant(wall=time.time(), mono=time.monotonic(), boot=read_epoch())


def read_epoch() -> str:
    """What `mono` counts from: a boot, and a time namespace if it is not the first one."""
    namespace = system.read_namespaces()[1]
    suffix = "" if namespace in FIRST_TIME_NAMESPACE else f"+{namespace}"
    return f"{system.read_boot()}{suffix}"


def read_ticks() -> int:
    """The present as `scan(since=…)` takes it, on the clock of processes' start times."""
    return system.read_ticks()


def ticks_at(instant: Instant) -> int:
    """An earlier instant on the same clock, rather too early than too late.

    What began before it surely did; 0, before which nothing began, for an instant of another boot.
    """
    if instant.boot != read_epoch() or "+" in instant.boot:
        return 0
    return system.ticks_of(instant.wall, instant.mono)
