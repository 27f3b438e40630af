"""Brings a rescue back: into a new linked worktree, or into an existing clean one.

A new worktree is built under `.poolmgr-restore-<id>` beside its place and renamed last; the lock
reason in its admin directory marks it as ours until then, so a repeat after a kill starts again
or finishes. The caller serialises this with other worktree commands.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from isolation.errors import IsolationError, NotKept, RescueDamaged
from isolation.git.worktrees import ABSOLUTE
from isolation.moving import checkout
from isolation.removal import remove_empty_directories
from isolation.rescue.archive import open_archive, sync_directory
from isolation.rescue.blobs import name_contents
from isolation.rescue.filling import (
    is_real_directory,
    make_directories,
    write_files,
    write_members,
    write_rest,
)
from isolation.rescue.manifest import Entry, Manifest, Side, Type
from isolation.rescue.objects import read_manifest, write_object
from isolation.rescue.rescue import Rescue
from isolation.rescue.state import ensure_modules, ensure_state, is_state
from isolation.scope.change import change_view
from isolation.scope.view import FULL
from isolation.work.examine import examine
from isolation.work.finding import Rules, read_identity
from isolation.work.place import Place, find_admin, read_common, read_place, read_pointer
from isolation.work.status import read_listing
from isolation.work.walk import walk

if TYPE_CHECKING:
    from isolation.git.program import Git


@contextmanager
def named_failures(place: Path) -> Iterator[None]:
    """A full or read-only disk is said with the place it concerns."""
    try:
        yield
    except OSError as error:
        raise IsolationError(f"the rescue cannot be written to {place}: {error.strerror or error}") from error


def restore(git: Git, rescue: Rescue, to: Path) -> None:
    """Make `to`, which must not exist, a linked worktree detached at the rescued HEAD."""
    to = Path(os.path.abspath(to))
    with named_failures(to):
        build(git, rescue, to)


def build(git: Git, rescue: Rescue, to: Path) -> None:
    """Build under another name, rename last."""
    reason = f"poolmgr restore {rescue.id}"
    staging = to.parent / f".poolmgr-restore-{rescue.id}"
    if os.path.lexists(to):
        finish(to, reason)
        return
    manifest = read_manifest(git, rescue.oid)
    discard(git, staging / to.name, reason)
    staging.mkdir(parents=True)
    place = add_worktree(git, staging / to.name, reason, rescue.head or rescue.oid)
    fill(git, place, rescue, manifest)
    ensure_modules(git, place, to)
    (place.admin / "gitdir").write_bytes(os.fsencode(to / ".git") + b"\n")
    place.root.rename(to)
    sync_directory(to.parent)
    finish(to, reason)


def add_worktree(git: Git, path: Path, reason: str, commit: str) -> Place:
    """A locked, detached worktree without files; what git copied of another's settings is gone."""
    options = ("--detach", "--no-checkout", "--lock", "--reason", reason)
    git.run(*ABSOLUTE, "worktree", "add", *options, "--", str(path), commit)
    admin = read_pointer(path)
    if admin is None:
        raise IsolationError(f"git made no worktree at {path}")
    (admin / "config.worktree").unlink(missing_ok=True)
    shutil.rmtree(admin / "info", ignore_errors=True)
    return Place(root=path, admin=admin, common=read_common(admin))


def finish(to: Path, reason: str) -> None:
    """Unlock what we restored; raise when `to` is something else."""
    admin = read_pointer(to)
    lock = admin / "locked" if admin else None
    if lock is None or not is_ours(lock, reason):
        raise IsolationError(f"{to} exists already", hint="name a directory that does not exist")
    with suppress(FileNotFoundError):
        to.with_name(f".{reason.replace(' ', '-')}").rmdir()
    lock.unlink()


def is_ours(lock: Path, reason: str) -> bool:
    """Whether a lock file has our reason."""
    try:
        return lock.read_text(errors="replace").strip() == reason
    except OSError:
        return False


