"""What a killed filling left in a slot: half of git's files, and perhaps what somebody wrote since.

It goes to a `torn.N` in the aside. Once the slot is filled, files that are the beginning of the
slot's own were git's and go; the rest joins the aside's tree as untracked files, to be rescued.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from isolation.removal import remove_empty_directories
from isolation.scope.aside import free_name, move_entry
from isolation.scope.ground import is_reached
from isolation.work.walk import walk

if TYPE_CHECKING:
    from isolation.scope.ground import Ground

CHUNK = 1024 * 1024


def set_torn_aside(ground: Ground, aside: Path, staying: frozenset[str], back: tuple[bytes, ...]) -> None:
    """The slot empty; what came back from the aside returns there first."""
    for path in map(os.fsdecode, back):
        source, target = ground.root / path, aside / "tree" / path
        if not (is_reached(ground.root, path) and is_reached(aside / "tree", path)):
            continue
        if os.path.lexists(source) and not os.path.lexists(target):
            move_entry(source, target)
    names = [name for name in os.listdir(ground.root) if name != ".git" and name not in staying]
    if names:
        torn = free_name(aside / "torn")
        torn.mkdir(mode=0o700)
        for name in names:
            move_entry(ground.root / name, torn / name)
    (ground.admin / "index").unlink(missing_ok=True)


def sort_out_torn(ground: Ground, aside: Path) -> None:
    """Git's own half files go, everything else joins the aside's tree."""
    for torn in sorted(aside.glob("torn*")):
        found = walk(os.fsencode(torn))
        for directory in found:
            for path in directory.files:
                if is_beginning(torn / os.fsdecode(path), ground.root / os.fsdecode(path)):
                    (torn / os.fsdecode(path)).unlink()
        remove_empty_directories(os.fsencode(torn), (one.path for one in found if one.path))
        if os.listdir(torn):
            move_entry(torn, free_name(aside / "tree" / torn.name))
        else:
            torn.rmdir()


def is_beginning(torn: Path, whole: Path) -> bool:
    """Whether a file is a part, from its start, of the file that git has written since."""
    try:
        is_link = torn.is_symlink()
        if is_link or not stat.S_ISREG(os.lstat(whole).st_mode):
            return is_link and whole.is_symlink() and torn.readlink() == whole.readlink()
        with torn.open("rb") as left, whole.open("rb") as right:
            while part := left.read(CHUNK):
                if right.read(len(part)) != part:
                    return False
    except OSError:
        return False
    return True
