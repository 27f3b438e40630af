"""warmtree, the fastest pool written in Python: installed into a venv of its own, and driven.

It runs on its own Python and as its own console script, compiled; its background refill and
refresh are off, so that nothing of it runs while another contender has its turn.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.bench.processes import BenchFailed, Shell

RELEASE = "warmtree==0.9.0"
OLDEST_PYTHON = (3, 12)
SETTINGS = """\
[pool]
size = {size}
refresh_every = "off"
shrink_after = "off"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmtree:
    """The pool of one checkout."""

    shell: Shell
    program: Path
    checkout: Path

    def take(self, branch: str) -> float:
        """Seconds of the whole process."""
        return self.shell.time(self.program, "take", branch, "--no-refill", cwd=self.checkout)[0]

    def release(self, branch: str) -> None:
        """Gives the slot back; the branch, having no commits, is deleted with it."""
        self.shell.run(self.program, "release", branch, cwd=self.checkout)


def make_warmtree(shell: Shell, program: Path, checkout: Path, *, size: int) -> Warmtree:
    """A filled pool in a fresh checkout."""
    (checkout / ".warmtree.toml").write_text(SETTINGS.format(size=size))
    shell.run(program, "fill", cwd=checkout)
    return Warmtree(shell=shell, program=program, checkout=checkout)


def ensure_warmtree(shell: Shell, work: Path) -> Path:
    """The console script, installed by pip when it is not there yet."""
    venv = work / RELEASE.replace("==", "-")
    program = venv / "bin" / "warmtree"
    if not program.exists():
        python = require_python(shell, work)
        shell.run(python, "-m", "venv", venv, cwd=work)
        shell.run(venv / "bin" / "pip", "install", "--quiet", "--compile", RELEASE, cwd=work)
    return program


def require_python(shell: Shell, work: Path) -> Path:
    """An interpreter that warmtree accepts."""
    for python in list_pythons():
        try:
            version = shell.run(python, "-c", "import sys, venv; print(*sys.version_info[:2])", cwd=work)
        except BenchFailed:  # a pyenv shim whose version is not selected
            continue
        if tuple(int(part) for part in version.split()) >= OLDEST_PYTHON:
            return python
    raise BenchFailed("no Python 3.12 or newer")


def list_pythons() -> tuple[Path, ...]:
    """Where one may lie: this interpreter, PATH, pyenv."""
    named = (shutil.which(f"python3.{minor}") for minor in (12, 13, 14))
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    return (
        Path(sys.executable),
        *(Path(name) for name in named if name),
        *sorted(pyenv.glob("3.1[234]*/bin/python3")),
    )
