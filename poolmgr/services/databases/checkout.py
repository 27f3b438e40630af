"""The checkout that builds a template: a hidden, locked worktree of one commit beside the slots.

Nothing in it is anybody's work. It is known by the reason of git's lock, which names pool and
template. Callers hold the template's lock; see `builds`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from isolation.git.program import Git
from isolation.git.worktrees import (
    add_worktree,
    fill_worktree,
    find_admin,
    find_registered,
    forget_worktree,
    list_admins,
    worktree_of,
)
from poolmgr.core.errors import PoolError
from poolmgr.services.databases.fingerprint import FORM
from poolmgr.services.ground.copying import copy_into
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.running import end_marked

REASON = "poolmgr template"


def place_of(pool: Pool, fp: str) -> Path:
    """Where the checkout lies; the pool's id is in it, so that a copied intent means nothing here."""
    return Path(pool.facts.slots_dir) / f".template-{pool.facts.pool_id[:8]}-{fp}"


def reason_of(pool: Pool, fp: str) -> str:
    """What `git worktree list` says of it."""
    return f"{REASON} pool={pool.facts.pool_id} fingerprint={fp}"


def mark_of(pool: Pool, fp: str) -> str:
    """What its commands carry in their environment."""
    return f"{pool.facts.pool_id}:template:{fp}"


def make(pool: Pool, git: Git, fp: str, commit: str) -> None:
    """The files of a commit and those that `warm.copy` names, in place of what a killed attempt left."""
    remove(pool, git, fp)
    path = place_of(pool, fp)
    path.parent.mkdir(parents=True, exist_ok=True)
    with pool.git_lock(git) as both:
        add_worktree(both, path, commit, reason=reason_of(pool, fp))
    admin = find_admin(path)
    if admin is None:
        raise PoolError(f"git made no worktree at {path}", hint="poolmgr doctor")
    # `worktree add` copies the main checkout's own settings, its sparse patterns among them.
    (admin / "config.worktree").unlink(missing_ok=True)
    shutil.rmtree(admin / "info", ignore_errors=True)
    fill_worktree(git.at(path), commit)
    copy_into(Path(pool.facts.checkout), pool.settings.warm.copy, path)


def remove(pool: Pool, git: Git, fp: str) -> None:
    """No trace of it: processes, files, git's record."""
    end_marked(mark_of(pool, fp))
    with pool.git_lock(git) as both:
        for path in {place_of(pool, fp), *list_places(pool, fp)}:
            require_ours(pool, path, fp)
            remove_tree(path)
            admin = find_registered(pool.site.common, path) or find_unnamed(pool, path)
            if admin:
                forget_worktree(both, path)
                if admin.exists():  # git forgets only what it can read
                    shutil.rmtree(admin)


def list_places(pool: Pool, fp: str) -> Iterator[Path]:
    """Where git says that it lies; the slots may have another room by now."""
    for admin in list_admins(pool.site.common):
        if (admin / "gitdir").exists() and read_reason(admin) == reason_of(pool, fp):
            yield worktree_of(admin, pool.site.common)


def list_registered(pool: Pool) -> Iterator[str]:
    """The templates of which git knows a checkout."""
    for admin in list_admins(pool.site.common):
        start, _, fp = read_reason(admin).rpartition("=")
        if f"{start}=" == reason_of(pool, "") and FORM.fullmatch(fp):
            yield fp


def is_build(pool: Pool, admin: Path) -> bool:
    """Whether a worktree is the checkout of one of the pool's builds."""
    return read_reason(admin).startswith(reason_of(pool, ""))


def require_ours(pool: Pool, path: Path, fp: str) -> None:
    """Refuse to touch a worktree that somebody made in its place; a record alone may have lost its lock."""
    admin = find_registered(pool.site.common, path) if path.exists() else None
    if admin and read_reason(admin) != reason_of(pool, fp):
        raise PoolError(
            f"{path} is a worktree that poolmgr did not make", hint=f"git worktree move {path} ELSEWHERE"
        )


def find_unnamed(pool: Pool, path: Path) -> Path | None:
    """The record that a killed `worktree add` left before it wrote where it belongs."""
    admin = pool.site.common / "worktrees" / f"-{path.name[1:]}"  # what git makes of a leading dot
    return admin if admin.is_dir() and not (admin / "gitdir").exists() else None


def remove_tree(path: Path) -> None:
    """The directory gone, read-only parts of it too."""
    if path.is_symlink():
        path.unlink()
    elif path.exists():
        for folder, _, _ in os.walk(path):
            os.chmod(folder, 0o700)
        shutil.rmtree(path)


def read_reason(admin: Path) -> str:
    """Why a worktree is locked."""
    with suppress(OSError):
        return (admin / "locked").read_text(errors="replace").strip()
    return ""
