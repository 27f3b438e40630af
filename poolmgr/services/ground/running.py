"""Commands of the user's settings: started here alone, their output in a log, stoppable.

Each gets a session of its own and carries a mark in its environment, so that what a killed
poolmgr left running is found and ended.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from isolation.git.program import KEPT_VARIABLES
from resources.probes.inside import list_carriers
from resources.probes.signals import terminate

LIMIT = 3600.0
LOOK = 0.2
MARK = "POOLMGR_PREPARES"


class Command(NamedTuple):
    """What to run, where, and with which variables besides those that every command gets."""

    text: str
    cwd: Path
    variables: Mapping[str, str]
    log: int
    keep_open: tuple[int, ...] = ()


def run_logged(command: Command, *, is_wanted: Callable[[], bool] = lambda: True) -> int | None:
    """The exit code; None when it took too long or was not wanted any more, and was stopped."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    process = subprocess.Popen(
        ("sh", "-c", command.text), cwd=command.cwd, env=kept | dict(command.variables),
        stdin=subprocess.DEVNULL, stdout=command.log, stderr=command.log, start_new_session=True,
        pass_fds=command.keep_open,
    )  # fmt: skip
    deadline = time.monotonic() + LIMIT
    try:
        while True:
            try:
                return process.wait(LOOK)
            except subprocess.TimeoutExpired:
                if time.monotonic() > deadline or not is_wanted():
                    return None
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def end_marked(mark: str) -> None:
    """End whatever carries this mark."""
    terminate(list_carriers(MARK, mark))
