"""Keeps everything unsaved in a worktree: archive and objects, proven by reading again, then the ref.

Nothing in the worktree changes. The archive is renamed into place before the ref is created, the
ref is created only; an archive without a ref is a dead attempt's and is replaced.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from isolation.errors import (
    GitFailed,
    GitTimedOut,
    NotKept,
    RescueDamaged,
    RescueExists,
    WorktreeChanged,
)
from isolation.rescue.archive import (
    Archived,
    Opened,
    Roots,
    ensure_directory,
    name_private,
    open_archive,
    sync_directory,
    write_archive,
)
from isolation.rescue.blobs import DURABLE, name_contents, write_contents
from isolation.rescue.contents import Contents, list_contents
from isolation.rescue.covering import Kept, is_covered, is_expired
from isolation.rescue.listing import find_rescue
from isolation.rescue.manifest import Entry, Manifest, Side, Type
from isolation.rescue.objects import (
    read_manifest,
    read_tag_texts,
    write_rescue,
)
from isolation.rescue.rescue import LIMIT, Label, Naming, Rescue, RescuePlace, describe_rescue
from isolation.work.commits import Named, read_named
from isolation.work.examine import judge
from isolation.work.place import CLEANING, Place, read_place
from isolation.work.survey import survey

if TYPE_CHECKING:
    from isolation.git.program import Git
    from isolation.work.finding import Rules

ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at a worktree: what has to be kept and the commits that go with it."""

    place: Place
    head: str
    head_ref: str
    named: Named
    contents: Contents

    @property
    def roots(self) -> Roots:
        """Where the two sides lie."""
        return {Side.WORKTREE: self.place.root, Side.ADMIN: self.place.admin}


def keep(git: Git, worktree: Path, *, where: RescuePlace, rules: Rules, **naming: Unpack[Naming]) -> Rescue:
    """The rescue that holds everything in the worktree; NotKept when that cannot be proven.

    When the ref exists already, the worktree must be exactly what it holds, else RescueExists.
    """
    label = Label(**naming)
    common = common_git(git, where)
    try:
        ensure_directory(where.archive_dir)
        with locked(where.archive_dir):
            earlier = find_rescue(common, where.archive_dir, label.id)
            if earlier is not None:
                require_reached(common, earlier, label.held)
                return require_same(git, worktree, rules, earlier)
            return keep_patiently(git, worktree, where, label, rules)
    except (GitFailed, GitTimedOut, OSError) as error:
        raise NotKept(f"the work cannot be kept: {error}") from error


def keep_patiently(git: Git, worktree: Path, where: RescuePlace, label: Label, rules: Rules) -> Rescue:
    """Try again while somebody changes files; in the end it is not kept."""
    for _ in range(ATTEMPTS - 1):
        with suppress(WorktreeChanged):
            return keep_once(git, look(git, worktree, rules, where.limit), where, label, rules)
    return keep_once(git, look(git, worktree, rules, where.limit), where, label, rules)


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """One keeper at a time: between the archive's rename and the ref nobody else may rename."""
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def look(git: Git, worktree: Path, rules: Rules, limit: int = LIMIT) -> Look:
    """What has to be kept, contents still unread."""
    place = read_place(git, worktree)
    inside = place.git(git)
    found = survey(git, place, rules)
    contents = list_contents(found, judge(git, found, rules), rules)
    size = sum(entry.size for entry in (*contents.open, *contents.private))
    if size > limit:
        raise NotKept(f"{size} bytes are more than a rescue may hold ({limit})")
    return Look(
        place=place,
        head=found.status.head,
        head_ref=inside.run("symbolic-ref", "--quiet", "HEAD", accept=(0, 1)).text,
        named=read_named(inside, place.admin),
        contents=contents,
    )


def keep_once(git: Git, seen: Look, where: RescuePlace, label: Label, rules: Rules) -> Rescue:
    """One attempt: write everything, read everything again, publish."""
    temporary = where.archive_dir / f"{label.id}.tmp"
    try:
        archived = write_archive(temporary, seen.roots, seen.contents.private)
        oid = write_objects(git, seen, label, archived)
        verify(git, seen.place, rules, oid, archived)
        publish(common_git(git, where), where, label, archived, oid)
    finally:
        temporary.unlink(missing_ok=True)
    return require_kept(common_git(git, where), where, label)


def verify(git: Git, place: Place, rules: Rules, oid: str, archived: Archived) -> None:
    """Read back what was written, read the worktree again, and raise on any difference."""
    manifest = read_manifest(place.git(git), oid)
    with open_archive(archived.path, manifest.archive) as archive:
        difference = find_difference(git, place.root, rules, manifest, archive)
    if difference is not None:
        raise WorktreeChanged(f"changed while it was kept: {difference}")


