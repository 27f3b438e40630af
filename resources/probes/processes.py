"""Who a process is, and whether it still lives.

An identity survives reuse of the pid, clock jumps and suspend. Death is said only on proof;
what another pid namespace, another host or a hidden table keeps from us is unknown, never dead.
"""

from __future__ import annotations

import os
from binascii import crc32
from enum import StrEnum
from typing import NamedTuple

from resources.errors import NoProcessTable
from resources.probes import system
from resources.probes.record import Record

ANCESTORS_LIMIT = 1000


class Life(StrEnum):
    """What is known of a process."""

    ALIVE = "alive"
    DEAD = "dead"
    UNKNOWN = "unknown"


class Identity(NamedTuple):
    """The parts of an identity; its text is opaque to everybody else."""

    host: str
    boot: str
    pid_namespace: str
    time_namespace: str
    pid: int
    start: int

    def __str__(self) -> str:
        names = (self.host, self.boot, self.pid_namespace, self.time_namespace)
        return ":".join((*names, str(self.pid), str(self.start)))


def parse_identity(text: str) -> Identity | None:
    """The parts of an identity's text, None when it is none."""
    parts = text.split(":")
    if len(parts) != 6 or not (is_number(parts[4]) and is_number(parts[5])):
        return None
    return Identity(
        host=parts[0],
        boot=parts[1],
        pid_namespace=parts[2],
        time_namespace=parts[3],
        pid=int(parts[4]),
        start=int(parts[5]),
    )


def is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20


def host_id() -> str:
    """This machine, in short: its own id is not for sharing.

    A checksum, because hashlib costs 3 ms at every start and two hosts seldom share a repository.
    """
    return f"{crc32(b'poolmgr ' + system.read_host().encode()):08x}"


def read_identity(pid: int) -> str | None:
    """The identity of the living process `pid`, None when there is none that can be seen."""
    record = find_visible(pid)
    return None if record is None or not record.is_alive else str(identity_of(record))


def read_own_identity() -> str:
    """The identity of this process."""
    text = read_identity(os.getpid())
    if text is None:
        raise NoProcessTable("it does not show this process")
    return text


def identity_of(record: Record) -> Identity:
    """The identity of a process of this machine."""
    pid_namespace, time_namespace = system.read_namespaces()
    return Identity(
        host=host_id(),
        boot=system.read_boot(),
        pid_namespace=pid_namespace,
        time_namespace=time_namespace,
        pid=record.pid,
        start=record.start,
    )


def judge(identity: str) -> Life:
    """Whether the process lives; DEAD only when nothing else can be true."""
    known = parse_identity(identity)
    if known is None or known.host != host_id():
        return Life.UNKNOWN
    boot = system.read_boot()
    if known.boot and boot and known.boot != boot:
        return Life.DEAD
    if (known.pid_namespace, known.time_namespace) != system.read_namespaces():
        return Life.UNKNOWN
    try:
        record = system.find_record(known.pid)
    except PermissionError:
        return Life.UNKNOWN
    if record is None or record.start != known.start:
        return Life.DEAD
    return Life.ALIVE if record.is_alive else Life.DEAD


def is_stopped(identity: str) -> bool:
    """Whether the process lives but is frozen (SIGSTOP, a debugger)."""
    record = find_living(identity)
    return record is not None and record.is_stopped


def describe(identity: str) -> str:
    """The process in words: its number, and its name while it lives."""
    known = parse_identity(identity)
    if known is None:
        return "an unknown process"
    record = find_living(identity)
    if record is not None:
        return f"pid {known.pid} ({record.name})"
    return f"pid {known.pid}" if known.host == host_id() else f"pid {known.pid} on another host"


def pid_of(identity: str) -> int | None:
    """The process's number, None when the text is no identity."""
    known = parse_identity(identity)
    return None if known is None else known.pid


def find_living(identity: str) -> Record | None:
    """The process's record, None unless it is proven to be the same and alive."""
    pid = pid_of(identity)
    if pid is None or judge(identity) is not Life.ALIVE:
        return None
    return find_visible(pid)


def find_visible(pid: int) -> Record | None:
    """The process's record, None when it is gone or hidden."""
    try:
        return system.find_record(pid) if pid > 0 else None
    except PermissionError:
        return None


def ancestors(pid: int) -> tuple[int, ...]:
    """The parents of a process, nearest first, as far as they can be seen."""
    found: list[int] = []
    record = find_visible(pid)
    while record is not None and record.parent > 0 and len(found) < ANCESTORS_LIMIT:
        found.append(record.parent)
        record = find_visible(record.parent)
    return tuple(found)


def session_of(pid: int) -> int | None:
    """The session a process belongs to, None when it has none we can name."""
    record = find_visible(pid)
    return record.session if record is not None and record.session > 0 else None


def own_session() -> frozenset[int]:
    """This process, its ancestors, and all that share its session or its terminal."""
    own = find_visible(os.getpid())
    if own is None:
        return frozenset((os.getpid(),))
    line = ancestors(own.pid)
    records = {record.pid: record for record in map(find_visible, system.list_pids()) if record is not None}
    found = {pid for pid, record in records.items() if is_companion(record, own)}
    if own.session == 0:
        found |= find_unnamed_session(own.pid, line, records)
    return frozenset(found | {own.pid, *line})


def is_companion(record: Record, own: Record) -> bool:
    """Whether two processes belong to one session or terminal; 0 is no session and no terminal."""
    same_session = own.session > 0 and record.session == own.session
    return same_session or (own.terminal > 0 and record.terminal == own.terminal)


def find_unnamed_session(own: int, line: tuple[int, ...], records: dict[int, Record]) -> set[int]:
    """The companions of a process whose session was opened outside its pid namespace.

    A container's `exec` does that, and the session has no number in here. It is inherited, and who
    leaves it gets a number: what descends from an ancestor in it, through it alone, is in it, too.
    """
    unnamed = {pid: record.parent for pid, record in records.items() if record.session == 0 and pid != 1}
    found = {own}
    for pid in line:
        if pid not in unnamed:
            break
        found.add(pid)
    grown = 0
    while grown < len(found):
        grown = len(found)
        found |= {pid for pid, parent in unnamed.items() if parent in found}
    return found
