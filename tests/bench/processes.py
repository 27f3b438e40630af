"""Runs and times whole processes in a scrubbed environment with a home of its own.

Nothing of the user reaches a measurement (GIT_*, POOLMGR_*, their git configuration), and no
contender can write into the user's home.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TIMEOUT = 1800.0
KEPT_VARIABLES = (
    "PATH",
    "TMPDIR",
    "PIP_INDEX_URL",
    "PIP_CERT",
    "SSL_CERT_FILE",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)
GIT_CONFIG = """\
[user]
\tname = Bench
\temail = bench@example.invalid
[gc]
\tauto = 0
[maintenance]
\tauto = false
[advice]
\tdetachedHead = false
"""


class BenchFailed(Exception):
    """A contender or a preparation could not be run; its row says why."""


@dataclass(frozen=True, slots=True)
class Shell:
    """Starts commands with one environment."""

    variables: Mapping[str, str]

    def run(self, *argv: str | Path, cwd: Path, stdin: bytes | None = None) -> str:
        """The standard output of a command that must succeed."""
        return self.time(*argv, cwd=cwd, stdin=stdin)[1]

    def time(self, *argv: str | Path, cwd: Path, stdin: bytes | None = None) -> tuple[float, str]:
        """Wall seconds of the whole process, and its standard output."""
        started = time.perf_counter()
        try:
            done = subprocess.run(
                argv,
                cwd=cwd,
                env=self.variables,
                input=stdin or b"",
                capture_output=True,
                timeout=TIMEOUT,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise BenchFailed(str(error)) from error
        elapsed = time.perf_counter() - started
        if done.returncode:
            raise BenchFailed(failure_text(argv, done.returncode, done.stderr + done.stdout[-500:]))
        return elapsed, os.fsdecode(done.stdout)

    def start(self, *argv: str | Path, cwd: Path) -> subprocess.Popen[bytes]:
        """A process left running, its two outputs as pipes."""
        return subprocess.Popen(
            argv,
            cwd=cwd,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


def failure_text(argv: Sequence[str | Path], code: int, output: bytes) -> str:
    """One line for the report."""
    words = " ".join(str(word) for word in argv)
    return f"{words}: exit {code}: {' '.join(os.fsdecode(output).split())[-600:]}"


def ensure_shell(work: Path) -> Shell:
    """A shell whose home and git configuration lie in the work directory."""
    home = work / "home"
    home.mkdir(parents=True, exist_ok=True)
    (home / ".gitconfig").write_text(GIT_CONFIG)
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    own = {
        "HOME": str(home),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "POOLMGR_DATABASE_MODE": "off",  # the rows of databases ask for it themselves
    }
    return Shell(kept | own)
