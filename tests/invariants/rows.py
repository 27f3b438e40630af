"""The state database as it is, and what must agree inside it."""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HELD = frozenset({"ASSIGNING", "LEASED", "SUSPECT"})
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Every row that matters."""

    meta: dict[str, str]
    slots: tuple[Row, ...]
    leases: tuple[Row, ...]
    ops: tuple[Row, ...]
    requests: tuple[Row, ...]
    events: tuple[Row, ...]
    damage: tuple[str, ...]

    @property
    def live(self) -> tuple[Row, ...]:
        """The slots that are not gone."""
        return tuple(slot for slot in self.slots if slot["state"] != "RETIRED")


def path_of(slot: Row) -> Path:
    """The directory of a slot."""
    return Path(os.fsdecode(slot["path"]))


def read_rows(state: Path) -> Rows:
    """The database, read only."""
    with closing(sqlite3.connect(f"file:{state / 'state.db'}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row

        def every(query: str) -> tuple[Row, ...]:
            return tuple(dict(row) for row in connection.execute(query))

        damage = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        damage += [f"foreign key of {tuple(row)}" for row in connection.execute("PRAGMA foreign_key_check")]
        return Rows(
            meta={row["key"]: row["value"] for row in every("SELECT key, value FROM meta")},
            slots=every("SELECT * FROM slots ORDER BY id"),
            leases=every("SELECT * FROM leases"),
            ops=every("SELECT * FROM ops WHERE done_wall IS NULL"),
            requests=every("SELECT * FROM requests"),
            events=every("SELECT * FROM events ORDER BY id"),
            damage=tuple(damage),
        )


def list_contradictions(rows: Rows, states: frozenset[str]) -> list[str]:
    """Where the rows do not agree with one another, or somebody should have gone on."""
    return [
        *(f"the database is damaged: {words}" for words in rows.damage),
        *list_unsettled(rows, states),
        *list_bad_leases(rows),
        *list_bad_fences(rows),
        *list_broken_chains(rows),
    ]


def list_unsettled(rows: Rows, states: frozenset[str]) -> Iterator[str]:
    """Slots in states they should have left, and intents nobody finished."""
    for slot in rows.live:
        if slot["state"] not in states:
            yield f"{slot['name']} is {slot['state']} ({slot['error']})"
    for op in rows.ops:
        if not any(slot["id"] == op["slot_id"] and slot["drains"] for slot in rows.slots):
            yield f"the intent {op['kind']} of slot row {op['slot_id']} is still open ({op['args']})"


def list_bad_leases(rows: Rows) -> Iterator[str]:
    """Each held slot has the one live lease it names, with its fence; nobody else has one."""
    live = {lease["id"]: lease for lease in rows.leases if lease["ended_wall"] is None}
    held = [slot for slot in rows.slots if slot["state"] in HELD]
    for slot in held:
        lease = live.pop(slot["lease_id"], None)
        if lease is None:
            yield f"{slot['name']} is {slot['state']} without a live lease"
        elif (lease["slot_id"], lease["fence"], lease["branch"]) != (
            slot["id"],
            slot["fence"],
            slot["branch"],
        ):
            yield f"{slot['name']} and its lease disagree: {slot} {lease}"
    for lease in live.values():
        yield f"the lease of {lease['agent']} lives, but no slot is held under it"
    for request in rows.requests:
        if request["state"] == "GRANTED" and not any(
            each["id"] == request["lease_id"] for each in rows.leases
        ):
            yield f"the request {request['id']} was granted a lease nobody knows"


def list_bad_fences(rows: Rows) -> Iterator[str]:
    """Fences rise: none above the counter, none lower later on, none for two leases."""
    last: dict[str, int] = defaultdict(int)
    for event in rows.events:
        if event["slot"] and event["fence"] < last[event["slot"]]:
            yield f"the fence of {event['slot']} fell from {last[event['slot']]} to {event['fence']}"
        last[event["slot"]] = max(last[event["slot"]], event["fence"])
    highest = max((row["fence"] for row in (*rows.slots, *rows.leases)), default=0)
    if highest > int(rows.meta["fence"]):
        yield f"a fence {highest} is above the counter {rows.meta['fence']}"


def list_broken_chains(rows: Rows) -> Iterator[str]:
    """The log tells how each slot came where it is, without a gap."""
    last: dict[str, str] = defaultdict(str)
    for event in rows.events:
        name = event["slot"]
        if not name:
            continue
        before = "" if last[name] == "RETIRED" and not event["source"] else last[name]
        if event["source"] != before:
            yield f"the log of {name} jumps from {last[name]} to {event['source']}"
        last[name] = event["target"]
    for slot in rows.live:
        if last[slot["name"]] != slot["state"]:
            yield f"{slot['name']} is {slot['state']}, its log ends with {last[slot['name']]}"
