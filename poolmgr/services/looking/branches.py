"""The branches the pool made: how far ahead, whether they arrived at the base, who holds them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from isolation.errors import GitFailed
from isolation.git.program import Git
from isolation.git.refs import ahead_behind, delete_ref, resolve_commits
from isolation.git.worktrees import checked_out, worktree_of
from poolmgr.core.lifecycle import State
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.start_point import Base, require_base
from poolmgr.store.tables.leases import outside_of_branches, pool_branches

HEADS = "refs/heads/"
GIVEN_BACK = frozenset({State.RELEASING, State.RECYCLING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One branch that was lent."""

    name: str
    agent: str
    oid: str
    ahead: int
    state: str
    slot: str | None
    outside: tuple[str, ...] = ()

    @property
    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "branch": self.name, "agent": self.agent, "oid": self.oid, "ahead": self.ahead,
            "state": self.state, "slot": self.slot, "outside": list(self.outside),
        }  # fmt: skip


def list_branches(pool: Pool) -> tuple[Branch, ...]:
    """Every branch that was lent and still exists."""
    with pool.engine.read() as session:
        lent = {str(row["branch"]): str(row["agent"]) for row in pool_branches(session)}
        outside = outside_of_branches(session)
    if not lent:
        return ()
    found = resolve_commits(pool.git, [HEADS + name for name in lent])
    base = require_base(pool, None)
    held = held_branches(pool)
    return tuple(
        describe(
            pool.git,
            base,
            Branch(
                name=name,
                agent=agent,
                oid=oid,
                ahead=0,
                state="",
                slot=held.get(name),
                outside=outside.get(name, ()),
            ),
        )
        for name, agent in lent.items()
        if (oid := found[HEADS + name])
    )


def held_branches(pool: Pool) -> dict[str, str]:
    """Where each branch is checked out: a slot's name, or a path; not where it was just given back."""
    slots = [slot for slot in pool.snapshot().slots if slot.state is not State.RETIRED]
    names = {slot.path: slot.name for slot in slots}
    left = {slot.path for slot in slots if slot.state in GIVEN_BACK and not slot.drains}
    places = {
        name: worktree_of(admin, pool.site.common) for name, admin in checked_out(pool.site.common).items()
    }
    return {name: names.get(path, str(path)) for name, path in places.items() if path not in left}


def describe(git: Git, base: Base, branch: Branch) -> Branch:
    """The branch against the base: held, merged (also squashed), open or empty."""
    ahead, _ = ahead_behind(git, branch.oid, base.oid)
    merged = ahead == 0 or is_squashed(git, branch.oid, base.oid)
    state = "held" if branch.slot else "merged" if merged else "open"
    return replace(branch, ahead=ahead, state=state)


def is_squashed(git: Git, oid: str, base: str) -> bool:
    """Whether merging the branch would change nothing: all it does is in the base already."""
    answer = git.run("merge-tree", "--write-tree", base, oid, accept=(0, 1))
    return answer.code == 0 and answer.text == git.run("rev-parse", f"{base}^{{tree}}").text


def prune_branches(pool: Pool) -> tuple[str, ...]:
    """Merged branches that nobody holds, deleted only as they were seen."""
    gone = []
    for branch in list_branches(pool):
        if branch.state == "merged" and branch.name not in checked_out(pool.site.common):
            with suppress(GitFailed):
                delete_ref(pool.git, HEADS + branch.name, branch.oid)
                gone.append(branch.name)
    return tuple(gone)
