"""Blocks of ports, each claimed by a file in the user's state directory until its lease ends.

So leases of all pools and repositories of this user stay apart. A claim counts while the record
it names says the same; any other is what a killed or removed pool left. Taken under one lock.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from poolmgr.core.errors import NoPorts
from poolmgr.core.settings import PortsSettings
from poolmgr.services.environment.record import Record, find_record, write_record
from poolmgr.services.ground.marks import RECORD
from poolmgr.services.ground.site import write_private
from poolmgr.store import gate

CLAIM = re.compile(r"([0-9]{4,5})-([0-9]{4,5})\.json", re.ASCII)
HIGHEST = 65535


def room() -> Path:
    """Where claims lie; `XDG_STATE_HOME` counts only when it is absolute."""
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (named if named.is_absolute() else Path.home() / ".local/state") / "poolmgr/ports"


def claim(admin: Path, record: Record, wanted: PortsSettings, number: int) -> Record:
    """The record with a free block in it, both written before anybody else may choose."""
    place = room()
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        with gate.held(place / "lock"):
            first = choose(list_live(place), wanted, number)
            claimed = record._replace(first=first, block=wanted.block)
            write_private(claim_of(place, claimed), json.dumps(facts_of(admin, claimed)).encode())
            write_record(admin, claimed)
            return claimed
    except OSError as error:
        raise NoPorts(
            f"no ports can be claimed in {place}: {error.strerror}",
            hint="XDG_STATE_HOME=DIR is another place for claims; templates without {port} need none",
        ) from error


def facts_of(admin: Path, record: Record) -> dict[str, str]:
    """What a claim says: which record has to name it."""
    return {"record": os.fspath(admin / RECORD), "lease": record.lease}


def claim_of(place: Path, record: Record) -> Path:
    """The file that stands for a block."""
    return place / f"{record.first}-{record.first + record.block - 1}.json"


def is_claimed(admin: Path, record: Record) -> bool:
    """Whether the block of a record is still its own."""
    return record.block > 0 and read_claim(claim_of(room(), record)) == facts_of(admin, record)


def renew_claim(admin: Path) -> None:
    """The block claimed under a new path, after its repository was moved; unless it is another's by now."""
    record, place = find_record(admin), room()
    if record is None or not record.block or not place.exists():
        return
    with suppress(OSError), gate.held(place / "lock"):
        if not any(meets(record.ports, taken) for taken in list_live(place)):
            write_private(claim_of(place, record), json.dumps(facts_of(admin, record)).encode())


def drop_claim(admin: Path, record: Record) -> None:
    """The block is anybody's again."""
    if is_claimed(admin, record):
        claim_of(room(), record).unlink(missing_ok=True)


def read_claim(file: Path) -> object:
    """What a claim says; None when it cannot be read."""
    with suppress(OSError, ValueError):
        return json.loads(file.read_bytes())
    return None


def list_live(place: Path) -> list[range]:
    """The blocks that leases have; claims that nobody has any more go."""
    live = []
    for file in sorted(place.iterdir()):
        found = CLAIM.fullmatch(file.name)
        if found is None:
            continue
        block = range(int(found[1]), int(found[2]) + 1)
        if is_live(read_claim(file), block):
            live.append(block)
        else:
            file.unlink()
    return live


def is_live(claim: object, block: range) -> bool:
    """Whether the record that a claim names has this very block for the same lease."""
    if not isinstance(claim, dict):
        return False
    record = find_record(Path(str(claim.get("record"))).parent)
    return record is not None and record.lease == claim.get("lease") and record.ports == block


def meets(one: range, other: range) -> bool:
    """Whether two blocks have a port in common."""
    return one.start < other.stop and other.start < one.stop


def choose(live: Collection[range], wanted: PortsSettings, number: int) -> int:
    """Where the first block begins that nobody has and nobody listens on, from the slot's own place on."""
    from resources.probes.ports import is_free  # sockets cost two milliseconds

    places = (HIGHEST + 1 - wanted.first) // wanted.block
    for turn in range(places):
        first = wanted.first + (number - 1 + turn) % places * wanted.block
        block = range(first, first + wanted.block)
        if not any(meets(block, taken) for taken in live) and all(map(is_free, block)):
            return first
    raise NoPorts(
        f"no {wanted.block} free ports in a row from {wanted.first} up",
        hint="set ports.first lower, or ports.block smaller: poolmgr config show",
    )
