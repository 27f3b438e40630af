"""Caches that pass from one holder to the next (node_modules, .venv, target and the like).

A cache stays while the lockfile beside it, or in the nearest directory above, is still the same;
a cache without any lockfile fits everything.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from isolation.work import Matcher
from poolmgr.services.ground.matching import matcher
from poolmgr.services.ground.pool import Pool


def kept(pool: Pool) -> Matcher:
    """What recycling leaves where it is."""
    return matcher(pool.settings.warm.keep)


def list_caches(pool: Pool, root: Path) -> dict[Path, str]:
    """Every kept cache in a slot, and the digest of the lockfiles it belongs to."""
    keep = kept(pool)
    found: dict[Path, str] = {}
    for folder, names, _ in os.walk(root):
        here = Path(folder)
        for name in list(names):
            path = os.fsencode((here / name).relative_to(root))
            if name == ".git":
                names.remove(name)
            elif keep(path, True):
                names.remove(name)
                found[here / name] = lock_digest(pool, root, here)
    return found


def lock_digest(pool: Pool, root: Path, folder: Path) -> str:
    """The lockfiles of the nearest directory upwards that has any; empty where none has."""
    locks = matcher(pool.settings.warm.lockfiles)
    for place in (folder, *folder.parents):
        digest = hashlib.sha256()
        names = sorted(
            name for name in os.listdir(place) if locks(os.fsencode((place / name).relative_to(root)), False)
        )
        for name in names:
            if (place / name).is_file():
                digest.update(os.fsencode(name) + b"\0" + (place / name).read_bytes())
        if names:
            return digest.hexdigest()
        if place == root:
            break
    return ""


def drop_stale(pool: Pool, root: Path, before: dict[Path, str]) -> None:
    """Caches whose lockfile is another one now go; without a lockfile they fit anything."""
    for cache, digest in before.items():
        usable = cache.exists() and not cache.is_symlink()
        if usable and digest and lock_digest(pool, root, cache.parent) != digest:
            shutil.rmtree(cache)