def common_git(git: Git, where: RescuePlace) -> Git:
    """Git on the repository as a whole, found without looking for it."""
    return git.at(where.common_dir).with_variables(GIT_DIR=str(where.common_dir))


def write_objects(git: Git, seen: Look, label: Label, archived: Archived) -> str:
    """The commit of a rescue; nothing names it yet."""
    inside = seen.place.git(git)
    manifest = Manifest(
        head=seen.head,
        head_ref=seen.head_ref,
        archive=archived.digest,
        tags=read_tag_texts(inside, seen.named),
        entries=write_contents(inside, seen.place.root, seen.contents.open),
    )
    tips = (*seen.named.tips, *sorted(label.held))
    parents = (*((seen.head,) if seen.head else ()), *(tip for tip in tips if tip != seen.head))
    files = [
        one
        for one in (*manifest.entries, *archived.entries)
        if one.type is Type.FILE and one.side is Side.WORKTREE
    ]
    sizes = (len(files), sum(one.size for one in files))
    message = describe_rescue(label, seen.head, seen.head_ref.removeprefix("refs/heads/"), sizes)
    return write_rescue(inside, manifest, parents, message, seen.named)


def require_kept(git: Git, where: RescuePlace, label: Label) -> Rescue:
    """The rescue, once its archive has been read back from the disk."""
    kept = find_rescue(git, where.archive_dir, label.id)
    if kept is None or kept.archive is None:
        raise NotKept("the rescue vanished while it was made")
    with open_archive(kept.archive, read_manifest(git, kept.oid).archive):
        return kept


def find_difference(
    git: Git, worktree: Path, rules: Rules, manifest: Manifest, archive: Opened
) -> str | None:
    """The first path in which a worktree, read again to the last byte, differs from a rescue.

    A reflog may lack lines: git expires them whenever somebody collects garbage.
    """
    seen = look(git, worktree, rules)
    if (seen.head, seen.head_ref) != (manifest.head, manifest.head_ref):
        return "HEAD"
    differing = read_entries(git, seen) ^ {*manifest.entries, *archive.entries}
    paths = (entry.path for entry in differing if not is_expired(archive, seen.place, entry))
    return min(paths, default=None)


def read_entries(git: Git, seen: Look) -> set[Entry]:
    """Everything in a worktree, with the names of the contents as they are now."""
    shown = name_contents(seen.place.git(git), seen.place.root, seen.contents.open)
    return {*shown, *name_private(seen.roots, seen.contents.private)}


def publish(git: Git, where: RescuePlace, label: Label, archived: Archived, oid: str) -> None:
    """Name the archive, then create the ref, then prove that the ref reaches every object."""
    archived.path.rename(label.archive(where.archive_dir))
    sync_directory(where.archive_dir)
    try:
        git.run(*DURABLE, "update-ref", label.ref, oid, "0" * len(oid))
    except GitFailed as error:
        raise NotKept(f"the rescue ref cannot be created: {error.stderr}") from error
    try:
        shown = ("--objects", "--quiet", "--missing=allow-promisor")
        git.run("rev-list", *shown, oid, "--not", "--branches", "--tags", "--remotes")
    except GitFailed as error:
        raise NotKept(f"the rescue does not reach all it names: {error.stderr}") from error


def require_reached(git: Git, rescue: Rescue, held: frozenset[str]) -> None:
    """What is held for it is in the rescue, else RescueExists."""
    if not all(git.succeeds("merge-base", "--is-ancestor", one, rescue.oid) for one in held):
        raise RescueExists(f"the rescue {rescue.id} lacks what is held for it")


def require_same(git: Git, worktree: Path, rules: Rules, rescue: Rescue) -> Rescue:
    """The rescue, if it holds exactly what is in the worktree now, or all that a cleaning has left."""
    exists = RescueExists(f"the rescue {rescue.id} holds other work")
    if rescue.archive is None:
        raise exists
    try:
        manifest = read_manifest(git, rescue.oid)
        with open_archive(rescue.archive, manifest.archive) as archive:
            held = archive.entries
            difference = find_difference(git, worktree, rules, manifest, archive)
    except RescueDamaged as error:
        raise exists from error
    if difference is None:
        return rescue
    seen = look(git, worktree, rules)
    target = read_cleaning(seen.place)
    commits = tuple(commit for commit in (seen.head, target) if commit)
    kept = Kept(oid=rescue.oid, entries=frozenset((*manifest.entries, *held)))
    if target and is_covered(seen.place.git(git), seen.place, read_entries(git, seen), kept, commits):
        return rescue
    raise exists


def read_cleaning(place: Place) -> str:
    """The commit a broken-off cleaning was moving to, "" when there was none."""
    try:
        return (place.admin / CLEANING).read_text()
    except FileNotFoundError:
        return ""