def discard(git: Git, path: Path, reason: str) -> None:
    """Remove what a restore that died has left; all of it is still in the rescue."""
    admin = read_pointer(path) or find_admin(git, path)
    if admin and is_ours(admin / "locked", reason):
        make_removable(path.parent)
        shutil.rmtree(admin)
    if path.parent.exists() and not path.parent.is_symlink():
        make_removable(path.parent)
        shutil.rmtree(path.parent)


def make_removable(root: Path) -> None:
    """Give our own half-built directories back their write bits."""
    for directory, inner, _ in os.walk(root):
        for name in inner:
            path = Path(directory) / name
            if not path.is_symlink():
                path.chmod(0o700)


def restore_into(git: Git, rescue: Rescue, worktree: Path, rules: Rules) -> None:
    """Fill an existing worktree that holds no work, and show all of it; its caches and our own files stay."""
    place = read_place(git, worktree)
    blocking = examine(git, worktree, rules).blocking
    if blocking:
        raise NotKept(f"{worktree} holds work of its own: {blocking[0].kind} {blocking[0].path}".rstrip())
    manifest = read_manifest(git, rescue.oid)
    with named_failures(worktree):
        move_to_head(place, place.git(git), manifest)
        fill(git, place, rescue, manifest)
        if (place.admin / "info" / "sparse-checkout").exists():
            change_view(git, place.root, FULL)


def move_to_head(place: Place, inside: Git, manifest: Manifest) -> None:
    """The files of the rescued HEAD, but for those the rescue does not have."""
    if manifest.head:
        checkout(inside, manifest.head)
    root = os.fsencode(place.root)
    kept = {os.fsencode(entry.path) for entry in manifest.entries}
    for path in read_listing(inside).tracked - kept:
        if not is_real_directory(place.root / os.fsdecode(path)):
            (place.root / os.fsdecode(path)).unlink(missing_ok=True)
    remove_empty_directories(root, (one.path for one in walk(root) if one.path and one.path not in kept))


def fill(git: Git, place: Place, rescue: Rescue, manifest: Manifest) -> None:
    """Write everything a rescue holds into a worktree and prove it."""
    if rescue.archive is None:
        raise RescueDamaged(f"the archive of rescue {rescue.id} is missing")
    inside = place.git(git)
    for tag in manifest.tags:
        write_object(git, "tag", os.fsencode(tag))
    with open_archive(rescue.archive, manifest.archive) as archive:
        loose = tuple(one for one in archive.entries if one.side is Side.WORKTREE)
        state = tuple(one for one in archive.entries if one.side is Side.ADMIN and is_state(one))
        make_directories(place.root, (*manifest.entries, *loose))
        write_files(inside, place.root, list_missing(inside, place.root, manifest.entries))
        write_members(archive, place.root, loose)
        write_rest(place.root, (*manifest.entries, *loose))
        make_directories(place.admin, state)
        write_members(archive, place.admin, state)
        write_rest(place.admin, state)
        settings = archive.content("admin/config.worktree")
        ensure_state(git, place, manifest, settings.read() if settings else b"")
    require_filled(git, place.root, manifest.entries)


def list_missing(git: Git, root: Path, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The entries whose file is not there as the rescue has it."""
    present = tuple(entry for entry in entries if is_alike(root, entry))
    same = set(name_contents(git, root, present))
    return tuple(entry for entry in entries if entry not in same)


def is_alike(root: Path, entry: Entry) -> bool:
    """Whether a file of this size and these modes lies there."""
    identity = read_identity(os.fsencode(root / entry.path)) if entry.type is Type.FILE else None
    wanted = (stat.S_IFREG | entry.mode, entry.size)
    return identity is not None and (identity.mode, identity.size) == wanted


def require_filled(git: Git, root: Path, entries: tuple[Entry, ...]) -> None:
    """Raise unless every file has the content the manifest says."""
    if name_contents(git, root, entries) != entries:
        raise NotKept("the restored files are not what the rescue holds")
