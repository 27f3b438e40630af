"""Puts the hooks of a slot where they act on that slot alone, finds them changed, takes them away.

They lie in `poolmgr-hooks` in the slot's admin directory; `core.hooksPath` of that worktree
alone names it. The repository's own hooks and settings are never touched. Every file is replaced
whole; repeating after a kill at any point ends in the same.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from isolation.guards.dispatch import HOOKS, dispatcher

DIRECTORY = "poolmgr-hooks"
# What hooks leave beside it: what was judged last, and what was staged before the chained hooks ran.
LEAVINGS = ("poolmgr-judged", "poolmgr-before")
MODES = {
    "full": b"",
    "cone": b"[core]\n\tsparseCheckout = true\n\tsparseCheckoutCone = true\n[index]\n\tsparse = true\n",
    "exact": b"[core]\n\tsparseCheckout = true\n\tsparseCheckoutCone = false\n[index]\n\tsparse = false\n",
}


def ensure_guards(admin: Path, python: str = sys.executable) -> None:
    """Our script under every name of a hook; what another tool put there goes."""
    directory = admin / DIRECTORY
    script = dispatcher(python)
    directory.mkdir(mode=0o755, exist_ok=True)
    for entry in os.scandir(directory):
        if entry.name not in HOOKS and entry.name != ".chain":
            remove(Path(entry))
    for name in HOOKS:
        if not is_script(directory / name, script):
            write_script(directory / name, script)


def drop_guards(admin: Path) -> None:
    """No trace of them in the admin directory."""
    if (admin / DIRECTORY).exists():
        shutil.rmtree(admin / DIRECTORY)
    for name in LEAVINGS:
        (admin / name).unlink(missing_ok=True)


def worktree_config(admin: Path, mode: str = "full") -> bytes:
    """The settings of a slot's worktree alone; `mode` is how its view is checked out."""
    hooks = quoted(os.fsencode(admin / DIRECTORY))
    return b"[gc]\n\tauto = 0\n[core]\n\thooksPath = %s\n%s" % (hooks, MODES[mode])


def quoted(value: bytes) -> bytes:
    """A value as git's settings files hold it."""
    for plain, escaped in ((b"\\", b"\\\\"), (b'"', b'\\"'), (b"\n", b"\\n"), (b"\t", b"\\t")):
        value = value.replace(plain, escaped)
    return b'"%s"' % value


def is_script(file: Path, script: bytes) -> bool:
    """Whether it is ours, as it should be."""
    try:
        return not file.is_symlink() and os.access(file, os.X_OK) and file.read_bytes() == script
    except OSError:
        return False


def write_script(file: Path, script: bytes) -> None:
    """Our script, in place of whatever was there."""
    making = file.with_name(f".{file.name}.{os.getpid()}")
    making.write_bytes(script)
    making.chmod(0o755)
    if file.is_dir() and not file.is_symlink():
        shutil.rmtree(file)
    making.replace(file)


def remove(entry: Path) -> None:
    """One entry of the directory, with all below it."""
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink(missing_ok=True)
