"""From what the driver raises to this package's errors.

A statement's error has an SQLSTATE. A failed connection has none, only the server's words, so
those are matched; words of a server that speaks another language come through as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
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
    (re.compile(r"unsupported startup parameter"), "pooler"),
    (re.compile(r"shutting down|starting up|in recovery mode|terminating connection"), "down"),
    (re.compile(r"FATAL: "), "refused"),
)
# The same, by the code of a failed statement.
STATES = (
    ("53100", "disk"), ("53300", "many"), ("55P03", "busy"), ("42501", "denied"), ("28", "password"),
    ("3D000", "missing"), ("08", "down"), ("57P", "down"),
)  # fmt: skip
SERVER = "the PostgreSQL server at {where}"
# What is said of a cause, and what to do.
SAID: Mapping[str, tuple[Callable[..., DatabaseError], str, str]] = {
    "down": (
        ServerDown,
        f"{SERVER} does not answer: {{words}}",
        "start it, or name another server in database.dsn",
    ),
    "busy": (
        ServerBusy,
        f"another session on {SERVER} holds what is needed: {{words}}",
        "try again; a session that was stopped in the middle of its work is ended within a minute",
    ),
    "many": (
        TooManyClients,
        f"{SERVER} has no free connection: {{words}}",
        "end other clients of it, or give a slot back: poolmgr status, poolmgr release SLOT",
    ),
    "password": (
        WrongPassword,
        f"{SERVER} does not let {{user}} in: {{words}}",
        "put the right user and password where database.dsn stands: poolmgr config show --origin",
    ),
    "denied": (NoRight, "{words}", ""),
    "right": (
        NoRight,
        "{words}",
        'as its owner: GRANT CONNECT ON DATABASE "{dbname}" TO "{user}"',
    ),
    "missing": (NoDatabase, f"{SERVER} says: {{words}}", ""),
    "gone": (
        NoDatabase,
        f"{SERVER} says: {{words}}",
        "name a database that takes connections in database.dsn, as postgres usually does",
    ),
    "disk": (
        DiskFull,
        f"the disk of {SERVER} is full: {{words}}",
        "make room there; poolmgr db status shows what the databases take",
    ),
    "way": (
        AddressWrong,
        f"leads to no connection with {SERVER}: {{words}}",
        "mend sslmode, sslrootcert and the like in database.dsn, then: poolmgr db status",
    ),
    "pooler": (
        AddressWrong,
        "leads to a connection pooler at {where}, where locks and settings are no session's own: {words}",
        "name the PostgreSQL server itself in database.dsn",
    ),
    "refused": (CommandFailed, "the database server says: {words}", ""),
}


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
    if state is None and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return connection_error(str(error), words, address)
    cause = next((cause for start, cause in STATES if (state or "").startswith(start)), "refused")
    return failure(cause, words, address)


def connection_error(text: str, words: str, address: Address) -> DatabaseError:
    """What a connection that could not be made, or was lost, means."""
    cause = next((cause for pattern, cause in REFUSED if pattern.search(text)), "down")
    return failure(cause, words, address)


def failure(cause: str, words: str, address: Address) -> DatabaseError:
    """The error that says a cause, with the server's own words."""
    kind, message, hint = SAID[cause]
    facts = {"words": words, "where": address.where, "user": address.user, "dbname": address.dbname}
    return kind(message.format_map(facts), hint=hint.format_map(facts))


def last_words(text: str) -> str:
    """Why it failed, without libpq's account of where it tried and its guesses."""
    lines = [line.strip() for line in text.splitlines()]
    reasons = [line for line in lines if line and not line.startswith(GUESSES)]
    return re.sub(r"^.*(failed|FATAL|error):\s+", "", reasons[-1]) if reasons else "no reason given"
