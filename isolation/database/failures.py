"""From what the driver raises to this package's errors.

A statement's error has an SQLSTATE. A failed connection has none, only the server's words, so
those are matched; words of a server that speaks another language come through as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from isolation.database.address import Address
from isolation.database.errors import (
    AddressWrong,
    CommandFailed,
    DatabaseError,
    DiskFull,
    NoDatabase,
    NoRight,
    ServerBusy,
    ServerDown,
    TooManyClients,
    WrongPassword,
)

if TYPE_CHECKING:
    import psycopg

# What libpq supposes, and the server adds, after having said what happened.
GUESSES = ("Is the server", "This probably means", "before or while processing", "DETAIL:", "HINT:")
# The words of a refused connection, in the order in which they decide.
REFUSED = (
    (re.compile(r"too many (clients|connections)|remaining connection slots|no more connections"), "many"),
    (re.compile(r"password authentication failed|no password supplied|authentication failed"), "password"),
    (re.compile(r"no pg_hba\.conf entry|pg_hba\.conf rejects|not permitted to log in"), "password"),
    (re.compile(r'role ".*" does not exist'), "password"),
    (re.compile(r"permission denied for database|does not have CONNECT privilege"), "right"),
    (
        re.compile(r'database ".*" does not exist|not currently accepting connections|invalid database'),
        "gone",
    ),
    (re.compile(r"[Nn]o space left on device"), "disk"),
    (re.compile(r"invalid \S+ value|does not support SSL|certificate|SSL error(?!: unexpected eof)"), "way"),
    (re.compile(r"weak sslmode|channel binding|gssencmode"), "way"),
    (re.compile(r"shutting down|starting up|in recovery mode|terminating connection"), "down"),
    (re.compile(r"FATAL: "), "refused"),
)


@contextmanager
def told(address: Address) -> Iterator[None]:
    """Errors of the driver inside come out as ours."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        ours = translate(error, address)
        ours.sqlstate = error.sqlstate or ""
        raise ours from error


def translate(error: psycopg.Error, address: Address) -> DatabaseError:
    """The error of this package that means the same."""
    import psycopg

    state = error.sqlstate
    words = error.diag.message_primary or last_words(str(error))
    if state is None:
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            return connection_error(str(error), words, address)
        return refused(words)
    if state == "53100":
        return disk_full(words, address)
    if state == "53300":
        return too_many(words, address)
    if state == "55P03":
        return busy(words, address)
    if state == "42501":
        return NoRight(words)
    if state.startswith("28"):
        return wrong_password(words, address)
    if state == "3D000":
        return NoDatabase(f"the server at {address.where} says: {words}")
    if state.startswith(("08", "57P")):
        return down(words, address)
    return refused(words)


def connection_error(text: str, words: str, address: Address) -> DatabaseError:
    """What a connection that could not be made, or was lost, means."""
    cause = next((cause for pattern, cause in REFUSED if pattern.search(text)), "down")
    match cause:
        case "many":
            return too_many(words, address)
        case "password":
            return wrong_password(words, address)
        case "right":
            hint = f'as its owner: GRANT CONNECT ON DATABASE "{address.dbname}" TO "{address.user}"'
            return NoRight(words, hint=hint)
        case "gone":
            hint = "name a database that takes connections in database.dsn, as postgres usually does"
            return NoDatabase(f"the server at {address.where} says: {words}", hint=hint)
        case "disk":
            return disk_full(words, address)
        case "way":
            return no_way(words, address)
        case "refused":
            return refused(words)
        case _:
            return down(words, address)


def refused(words: str) -> CommandFailed:
    return CommandFailed(f"the database server says: {words}")


def down(words: str, address: Address) -> ServerDown:
    hint = "start it, or name another server in database.dsn"
    return ServerDown(f"the PostgreSQL server at {address.where} does not answer: {words}", hint=hint)


def no_way(words: str, address: Address) -> AddressWrong:
    return AddressWrong(
        f"leads to no connection with the PostgreSQL server at {address.where}: {words}",
        hint="mend sslmode, sslrootcert and the like in database.dsn, then: poolmgr db status",
    )


def busy(words: str, address: Address) -> ServerBusy:
    return ServerBusy(
        f"another session on the PostgreSQL server at {address.where} holds what is needed: {words}",
        hint="try again; a session that was stopped in the middle of its work is ended within a minute",
    )


def too_many(words: str, address: Address) -> TooManyClients:
    return TooManyClients(
        f"the PostgreSQL server at {address.where} has no free connection: {words}",
        hint="end clients (poolmgr db status lists them), or lower database.connections",
    )


def wrong_password(words: str, address: Address) -> WrongPassword:
    return WrongPassword(
        f"the PostgreSQL server at {address.where} does not let {address.user} in: {words}",
        hint="put the right user and password into database.dsn, then: poolmgr db status",
    )


def disk_full(words: str, address: Address) -> DiskFull:
    return DiskFull(
        f"the disk of the PostgreSQL server at {address.where} is full: {words}",
        hint="make room there; poolmgr db status shows what the databases take",
    )


def last_words(text: str) -> str:
    """Why it failed, without libpq's account of where it tried and its guesses."""
    lines = [line.strip() for line in text.splitlines()]
    reasons = [line for line in lines if line and not line.startswith(GUESSES)]
    return re.sub(r"^.*(failed|FATAL|error):\s+", "", reasons[-1]) if reasons else "no reason given"
