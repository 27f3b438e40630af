"""Upstreams that somebody asked for: written into the shared config, taken back by cleanup."""

from __future__ import annotations

from isolation.git.config import drop_section, set_shared
from isolation.git.program import Git
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.site import find_facts, write_facts


def set_tracking(pool: Pool, branch: str, upstream: str) -> None:
    """`git pull` and `git push` in the slot know where to; recorded first."""
    remote, _, name = upstream.partition("/")
    with pool.git_lock(pool.git) as git:
        facts = find_facts(pool.site) or pool.facts
        write_facts(pool.site, facts, tracking=(*facts.tracking, branch))
        set_shared(git, f"branch.{branch}.remote", remote)
        set_shared(git, f"branch.{branch}.merge", f"refs/heads/{name}")


def drop_tracking(git: Git, branches: tuple[str, ...]) -> None:
    """The config as it was."""
    for branch in branches:
        drop_section(git, f"branch.{branch}")
