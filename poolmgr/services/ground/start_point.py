"""The commit new branches start from, and how old our knowledge of it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from isolation.git.program import Git
from isolation.git.refs import fetch, list_refs, resolve_commits
from poolmgr.core.errors import BadName, PoolError
from poolmgr.services.ground.pool import Pool

ORIGIN_HEAD = "refs/remotes/origin/HEAD"
LOCAL = ("refs/heads/main", "refs/heads/master", "HEAD")
REMOTE = (ORIGIN_HEAD, "refs/remotes/origin/main", "refs/remotes/origin/master")


class Base(NamedTuple):
    """A name people know, and the commit it means now."""

    ref: str
    oid: str


def require_base(pool: Pool, asked: str | None) -> Base:
    """What was asked for, else the setting, else the remote's default branch, else the local one."""
    name = asked or pool.settings.pool.base
    if name:
        return require_named(pool.git, name, "--base" if asked else "pool.base")
    base = find_default(pool.git)
    if base is None:
        raise PoolError("the repository has no commits yet", hint="git commit --allow-empty -m start")
    return base


def require_named(git: Git, name: str, word: str = "--base") -> Base:
    """A revision somebody typed, and behind which word."""
    if name.startswith("-") or any(ord(char) < 32 for char in name):
        raise BadName(f"{word}: {name!r} is not a revision", hint=f"{word} takes one such as origin/main")
    oid = resolve_commits(git, [name])[name]
    if oid is None:
        raise BadName(f"{word}: {name!r} names no commit here", hint=f"git fetch, or {word} with a known ref")
    return Base(ref=name, oid=oid)


def find_default(git: Git) -> Base | None:
    """The default branch, as last fetched or local."""
    found = resolve_commits(git, (*REMOTE, *LOCAL))
    remote = find_first(found, REMOTE) or find_other_remote(git)
    ref = remote or find_first(found, LOCAL)
    if ref is None:
        return None
    oid = found.get(ref) or resolve_commits(git, [ref])[ref]
    return Base(ref=short_name(git, ref), oid=oid) if oid else None


def find_first(found: dict[str, str | None], names: tuple[str, ...]) -> str | None:
    """The first name that means something."""
    return next((name for name in names if found.get(name)), None)


def find_other_remote(git: Git) -> str | None:
    """The default branch of a remote with another name than origin."""
    if not (git.cwd / "refs" / "remotes").exists() and not (git.cwd / "packed-refs").exists():
        return None
    heads = [ref for ref in list_refs(git, "refs/remotes/*/HEAD") if ref.endswith("/HEAD")]
    return heads[0] if heads else None


def short_name(git: Git, ref: str) -> str:
    """origin/main rather than refs/remotes/origin/HEAD."""
    if ref.endswith("/HEAD") or ref == "HEAD":
        try:
            text = os.fsdecode((git.cwd / ref).read_bytes()).strip()
        except OSError:
            text = ""
        if text.startswith("ref: "):
            ref = text.removeprefix("ref: ")
    return ref.removeprefix("refs/remotes/").removeprefix("refs/heads/")


def fetch_base(pool: Pool) -> None:
    """Bring the remote up to date, because somebody asked for it."""
    remotes = [line for line in pool.git.run("remote").text.split("\n") if line]
    if remotes:
        # The lock is not inherited here: a credential helper may leave a daemon that would keep it.
        with pool.git_lock(pool.git):
            fetch(pool.git, "origin" if "origin" in remotes else remotes[0])


def read_fetched(common: Path) -> float | None:
    """When the repository was fetched last, wall time; None when never."""
    try:
        return (common / "FETCH_HEAD").stat().st_mtime
    except OSError:
        return None
