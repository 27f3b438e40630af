"""Starting poolmgr under the killer: a dry run lists an operation's points, then one of them is taken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.killer import end_tree
from tests.fixtures.patience import await_that

KILLER = Path(__file__).with_name("killer.py")
TIMEOUT = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How the command ended: at a point, or by itself with a code."""

    point: str | None
    code: int
    words: str


@dataclass(frozen=True, slots=True)
class Launcher:
    """Runs commands in one directory, with these variables."""

    cwd: Path
    report: Path
    variables: dict[str, str] = field(default_factory=dict)

    def list_points(self, *words: str, alone: bool = True) -> list[str]:
        """Every point of a command that runs to its end."""
        ended = self.run(("--alone",) if alone else (), words)
        if ended.code:
            raise AssertionError(f"poolmgr {words} ended with {ended.code}: {ended.words}")
        return self.read_report()

    def kill(self, at: int, *words: str, alone: bool = True, after: float | None = None) -> Ended:
        """A command that is killed before its point number `at`, or with its children soon after it."""
        options = ("--at", str(at), *(("--alone",) if alone else ()))
        return self.run(options if after is None else (*options, "--after", str(after)), words)

    @contextmanager
    def frozen(self, at: int, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """A command that stands still at its point number `at`, or has ended; after the block it is gone."""
        with self.start(("--at", str(at), "--stop", "--alone"), words) as process:
            try:
                await_that(lambda: read_state(process.pid) in "TZ", "the process stands still")
                yield process
            finally:
                process.kill()

    def run(self, options: tuple[str, ...], words: tuple[str, ...]) -> Ended:
        """The command under the killer."""
        process = self.start(options, words)
        try:
            output, _ = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            end_tree(process.pid)
            raise
        killed = process.returncode < 0
        point = self.read_report()[-1] if killed else None
        return Ended(point=point, code=process.returncode, words=os.fsdecode(output))

    def start(self, options: tuple[str, ...], words: tuple[str, ...]) -> subprocess.Popen[bytes]:
        """The command under the killer, running."""
        self.report.unlink(missing_ok=True)
        return subprocess.Popen(
            (sys.executable, "-P", KILLER, "--report", self.report, *options, "--", *words),
            cwd=self.cwd, env={**os.environ, **self.variables}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def read_report(self) -> list[str]:
        """What the killer wrote down."""
        return [json.loads(line) for line in self.report.read_bytes().splitlines()]


def read_state(pid: int) -> str:
    """T stopped, Z ended, R or S at work."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
