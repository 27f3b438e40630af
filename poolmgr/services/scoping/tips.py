"""The commits a lease has to answer for: its branch, where its slot stands, what was made there."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from isolation.git.program import Git
from isolation.git.reflog import Line, read_log
from isolation.git.refs import list_refs, resolve_commits
from isolation.git.worktrees import find_admin, find_registered
from poolmgr.core.records import Lease, Slot
from poolmgr.services.ground.pool import Pool
from poolmgr.services.scoping.born import list_born

HEADS = "refs/heads/"
# Moves of HEAD that make no commit.
FOUND = re.compile(
    r"(checkout|reset|clone|branch|poolmgr|initial pull)\b.*|(rebase|pull)[^:]*\((start|finish|abort)\): .*"
    r"|(merge|pull|rebase)\b[^:]*: fast-forward",
    re.IGNORECASE,
)
# A pick makes a commit, or finds the very commit that is picked and makes none.
PICKED = re.compile(r"cherry-pick: .*|(rebase|pull)[^:]*\(pick\): .*")


class Tip(NamedTuple):
    """A commit, and the branch it is on; HEAD for one that is on none."""

    name: str
    oid: str


def list_tips(pool: Pool, slot: Slot, lease: Lease, made: Collection[str]) -> tuple[Tip, ...]:
    """Each commit once, the lease's branch first."""
    admin = admin_of(pool, slot)
    asked = {lease.branch: HEADS + lease.branch}
    if admin:
        asked.setdefault(find_branch(admin) or "HEAD", f"worktrees/{admin.name}/HEAD")
        asked |= {each.ref.removeprefix(HEADS): each.ref for each in list_born(pool, slot, lease)}
    found = resolve_commits(pool.git, list(asked.values()))
    tips = {oid: Tip(name, oid) for name, ref in reversed(asked.items()) if (oid := found[ref])}
    if set(made) - tips.keys():
        refs = list_refs(pool.git, HEADS.removesuffix("/"))
        on = {oid: Tip(ref.removeprefix(HEADS), oid) for ref, oid in refs.items() if oid in made}
        tips = on | tips
    return tuple(sorted(tips.values(), key=lambda tip: (tip.name != lease.branch, tip.name)))


def list_made(pool: Pool, slot: Slot, lease: Lease) -> frozenset[str]:
    """The commits that were made in the slot, or put on its branch, by the logs of both."""
    branch = read_log(pool.site.common, HEADS + lease.branch)
    since = [line for line in branch if line.time >= int(lease.started)]
    lines = [line for line in (*read_moves(pool, slot), *since) if not FOUND.fullmatch(line.message)]
    picked = {line.new: line.time for line in lines if PICKED.fullmatch(line.message)}
    born = {each.oid for each in list_born(pool, slot, lease) if each.is_made}
    return frozenset(line.new for line in lines) - list_found(pool.git, picked) | born


def list_found(git: Git, picked: dict[str, int]) -> set[str]:
    """Those of the picked commits that are older than the pick."""
    if not picked:
        return set()
    asked = "".join(f"{oid}\n" for oid in picked).encode()
    how = ("--no-replace-objects", "rev-list", "--no-walk", "--timestamp", "--ignore-missing", "--stdin")
    dated = [line.split(" ") for line in git.run(*how, stdin=asked).text.split("\n") if line]
    return {oid for date, oid in dated if int(date) != picked[oid]}


def find_branch(admin: Path) -> str | None:
    """The branch a worktree's HEAD is on."""
    with suppress(OSError):
        text = os.fsdecode((admin / "HEAD").read_bytes()).removesuffix("\n")
        if text.startswith("ref: " + HEADS):
            return text.removeprefix("ref: " + HEADS)
    return None


def read_moves(pool: Pool, slot: Slot) -> tuple[Line, ...]:
    """Where the slot's HEAD has been during this lease: the log is cleared with every recycling."""
    admin = admin_of(pool, slot)
    return read_log(admin, "HEAD") if admin else ()


def admin_of(pool: Pool, slot: Slot) -> Path | None:
    """The admin directory of a slot, also when its `.git` file is gone or names another."""
    return find_registered(pool.site.common, slot.path) or find_admin(slot.path)
