"""Keeps what only an admin directory holds, of a worktree that is not ours to look at.

A copied repository lists the original's worktrees. Their files are the original's; the commits and
the index that came with the copy are kept like any rescue, without a look at the worktree.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from isolation.rescue.archive import write_archive
from isolation.rescue.keeping import common_git, locked, publish, require_kept
from isolation.rescue.manifest import Entry, Manifest, Side, Type
from isolation.rescue.objects import read_tag_texts, write_rescue
from isolation.rescue.rescue import Label, Naming, Rescue, RescuePlace, describe_rescue
from isolation.work.commits import RESCUES, SHARED, read_named

if TYPE_CHECKING:
    from isolation.git.program import Git


def keep_orphan(git: Git, admin: Path, *, where: RescuePlace, **naming: Unpack[Naming]) -> Rescue | None:
    """A rescue of the commits only this admin directory reaches; None when there are none."""
    inside = git.at(where.common_dir).with_variables(GIT_DIR=str(admin), GIT_NO_LAZY_FETCH="1")
    named = read_named(inside, admin, (*SHARED, RESCUES))
    if not (named.tips or named.tags or named.others):
        return None
    label = Label(**naming)
    temporary = where.archive_dir / f"{label.id}.tmp"
    with locked(where.archive_dir):
        try:
            archived = write_archive(temporary, {Side.ADMIN: admin}, list_index(admin))
            head = inside.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}", accept=(0, 1)).text
            ref = inside.run("symbolic-ref", "--quiet", "HEAD", accept=(0, 1)).text
            tags = read_tag_texts(inside, named)
            manifest = Manifest(head=head, head_ref=ref, archive=archived.digest, tags=tags, entries=())
            parents = tuple(dict.fromkeys(one for one in (head, *named.tips) if one))
            message = describe_rescue(label, head, ref.removeprefix("refs/heads/"), (0, 0))
            oid = write_rescue(inside, manifest, parents, message, named)
            publish(common_git(git, where), where, label, archived, oid)
        finally:
            temporary.unlink(missing_ok=True)
        return require_kept(common_git(git, where), where, label)


def list_index(admin: Path) -> tuple[Entry, ...]:
    """The index as an archive takes it."""
    index = admin / "index"
    if not index.is_file() or index.is_symlink():
        return ()
    status = index.stat()
    return (
        Entry(
            path="index", type=Type.FILE, mode=status.st_mode & 0o7777, size=status.st_size, side=Side.ADMIN
        ),
    )
