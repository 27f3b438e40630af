"""The mark every role and database of ours carries as its comment: whose it is, and what for.

A slot may write what it likes on its own databases, never on a role; so a role's mark is proof,
and a database's counts only together with its owner.
"""

from __future__ import annotations

import json
from typing import Literal, NamedTuple, get_args

BEGINNING = '{"poolmgr":1,'
Kind = Literal["owner", "template", "making", "spare", "slot", "old"]
KINDS = frozenset(get_args(Kind))
DIGITS = 16  # of a lease's id: everybody on the server may read comments


class Mark(NamedTuple):
    """What a comment of ours says; a field that says nothing is left out of the text."""

    pool: str
    kind: Kind
    slot: int | None = None
    slot_id: int | None = None
    fence: int | None = None
    template: str | None = None
    made: int | None = None
    used: int | None = None
    key: str | None = None  # of the secret that tells a spare's password
    locks: str | None = None  # the database by which the pool's commands come, and meet
    lease: str | None = None  # digits of its id: fences come again where a repository is put back as it was

    def __str__(self) -> str:
        said = {key: value for key, value in self._asdict().items() if value is not None}
        return json.dumps({"poolmgr": 1, **said}, separators=(",", ":"))

    def is_of(self, fence: int, lease: str = "") -> bool:
        """Whether it is that lease's; a mark of an older version knows nothing but the fence."""
        return self.fence == fence and (not lease or self.lease in (None, lease[:DIGITS]))


def parse_mark(text: str | None) -> Mark | None:
    """The mark in a comment; None for everything that this version did not write so."""
    if not text or not text.startswith(BEGINNING):
        return None
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    words = {key: said.get(key) for key in ("pool", "kind", "template", "key", "locks", "lease")}
    numbers = {key: said.get(key) for key in ("slot", "slot_id", "fence", "made", "used")}
    if not all(isinstance(value, str | None) for value in words.values()):
        return None
    if words["pool"] is None or words["kind"] not in KINDS:
        return None
    if not all(value is None or type(value) is int for value in numbers.values()):
        return None
    return Mark(**words, **numbers)
