"""The aside directory: what lay in a slot before it was filled anew, as a worktree of its own.

`tree` has the files and a `.git` that names `admin`, which has the old index, HEAD, patterns,
settings and git state: `isolation.work.examine` and the rescue read it like any worktree, though
git does not list it. `intent.json` says what was to be filled; `moved` that all has come here.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from isolation.errors import NotKept
from isolation.git.config import replace_file
from isolation.scope.view import Mode, View

if TYPE_CHECKING:
    from isolation.scope.ground import Ground

# Copied, because the worktree goes on using them; everything else of the worktree's own moves.
COPIED = ("HEAD", "config.worktree", "info/sparse-checkout")
STAYING = frozenset({
    "HEAD", "gitdir", "commondir", "locked", "config.worktree", "info", "revoked", "reftable",
})  # fmt: skip


class Wanted(NamedTuple):
    """What a slot is filled with.

    `config` is the whole new `config.worktree`; `back` are paths (caches, files poolmgr placed)
    that return from the aside where their directory is visible and nothing is in the way.
    """

    oid: str
    view: View
    config: bytes
    back: tuple[bytes, ...] = ()


class OtherFileSystem(NotKept):
    """Something in the slot cannot be renamed: it lies on another file system than its aside."""


class Intent(NamedTuple):
    """What is to be filled, and the entries at the top that stay where they are."""

    wanted: Wanted
    staying: frozenset[str]


def begin(ground: Ground, aside: Path, intent: Intent) -> None:
    """An empty aside, with the intent written before anything moves."""
    aside.mkdir(mode=0o700, parents=True)
    tree, admin = aside / "tree", aside / "admin"
    for directory in (tree, admin, admin / "info"):
        directory.mkdir(mode=0o700)
    (admin / "commondir").write_bytes(os.fsencode(ground.common) + b"\n")
    (admin / "gitdir").write_bytes(os.fsencode(tree / ".git") + b"\n")
    (tree / ".git").write_bytes(b"gitdir: " + os.fsencode(admin) + b"\n")
    for name in COPIED:
        with suppress(FileNotFoundError):
            (admin / name).write_bytes((ground.admin / name).read_bytes())
    write_intent(aside, intent)


def write_intent(aside: Path, intent: Intent) -> None:
    """What is to be done, for whoever finishes it."""
    wanted = intent.wanted
    facts = {
        "oid": wanted.oid,
        "mode": wanted.view.mode,
        "lines": wanted.view.lines,
        "config": wanted.config.decode("latin-1"),
        "back": [path.decode("latin-1") for path in wanted.back],
        "staying": sorted(intent.staying),
    }
    replace_file(aside / "intent.json", json.dumps(facts).encode())


def find_intent(aside: Path) -> Intent | None:
    """What was to be done; None when nothing has begun to move."""
    try:
        facts = json.loads((aside / "intent.json").read_bytes())
    except FileNotFoundError:
        return None
    wanted = Wanted(
        oid=facts["oid"],
        view=View(Mode(facts["mode"]), tuple(facts["lines"])),
        config=facts["config"].encode("latin-1"),
        back=tuple(path.encode("latin-1") for path in facts["back"]),
    )
    return Intent(wanted, frozenset(facts["staying"]))


def list_state(admin: Path) -> Iterator[str]:
    """The names in an admin directory that are the last content's state, and not the pool's."""
    for name in sorted(os.listdir(admin)):
        if name not in STAYING and not name.startswith("poolmgr") and not name.endswith(".lock"):
            yield name


def move_entry(source: Path, target: Path) -> None:
    """Rename; a directory that may not be written is opened for the moment it takes."""
    try:
        os.rename(source, target)
    except PermissionError:
        mode = stat.S_IMODE(os.lstat(source).st_mode)
        if source.is_symlink() or not source.is_dir() or mode & stat.S_IRWXU == stat.S_IRWXU:
            raise
        os.chmod(source, mode | stat.S_IRWXU)
        os.rename(source, target)
        os.chmod(target, mode)
    except OSError as error:
        if error.errno in {errno.EXDEV, errno.EBUSY}:
            raise OtherFileSystem(f"{source} cannot be renamed to {target}: {error.strerror}") from error
        raise


def return_entry(source: Path, target: Path) -> None:
    """Rename back; what has taken its place meanwhile goes aside under a free name."""
    if os.path.lexists(target):
        move_entry(target, free_name(source))
    move_entry(source, target)


def free_name(target: Path) -> Path:
    """The name itself; another where something is there."""
    number, free = 0, target
    while os.path.lexists(free):
        number += 1
        free = target.with_name(f"{target.name}.{number}")
    return free


def is_empty(aside: Path) -> bool:
    """Whether an aside holds nothing but what `begin` made."""
    with suppress(FileNotFoundError):
        if set(os.listdir(aside / "tree")) - {".git"} or any(list_state(aside / "admin")):
            return False
    return True
