"""Settings in git's own files that poolmgr makes and takes back, byte for byte.

Callers hold the pool's git lock: two `git config` at once fail on config.lock.
"""

from __future__ import annotations

import os
from pathlib import Path

from isolation.git.program import Git

EXTENSION = "extensions.worktreeConfig"


def find_value(git: Git, key: str) -> str | None:
    """The value of a key in effect; None when unset."""
    answer = git.run("config", "--get", key, accept=(0, 1))
    return answer.text if answer.code == 0 else None


def find_shared(git: Git, key: str) -> str | None:
    """The value of a key in the repository's shared config."""
    answer = git.run("config", "--local", "--get", key, accept=(0, 1))
    return answer.text if answer.code == 0 else None


def set_shared(git: Git, key: str, value: str) -> None:
    """A key in the repository's shared config."""
    git.run("config", "--local", key, value)


def unset_shared(git: Git, key: str) -> None:
    """A key gone from the repository's shared config; not being there is fine."""
    git.run("config", "--local", "--unset-all", key, accept=(0, 5))


def drop_section(git: Git, section: str) -> None:
    """A section gone from the repository's shared config; not being there is fine."""
    git.run("config", "--local", "--remove-section", section, accept=(0, 128))


def set_worktree(git: Git, key: str, value: str) -> None:
    """A key for this worktree alone."""
    git.run("config", "--worktree", key, value)


def exclude_file(common: Path) -> Path:
    """The ignore patterns that all worktrees share and nobody commits."""
    return common / "info" / "exclude"


def plan_exclude(common: Path, lines: list[str]) -> bytes:
    """The bytes that would add these lines at the end of info/exclude."""
    file = exclude_file(common)
    old = file.read_bytes() if file.exists() else b""
    start = b"\n" if old and not old.endswith(b"\n") else b""
    return start + b"".join(os.fsencode(line) + b"\n" for line in lines)


def ensure_excluded(common: Path, added: bytes) -> None:
    """Those bytes at the end of info/exclude, once."""
    file = exclude_file(common)
    old = file.read_bytes() if file.exists() else b""
    if added not in old:
        replace_file(file, old + added)


def drop_excluded(common: Path, added: bytes, *, made: bool) -> None:
    """The file without those bytes; no file where there was none."""
    file = exclude_file(common)
    if not added or not file.exists():
        return
    before, found, after = file.read_bytes().rpartition(added)
    if not found:
        return
    replace_file(file, before + after)
    if made and not before + after:
        file.unlink()
        if not any(file.parent.iterdir()):
            file.parent.rmdir()


def replace_file(file: Path, content: bytes) -> None:
    """New content under the old name and mode, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    mode = file.stat().st_mode & 0o777 if file.exists() else 0o644
    making = file.with_name(f"{file.name}.poolmgr-new")
    making.write_bytes(content)
    making.chmod(mode)
    making.replace(file)
