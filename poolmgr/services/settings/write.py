"""Writing small files beside the state: 0600, complete or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Put this content where the path is, for the owner alone."""
    # `tempfile` costs the hot path four milliseconds; a process writes one such file at a time.
    name = path.with_name(f".{path.name}.{os.getpid()}")
    name.unlink(missing_ok=True)
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(descriptor)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def try_replace(path: Path, content: bytes) -> bool:
    """The same where it does not matter if it fails."""
    try:
        replace_file(path, content)
    except OSError:
        return False
    return True
