"""Sorts everything in a worktree and its admin directory by who keeps it: git, the archive, nobody.

Tracked and untracked files go to git. Ignored files, nested repositories, files poolmgr placed
and whatever git does not list go to the archive: they may be private. Disposable files and our
own are not kept.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass

from isolation.errors import NotKept, WorktreeChanged
from isolation.rescue.manifest import Entry, Side, Type
from isolation.work.finding import Kind, Rules, Work
from isolation.work.place import Place, is_state
from isolation.work.pointer import find_git_directory, is_outside
from isolation.work.survey import Survey
from isolation.work.walk import list_everything

TYPES = {
    stat.S_IFREG: Type.FILE,
    stat.S_IFLNK: Type.LINK,
    stat.S_IFDIR: Type.DIRECTORY,
    stat.S_IFIFO: Type.FIFO,
    stat.S_IFSOCK: Type.SOCKET,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Entries without their content's names yet, sorted by path."""

    open: tuple[Entry, ...]
    private: tuple[Entry, ...]


def list_contents(found: Survey, work: Work, rules: Rules) -> Contents:
    """What a rescue of this worktree has to hold."""
    if found.unreadable:
        raise NotKept(f"a directory cannot be read: {os.fsdecode(found.unreadable[0])}")
    root = os.fsencode(found.place.root)
    private = list_private(found, work, rules)
    kept = set(private)
    shown = [path for path in list_shown(found, rules) if path not in kept]
    return Contents(
        open=tuple(read_entry(root, path) for path in sorted(shown)),
        private=(
            *(read_entry(root, path) for path in sorted(kept)),
            *list_admin(os.fsencode(found.place.admin)),
        ),
    )


def list_shown(found: Survey, rules: Rules) -> Iterable[bytes]:
    """Tracked and untracked files, special files and every directory that is not disposable."""
    own = {os.fsencode(path) for path in rules.own}
    for directory in found.directories:
        cover = found.covers[directory.path]
        if cover != "disposable" and directory.path:
            yield directory.path
        if not cover:
            yield from (path for path in directory.files if path not in own)
            yield from directory.specials


def list_private(found: Survey, work: Work, rules: Rules) -> list[bytes]:
    """What must not become a git object."""
    root = os.fsencode(found.place.root)
    placed = {os.fsencode(path) for path in rules.placed} & {*found.untracked, *found.ignored}
    unsaved = {os.fsencode(one.path) for one in work.findings if one.kind is Kind.NESTED}
    paths = [*found.ignored, *found.inner, *found.unaccounted, *placed]
    covered = (one for one in found.directories if found.covers[one.path] not in {"", "disposable"})
    for directory in covered:
        paths += [directory.path, *directory.specials]
    for repository in found.repositories:
        require_own_directory(found.place, repository.path)
        if repository.cover != "disposable":
            paths += list_tree(root, os.path.join(repository.path, b".git"))
        elif repository.path in unsaved:
            paths += [*list_above(repository.path), *list_tree(root, repository.path)]
    return paths


def list_tree(root: bytes, path: bytes) -> list[bytes]:
    """A path and all below it."""
    if not stat.S_ISDIR(os.lstat(os.path.join(root, path)).st_mode):
        return [path]
    return [path, *list_everything(root, path)]


def list_above(path: bytes) -> list[bytes]:
    """The directories above a path."""
    parts = path.split(b"/")
    return [b"/".join(parts[:count]) for count in range(1, len(parts))]


def require_own_directory(place: Place, path: bytes) -> None:
    """Raise when a nested repository's git directory lies elsewhere: its state is not here to keep."""
    directory = find_git_directory(place, path)
    if is_outside(directory, place):
        if (directory / "commondir").is_file():
            raise NotKept(
                f"a worktree of its own lies inside: {os.fsdecode(path)}; "
                "git worktree move takes it elsewhere, git worktree remove away"
            )
        raise NotKept(f"a nested repository's git directory lies elsewhere: {os.fsdecode(path)}")


def list_admin(admin: bytes) -> Iterable[Entry]:
    """The worktree's own state in its admin directory: index, reflogs, refs, operations, modules."""
    for path in sorted(list_everything(admin, b"")):
        if is_state(path) and not path.endswith(b".lock"):
            yield read_entry(admin, path, Side.ADMIN)


def read_entry(root: bytes, path: bytes, side: Side = Side.WORKTREE) -> Entry:
    """What lies at a path, content still unnamed."""
    whole = os.path.join(root, path)
    try:
        status = os.lstat(whole)
        target = os.fsdecode(os.readlink(whole)) if stat.S_ISLNK(status.st_mode) else ""
    except OSError as error:
        raise WorktreeChanged(f"{os.fsdecode(path)}: {error.strerror}") from error
    kind = TYPES.get(stat.S_IFMT(status.st_mode))
    if kind is None:
        raise NotKept(f"a device has no content to keep: {os.fsdecode(path)}")
    size = status.st_size if kind is Type.FILE else 0
    mode = 0 if kind is Type.LINK else stat.S_IMODE(status.st_mode)
    return Entry(path=os.fsdecode(path), type=kind, mode=mode, size=size, target=target, side=side)
