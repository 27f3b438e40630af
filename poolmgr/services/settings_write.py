"""Writing small files beside the state: 0600, complete or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Put this content where the path is, for the owner alone."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
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
