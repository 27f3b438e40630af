"""A directory that is put back as it was, path for path, as often as a case needs it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Stage:
    """What lies beneath `root`, and its copy beside it."""

    root: Path

    @property
    def copy(self) -> Path:
        """Where the copy lies: pools are bound to their paths, so the copy is only kept."""
        return self.root.with_name(f"{self.root.name}.saved")

    def save(self) -> None:
        """Keep everything as it is now."""
        duplicate(self.root, self.copy)

    def restore(self) -> None:
        """Everything as it was kept; nobody may be at work in it."""
        shutil.rmtree(self.root)
        duplicate(self.copy, self.root)


def duplicate(source: Path, target: Path) -> None:
    """A copy with modes, times, links and FIFOs.

    Once more when a file went meanwhile: a worker closes the database after it let its lock go.
    """
    words = ("cp", "-a", "--", source, target)
    if subprocess.run(words, check=False, timeout=60).returncode:
        shutil.rmtree(target, ignore_errors=True)
        subprocess.run(words, check=True, timeout=60)
