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


def add_exclude_lines(common: Path, lines: list[str]) -> bytes | None:
    """Lines at the end of info/exclude; answers the bytes appended, None when there was no file.

    Written to a new file that replaces the old one, so that a kill leaves one or the other.
    """
    file = common / "info" / "exclude"
    old = file.read_bytes() if file.exists() else b""
    missing = [line for line in lines if os.fsencode(line) not in old.split(b"\n")]
    if not missing:
        return b""
    start = b"\n" if old and not old.endswith(b"\n") else b""
    added = start + b"".join(os.fsencode(line) + b"\n" for line in missing)
    replace_file(file, old + added)
    return added


def drop_exclude_lines(common: Path, added: bytes) -> None:
    """The file as it was before, when what was added is still its end or at least in it."""
    file = common / "info" / "exclude"
    if not added or not file.exists():
        return
    old = file.read_bytes()
    before, found, after = old.rpartition(added)
    if found:
        replace_file(file, before + after)


def replace_file(file: Path, content: bytes) -> None:
    """New content under the old name and mode, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    mode = file.stat().st_mode & 0o777 if file.exists() else 0o644
    making = file.with_name(f"{file.name}.poolmgr-new")
    making.write_bytes(content)
    making.chmod(mode)
    making.replace(file)
