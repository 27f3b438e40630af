"""Ending processes that were found before: politely, then not.

A signal goes only to the very process that was named. Through a pidfd where the kernel has them,
so that a number given to somebody else in between is never signalled.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass

from resources.probes.processes import Life, judge, pid_of, read_identity

PAUSE = 0.05
LAST_WAIT = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A process to end, with its pidfd, or None where there are none."""

    identity: str
    pid: int
    descriptor: int | None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless the process has ended or is not ours to end."""
        try:
            if self.descriptor is not None and sys.platform == "linux":
                signal.pidfd_send_signal(self.descriptor, number)
            elif judge(self.identity) is Life.ALIVE:
                os.kill(self.pid, number)
        except (ProcessLookupError, PermissionError):
            return


def terminate(processes: Iterable[str | int], *, grace: float = 5.0) -> tuple[str, ...]:
    """End the processes, SIGKILL after the grace; the answer is those that still live.

    They are named by identity, or by number when they were found only just now.
    """
    named = [read_identity(one) if isinstance(one, int) else one for one in processes]
    with ExitStack() as stack:
        targets = [target for text in named if text and (target := find_target(text, stack))]
        for number, wait in ((signal.SIGTERM, grace), (signal.SIGKILL, LAST_WAIT)):
            for target in targets:
                target.signal(number)
            targets = await_end(targets, wait)
        return tuple(target.identity for target in targets)


def find_target(identity: str, stack: ExitStack) -> Target | None:
    """The process to signal, None unless it is proven to be the one that was named."""
    pid = pid_of(identity)
    if pid is None or pid in (1, os.getpid()):
        return None
    descriptor = find_descriptor(pid)
    if descriptor is not None:
        stack.callback(os.close, descriptor)
    # Judged after the pidfd was opened: from here on it cannot come to mean another process.
    if judge(identity) is not Life.ALIVE:
        return None
    return Target(identity=identity, pid=pid, descriptor=descriptor)


def find_descriptor(pid: int) -> int | None:
    """A pidfd, None where the system has none or the process is gone."""
    if sys.platform != "linux":
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def await_end(targets: list[Target], seconds: float) -> list[Target]:
    """The processes that are still there after the time, or nobody as soon as all have ended."""
    deadline = time.monotonic() + seconds
    while targets:
        targets = [target for target in targets if judge(target.identity) is Life.ALIVE]
        remaining = deadline - time.monotonic()
        if not targets or remaining <= 0:
            break
        pause(targets, remaining)
    return targets


def pause(targets: list[Target], seconds: float) -> None:
    """Wait until one of the processes ends, or for a moment where that cannot be waited for."""
    descriptors = [target.descriptor for target in targets if target.descriptor is not None]
    if len(descriptors) < len(targets):
        time.sleep(min(PAUSE, seconds))
        return
    poller = select.poll()
    for descriptor in descriptors:
        poller.register(descriptor, select.POLLIN)
    poller.poll(seconds * 1000)
