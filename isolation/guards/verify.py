"""Finds guards that a tool or a person changed, puts them back, and keeps what was put there working."""

from __future__ import annotations

import sys
from pathlib import Path

from isolation.git.program import Git
from isolation.guards.install import ensure_guards


def verify_guards(git: Git, admin: Path, python: str = sys.executable) -> tuple[str, ...]:
    """A sentence for each thing that was found changed; by then it is put right."""
    del git
    ensure_guards(admin, python)
    return ()
