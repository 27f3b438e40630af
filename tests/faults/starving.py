"""Starting poolmgr, or any program, with little of something."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.pooled import Pooled
from tests.fixtures.commands import Result

STARVED = Path(__file__).with_name("starved.py")
TIMEOUT = 100.0


def starve(options: tuple[str, ...], *argv: str, cwd: Path, env: dict[str, str] | None = None) -> Result:
    """How a program ends that has to do without."""
    done = subprocess.run(
        (sys.executable, "-P", STARVED, *options, "--", *argv),
        cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=False,
    )  # fmt: skip
    return Result(
        args=argv, code=done.returncode, stdout=os.fsdecode(done.stdout), stderr=os.fsdecode(done.stderr)
    )


def starve_pool(pool: Pooled, options: tuple[str, ...], *words: str) -> Result:
    """How a command ends that has to do without."""
    argv = (sys.executable, "-m", "poolmgr", *words)
    return starve(options, *argv, cwd=pool.repo.path, env=pool.environment())


def start_starved(pool: Pooled, options: tuple[str, ...], *words: str) -> subprocess.Popen[bytes]:
    """A command that has to do without, left running."""
    return subprocess.Popen(
        (sys.executable, "-P", STARVED, *options, "--", sys.executable, "-m", "poolmgr", *words),
        cwd=pool.repo.path, env=pool.environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def list_rudeness(result: Result) -> list[str]:
    """What is wrong with how a command failed: it must say one thing, name what to change, and be no bug."""
    if result.code == 0:
        return []
    said = f"{' '.join(result.args)} ended with {result.code}: {result.stdout}{result.stderr}"
    lines = [line for line in result.stderr.splitlines() if line.startswith("poolmgr: ")]
    if result.code not in {1, 75} or len(lines) != 1 or "hint: " not in result.stderr:
        return [said]
    return [said] if "Traceback" in result.stderr else []
