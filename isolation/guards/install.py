"""Puts the hooks of a slot where they act on that slot alone, and takes them away.

They lie in `poolmgr-hooks` in the slot's admin directory; `core.hooksPath` of that worktree
alone names it. A full slot needs none until its lease is revoked. The repository's own hooks and
settings are never touched. Every file is replaced whole; a repetition after a kill ends in the same.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from isolation.git.config import replace_file
from isolation.guards.dispatch import FREQUENT, HOOKS, OURS, dispatcher

CHAIN = ".chain"  # where the chained hooks are, as the script found them
CALM = b"[gc]\n\tauto = 0\n"
MODES = {
    "full": b"",
    "cone": b"[core]\n\tsparseCheckout = true\n\tsparseCheckoutCone = true\n[index]\n\tsparse = true\n",
    "exact": b"[core]\n\tsparseCheckout = true\n\tsparseCheckoutCone = false\n[index]\n\tsparse = false\n",
}


def ensure_guards(admin: Path, python: str = sys.executable) -> None:
    """Our script under the names of hooks, where nothing runs it yet; what another tool put there goes."""
    directory = admin / OURS
    script = dispatcher(python)
    directory.mkdir(mode=0o755, exist_ok=True)
    for entry in os.scandir(directory):
        if entry.name not in (*HOOKS, CHAIN):
            remove(Path(entry))
    for name in HOOKS:
        file = directory / name
        if not is_script(file, script) and (name not in FREQUENT or os.path.lexists(file)):
            write_script(file, script)


def ensure_acting(admin: Path, python: str = sys.executable) -> None:
    """Git runs our hooks in this slot: before a scope or a revocation counts on them."""
    ensure_guards(admin, python)
    file = admin / "config.worktree"
    settings = file.read_bytes() if file.exists() else CALM
    wanted = hooks_setting(admin)
    if not settings.endswith(wanted):  # the last setting is the one that counts
        start = b"" if settings.endswith(b"\n") or not settings else b"\n"
        replace_file(file, settings + start + wanted)


def drop_guards(admin: Path) -> None:
    """No trace of them in the admin directory."""
    remove(admin / OURS)


def worktree_config(admin: Path, mode: str = "full") -> bytes:
    """The settings of a slot's worktree alone; `mode` is how its view is checked out.

    A full slot runs the repository's own hooks: nothing lies between until `ensure_acting`.
    """
    return CALM + MODES[mode] + (hooks_setting(admin) if mode != "full" else b"")


def hooks_setting(admin: Path) -> bytes:
    """What makes git run our hooks."""
    return b"[core]\n\thooksPath = %s\n" % quoted(os.fsencode(admin / OURS))


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
