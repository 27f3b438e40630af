"""When data are damaged: only where PostgreSQL's own programs ran, and said it of the data themselves.

Whatever else keeps a server from starting is no fault of theirs, and ends in an error.
"""

from __future__ import annotations

import re
from pathlib import Path
from shlex import quote

from isolation.database.embedded.binaries import Binaries
from isolation.database.embedded.program import Account, run
from isolation.database.errors import DatabaseError, DataDamaged, DiskFull, EndedAtStart, ServerFailed

FULL = "No space left on device"
AGAIN = "mend that, then try again"
# What pg_controldata says where the file with the state of the data is gone, or cut off.
NO_STATE = re.compile(
    r'could not (open file ".*/global/pg_control" for reading: No such file'
    r'|read file ".*/global/pg_control": read \d+ of)',
    re.DOTALL,
)
# What the server says; no line that ends in a reason of the system's, but for a file that is not there.
DAMAGED = re.compile(
    r"(?:FATAL|PANIC):  (?:"
    r"could not (?:locate (?:a valid|required) checkpoint|find redo location)"
    r"|could not access status of transaction \d+\n"
    r".*DETAIL:  Could not (?:open file .*: No such file|read from file .*: read too few)"
    r"|could not open (?:file|directory) \"(?:global|base|pg_wal|pg_xact|pg_multixact)\b.*: No such file"
    r"|could not read .*: read (?:only )?\d+ of"
    r"|invalid (?:page in|magic number stored|checkpoint|data in file)"
    r"|incorrect checksum in control file|control file (?:contains|appears)"
    r"|relation mapping file .* contains|required WAL directory .* does not exist"
    r"|\"(?s:.*)\" is not a valid data directory"
    r")"
    r"|PANIC:  (?!could not |out of memory|stuck )"
    r"|could not find the database system(?s:.*)/global/pg_control\": No such file"
)


def is_torn(data: Path, binaries: Binaries, account: Account) -> bool:
    """Whether the data say themselves that they were not shut down, or no longer can say it."""
    output = run((binaries.dir / "pg_controldata", "-D", data), account)
    state = re.search(r"^Database cluster state: +(.*)$", output.text, re.MULTILINE)
    if output.code == 0 and state:
        return state[1] != "shut down"
    if NO_STATE.search(output.text):
        return True
    raise failure(ServerFailed, "pg_controldata failed", output.text, AGAIN)


def torn(data: Path) -> DatabaseError:
    """Why data are not started on that may lack what was written."""
    return DataDamaged(f"{data} was not shut down before the machine was", hint="poolmgr doctor --fix")


def start_failure(text: str, data: Path, log: Path) -> DatabaseError:
    """Why the server ended at its start; what leads out keeps the data that may be the reason."""
    more = f"; its words are in {log}"
    if DAMAGED.search(text):
        return failure(DataDamaged, "its data are damaged", text, "poolmgr doctor --fix", more)
    hint = f"chmod 700 {quote(str(data))}" if "has invalid permissions" in text else AGAIN
    return failure(EndedAtStart, "it ended at its start", text, hint, more)


def failure(kind: type[DatabaseError], what: str, text: str, hint: str, more: str = "") -> DatabaseError:
    """Why a program of the server failed, in its own words."""
    reason = f"{what}: {last_line(text)}{more}"
    if FULL in text:
        return DiskFull(f"the disk is full: {reason}", hint="make room, then try again")
    return kind(f"the embedded PostgreSQL server cannot be used: {reason}", hint=hint)


def last_line(text: str) -> str:
    """The line that says why, else the last one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["it said nothing"]
    said = [line for line in lines if re.search(r"(FATAL|PANIC|error): ", line)] or lines
    said = [line for line in lines if FULL in line] or said
    return re.sub(r"^.*?(FATAL|PANIC|error): +", "", said[-1])
