"""The parsed settings files as JSON beside the state, good while both files are the same.

A cache and no more: whatever is wrong with it, the files are parsed again. Files changed in the
last moment are not kept, for a second change in the same tick would not show.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import poolmgr
from poolmgr.core.settings_parse import Given
from poolmgr.core.settings_table import SETTINGS
from poolmgr.core.settings_values import Value
from poolmgr.services.settings.file import Identity
from poolmgr.services.settings.write import try_replace

CACHE = "settings-cache.json"
SETTLED_NS = 1_000_000_000


class Kept(NamedTuple):
    """What the committed file and the clone's file say."""

    committed: tuple[Given, ...] = ()
    clone: tuple[Given, ...] = ()
    digest: str | None = None


NOTHING = Kept()


def find_kept(state_dir: Path, identities: Sequence[Identity | None]) -> Kept | None:
    """What was kept for files of this identity; None if nothing usable was."""
    try:
        text = (state_dir / CACHE).read_bytes()
        document = json.loads(text)
        if document["version"] != poolmgr.__version__ or document["identities"] != list(identities):
            return None
        digest = document["digest"]
        committed, clone = (tuple(map(given_from, document[name])) for name in ("committed", "clone"))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return Kept(committed=committed, clone=clone, digest=digest)


def given_from(row: list[object]) -> Given:
    """A value as it was kept."""
    key, value, place = row
    if key not in SETTINGS or not isinstance(key, str) or not isinstance(place, str):
        raise ValueError("a key of another version")
    kept: Value = tuple(map(str, value)) if isinstance(value, list) else value  # type: ignore[assignment]
    return Given(key=key, value=kept, place=place)


def keep(state_dir: Path, identities: Sequence[Identity | None], kept: Kept) -> None:
    """Keep what files of this identity say, if the directory can be written."""
    changed = max(int(identity[-1]) for identity in identities if identity)
    if not state_dir.is_dir() or time.time_ns() - changed < SETTLED_NS:
        return
    document = {
        "version": poolmgr.__version__,
        "identities": list(identities),
        "digest": kept.digest,
        "committed": [[each.key, each.value, each.place] for each in kept.committed],
        "clone": [[each.key, each.value, each.place] for each in kept.clone],
    }
    try_replace(state_dir / CACHE, json.dumps(document).encode())
