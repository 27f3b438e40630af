"""The parsed settings files as JSON beside the state, good while both files are the same.

A cache and no more: whatever is wrong with it, the files are parsed again. Files changed in the
last moment are not kept, for a second change in the same tick would not show. Of a database's
address, which has a password in it, only the place in its file is kept.
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
from poolmgr.services.settings.file import Identity, find_identity
from poolmgr.services.settings.write import try_replace

CACHE = "settings-cache.json"
FORM = 2
ADDRESS = "database.dsn"
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
        if document["version"] != [FORM, poolmgr.__version__] or document["identities"] != list(identities):
            return None
        digest = document["digest"]
        committed, clone = (
            tuple(given_from(row, identity) for row in document[name])
            for name, identity in zip(("committed", "clone"), identities, strict=True)
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return Kept(committed=committed, clone=clone, digest=digest)


def given_from(row: list[object], identity: Identity | None) -> Given:
    """A value as it was kept."""
    key, value, place = row
    if key not in SETTINGS or not isinstance(key, str) or not isinstance(place, str):
        raise ValueError("a key of another version")
    if key == ADDRESS and isinstance(value, list):
        start, length = value
        return Given(key=key, value=read_same(identity)[start : start + length].decode(), place=place)
    kept: Value = tuple(map(str, value)) if isinstance(value, list) else value  # type: ignore[assignment]
    return Given(key=key, value=kept, place=place)


def row_of(given: Given, identity: Identity | None) -> list[object]:
    """A value as it is kept; ValueError for a secret that its file spells in another way."""
    if given.key == ADDRESS and isinstance(given.value, str):
        secret = given.value.encode()
        return [given.key, [read_same(identity).index(secret), len(secret)], given.place]
    return [given.key, given.value, given.place]


def read_same(identity: Identity | None) -> bytes:
    """The content of a file of this identity; ValueError if it is another one by now."""
    path = Path(str(identity[0])) if identity else Path()
    content = path.read_bytes()
    if find_identity(path) != identity:
        raise ValueError("the file has changed")
    return content


def keep(state_dir: Path, identities: Sequence[Identity | None], kept: Kept) -> None:
    """Keep what files of this identity say, if the directory can be written."""
    changed = max(int(identity[-1]) for identity in identities if identity)
    if not state_dir.is_dir() or time.time_ns() - changed < SETTLED_NS:
        return
    try:
        committed = [row_of(each, identities[0]) for each in kept.committed]
        clone = [row_of(each, identities[1]) for each in kept.clone]
    except (OSError, ValueError):
        return
    document = {
        "version": [FORM, poolmgr.__version__],
        "identities": list(identities),
        "digest": kept.digest,
        "committed": committed,
        "clone": clone,
    }
    try_replace(state_dir / CACHE, json.dumps(document).encode())
