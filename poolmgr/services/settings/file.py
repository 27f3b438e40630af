"""Reading the settings files and what says that they are still the same.

The committed file is hostile until proven otherwise: no link out of the checkout, no device, no
more than 256 KiB.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple

from poolmgr.core.settings import Problem, SettingsError

COMMITTED = "poolmgr.yaml"
CLONE = "config.yaml"
LARGEST = 256 * 1024

Identity = list[str | int]


class SettingsFile(NamedTuple):
    """A settings file as it was read."""

    label: str
    text: str
    digest: str


def committed_path(checkout: Path) -> Path | None:
    """The committed file, links inside the checkout followed; None if there is none."""
    path = checkout / COMMITTED
    if not path.is_symlink():
        return path if path.exists() else None
    target = Path(os.path.realpath(path))
    root = Path(os.path.realpath(checkout))
    if not target.is_relative_to(root) or target.relative_to(root).parts[:1] == (".git",):
        raise refusal(str(path), "is a symbolic link out of the checkout; put a plain file there")
    return target


def clone_path(state_dir: Path) -> Path:
    """This clone's own file; where its owner put a link to somewhere else, that place."""
    path = state_dir / CLONE
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def find_identity(path: Path | None) -> Identity | None:
    """What changes whenever the file does; None if there is no file."""
    if path is None:
        return None
    try:
        facts = os.stat(path, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise refusal(str(path), f"cannot be read: {error.strerror}") from error
    return [os.fspath(path), facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns]


def read_settings_file(path: Path, label: str) -> SettingsFile:
    """The file's text and digest."""
    from hashlib import sha256  # only a changed file has to pay for it

    try:
        # Neither a link put there since nor a pipe that nobody writes to.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise refusal(label, f"cannot be read: {error.strerror}") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise refusal(label, "is no regular file")
        with open(descriptor, "rb", closefd=False) as stream:
            content = stream.read(LARGEST + 1)
    finally:
        os.close(descriptor)
    if len(content) > LARGEST:
        raise refusal(label, f"is larger than {LARGEST // 1024} KiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise refusal(f"{label}:{line}", "is not UTF-8") from error
    return SettingsFile(label=label, text=text, digest=sha256(content).hexdigest())


def refusal(place: str, message: str) -> SettingsError:
    """The error about a file as a whole."""
    return SettingsError((Problem(place=place, key="", message=message),))
