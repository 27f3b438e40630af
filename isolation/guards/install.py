"""Puts the hooks of a slot where they act on that slot alone, and takes them away.

They lie in `poolmgr-hooks` in the slot's admin directory; `core.hooksPath` of that worktree
alone names it. A full slot needs none until its lease is revoked. The repository's own hooks and
settings are never touched. Every file is replaced whole; a repetition after a kill ends in the same.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from isolation.git.config import replace_file
from isolation.guards.dispatch import OURS, dispatcher
from isolation.guards.hooks import INSIDE, PATH, put_back, remove

CALM = b"[gc]\n\tauto = 0\n"
# A scoped slot's index is expanded by git's first command there and stays whole: git destroys a
# sparse one that has an entry of `git add -N`.
WHOLE = b"\tsplitIndex = false\n[index]\n\tsparse = false\n"
MODES = {
    "full": b"",
    "cone": b"[core]\n\tsparseCheckout = true\n\tsparseCheckoutCone = true\n" + WHOLE,
    "exact": b"[core]\n\tsparseCheckout = true\n\tsparseCheckoutCone = false\n" + WHOLE,
}


def ensure_guards(admin: Path, python: str = sys.executable) -> None:
    """Our hooks and nothing else, where nothing runs them yet."""
    remove(admin / OURS / INSIDE)
    (admin / OURS / PATH).unlink(missing_ok=True)
    put_back(admin / OURS, dispatcher(python))
    remove(admin / OURS / INSIDE)  # what was in place of ours


def ensure_acting(admin: Path, python: str = sys.executable) -> None:
    """Git runs our hooks in this slot, from before a scope or a revocation counts on them."""
    put_back(admin / OURS, dispatcher(python))
    file = admin / "config.worktree"
    settings = file.read_bytes() if file.exists() else CALM
    wanted = hooks_setting(admin)
    if not settings.endswith(wanted):  # the last setting is the one that counts
        kept = [line for line in settings.replace(wanted, b"").splitlines() if not is_ours_elsewhere(line)]
        replace_file(file, b"".join(line + b"\n" for line in kept) + wanted)


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


def is_ours_elsewhere(line: bytes) -> bool:
    """Whether a line of the settings names our hooks, where they were before the repository was moved."""
    return line.startswith(b"\thooksPath = ") and line.endswith(b'/%s"' % os.fsencode(OURS))


def quoted(value: bytes) -> bytes:
    """A value as git's settings files hold it."""
    for plain, escaped in ((b"\\", b"\\\\"), (b'"', b'\\"'), (b"\n", b"\\n"), (b"\t", b"\\t")):
        value = value.replace(plain, escaped)
    return b'"%s"' % value
