"""How the server is started: its settings, its port, and the wait until it answers.

Whoever calls holds `lock` and `alive`; the server inherits `alive`.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import time

from isolation.database.embedded import aside, postmaster, program
from isolation.database.embedded.cluster import Cluster, has_run, read_boot
from isolation.database.embedded.damage import start_failure
from isolation.database.embedded.place import (
    Home,
    Record,
    read_inode,
    read_record,
    replace_file,
    write_record,
)
from isolation.database.errors import DatabaseError, DataDamaged, EndedAtStart, ServerFailed

HOST = "127.0.0.1"
# Below the ports Linux gives to outgoing connections, above those of well-known servers.
PORTS = range(25432, 32768)
TRIES = 5
PATIENCE = 60.0
LOG_LIMIT = 1 << 20
# Whose fault it is that somebody ended the server or a child of it, memory's or a person's, is not said.
KILLED = re.compile(r"was terminated by signal 9\b|received (smart|fast|immediate) shutdown request")
ENDS = {0, *(-number for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT))}


def start(home: Home, cluster: Cluster, max_connections: int, alive: int) -> Record:
    """A server that answers, and the record of it; that it has run is for `settle` to say."""
    before = read_record(home)
    port = before.port if before is not None else 0
    ran = has_run(before, cluster.data)
    for _ in range(TRIES):
        port = choose_port(home, port)
        record = describe(cluster, port, max_connections)._replace(has_run=ran)
        write_record(home, record)
        try:
            launch(home, cluster, record, alive)
        except PortTaken:
            port += 1
            continue
        return record
    raise ServerFailed(f"no port of {HOST} stays free for the embedded server")


class PortTaken(DatabaseError):
    """Somebody else took the port between our look and the server's start."""


def describe(cluster: Cluster, port: int, max_connections: int) -> Record:
    """What the record says of data that `ensure_cluster` lets pass."""
    return Record(
        account=cluster.account.name,
        place=str(cluster.place),
        inode=read_inode(cluster.data),
        major=cluster.binaries.major,
        programs=str(cluster.binaries.dir),
        sockets=str(cluster.sockets),
        port=port,
        max_connections=max_connections,
        boot=read_boot(),
    )


def read_failure(home: Home) -> str:
    """Why the data are taken for damaged, "" where they are not."""
    try:
        return home.failed.read_text()
    except FileNotFoundError:
        return ""


def is_settled(home: Home) -> bool:
    """Whether it is on record that the server let us in."""
    record = read_record(home)
    return record is not None and record.has_run and not (record.data / aside.MARK).exists()


def settle(home: Home) -> None:
    """Now it is, for the server has let us in; whoever calls holds `lock`."""
    record = read_record(home)
    if record is not None:
        if not record.has_run:
            write_record(home, record._replace(has_run=True))
        aside.forget_mark(record.data)
    home.failed.unlink(missing_ok=True)


def choose_port(home: Home, wanted: int) -> int:
    """The wanted port if it is free, else a free one; two pools begin their search elsewhere."""
    if wanted in PORTS and is_free(wanted):
        return wanted
    first = int(home.digest, 16) % len(PORTS)
    for step in range(len(PORTS)):
        port = PORTS[(first + step) % len(PORTS)]
        if is_free(port):
            return port
    raise ServerFailed(f"every port of {HOST} from {PORTS[0]} to {PORTS[-1]} is taken")


def is_free(port: int) -> bool:
    """Whether a server could listen on this port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as end:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            end.bind((HOST, port))
        except OSError:
            return False
    return True


def launch(home: Home, cluster: Cluster, record: Record, alive: int) -> None:
    """Start the server and wait until it answers."""
    if home.log.exists() and home.log.stat().st_size > LOG_LIMIT:
        home.log.replace(home.log.with_name("log.1"))
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    log = os.open(home.log, flags, 0o600)
    try:
        begin = os.fstat(log).st_size
        process = program.launch(words_of(cluster, record), cluster.account, log, (alive,))
    finally:
        os.close(log)
    try:
        await_ready(home, record, process, begin)
    finally:
        program.let_go(process)


def words_of(cluster: Cluster, record: Record) -> tuple[str, ...]:
    """The server's command line."""
    settings = {
        "hba_file": str(cluster.rules),
        "listen_addresses": HOST,
        "port": str(record.port),
        "unix_socket_directories": record.sockets,
        "unix_socket_permissions": "0700",
        "max_connections": str(record.max_connections),
        # Two test suites of many workers run out of the default's 64.
        "max_locks_per_transaction": "256",
        # Nothing here outlives a power loss; see `cluster`. A commit does reach the system before it is
        # told, for the server may be killed.
        "fsync": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        # Files: containers have 64 MB of shared memory, which the statistics of many databases fill, and
        # a logout may remove what its user has there.
        "dynamic_shared_memory_type": "mmap",
        "password_encryption": "scram-sha-256",
        # The log is ours, not the slots': no failed statement of theirs, and no statement's text at all.
        "logging_collector": "off",
        "log_destination": "stderr",
        "log_min_messages": "log",
        "log_min_error_statement": "panic",
        "log_checkpoints": "off",
        "lc_messages": "C",
    }
    if cluster.binaries.major >= 18:
        settings["file_copy_method"] = "clone"
    if cluster.extensions is not None:
        settings["extension_control_path"] = cluster.extensions
    options = (word for name, value in settings.items() for word in ("-c", f"{name}={value}"))
    return (str(cluster.binaries.dir / "postgres"), "-D", str(cluster.data), *options)


def await_ready(home: Home, record: Record, process: program.Process, begin: int) -> None:
    """Wait until the server answers; its own words when it ends instead."""
    deadline = time.monotonic() + PATIENCE
    while not is_ready(record):
        if process.poll() is not None:
            with home.log.open("rb") as log:
                log.seek(begin)
                text = log.read(LOG_LIMIT).decode(errors="replace")
            if "could not create any TCP/IP sockets" in text:
                raise PortTaken(f"port {record.port} is taken")
            if process.returncode in ENDS or KILLED.search(text):
                raise EndedAtStart("the embedded server was killed at its start", hint="try again")
            error = start_failure(text, record.data, home.log)
            if isinstance(error, DataDamaged):
                replace_file(home.failed, error.message)
            raise error
        if time.monotonic() > deadline:
            raise ServerFailed(
                f"the embedded server does not answer {PATIENCE:.0f} s after its start",
                hint=f"its words are in {home.log}",
            )
        time.sleep(0.01)


def is_ready(record: Record) -> bool:
    """Whether the server takes connections."""
    return postmaster.read_status(record.data) == "ready" and postmaster.is_answering(record.socket)
