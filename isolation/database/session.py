"""The one door to PostgreSQL: a connection for a few statements, each its own transaction.

Statements take values as parameters and names as keywords: `do("DROP ROLE {role}", role=name)`.
What the driver raises comes out as this package's errors, without statement or password.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from isolation.database import failures
from isolation.database.address import Address
from isolation.database.errors import CommandFailed, DriverMissing, TooOld

if TYPE_CHECKING:
    import psycopg
    from psycopg.sql import SQL, Composed

Statement: TypeAlias = "str | SQL | Composed"
OLDEST = 130000
# Seconds for a server behind a socket: one that is down refuses at once, one that lets wait is busy.
BUSY = 30
CLOCK = "extract(epoch FROM clock_timestamp())::bigint"
# A server starts, or goes on after a child of it was killed.
COMING = re.compile(
    r"the database system is (starting up|in recovery mode|not yet accepting)"
    r"|server closed the connection|Connection reset by peer|Broken pipe|Resource temporarily unavailable"
)
# A database's owner may give it settings of his own (ALTER DATABASE … SET) for everybody who connects;
# these go before them. The time-outs are far more than any statement of ours needs.
SETTINGS = {
    "role": "none",
    "search_path": "pg_catalog",
    "default_transaction_read_only": "off",
    "client_min_messages": "warning",
    "lock_timeout": "10s",
    "statement_timeout": "900s",
    # Whoever is stopped in the middle of a transaction does not stop everybody else for ever.
    "idle_in_transaction_session_timeout": "60s",
}
# The same, known from a major version on.
SINCE = ((14, "idle_session_timeout", "0"), (17, "transaction_timeout", "0"))
# A client that is gone ends its statement on the server, too: where the server's system can tell.
GONE = "SET client_connection_check_interval = '5s'"
# The same for a server that the network has lost; a DSN may say otherwise.
NETWORK = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,  # milliseconds
}
# libpq reads PG* from the environment, and a slot's own variables name another database. What says
# where certificates and passwords are kept stays.
KEPT = ("PGPASSFILE", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY", "PGSSLCRL", "PGKRBSRVNAME", "PGGSSLIB")
BY_NUMBER = """
DO $do$ DECLARE name text; BEGIN
  FOR name IN SELECT datname FROM pg_catalog.pg_database WHERE oid = %s
  LOOP EXECUTE format(%s, VARIADIC name || %s::text[]); END LOOP;
END $do$
"""


class Session:
    """An open connection that commits every statement."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]], address: Address) -> None:
        self._connection = connection
        self.address = address
        self.version = connection.info.server_version
        self.role = connection.info.user
        self.dbname = connection.info.dbname

    @property
    def is_superuser(self) -> bool:
        """Whether the role may do everything."""
        return self._connection.info.parameter_status("is_superuser") == "on"

    @property
    def major(self) -> int:
        """The server's major version."""
        return self.version // 10000

    def clock(self) -> int:
        """The server's time, which every machine that shares it agrees on."""
        return int(self.rows(f"SELECT {CLOCK}")[0][0])

    def rows(self, query: Statement, params: Sequence[object] = (), /, **names: str) -> list[tuple[Any, ...]]:
        """What a statement answers; `%s` are parameters, `{word}` the names given as keywords."""
        with failures.told(self.address), self._connection.cursor() as cursor:
            # Without parameters nothing is replaced, and a % stands for itself.
            cursor.execute(compose(query, names, with_values=bool(params)), params or None)
            return cursor.fetchall() if cursor.description else []

    def do(self, query: Statement, params: Sequence[object] = (), /, **names: str) -> None:
        """Run a statement whose answer nobody needs."""
        self.rows(query, params, **names)

    def do_by_number(self, statement: str, oid: int, *others: str) -> None:
        """Run a statement on the database of this number, if there is one, by a name no client may write.

        The first `%I` in it stands for that name, the next ones for the others.
        """
        self.do(BY_NUMBER, (oid, statement, list(others)))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Statements that take effect all or none."""
        with failures.told(self.address), self._connection.transaction():
            yield


def compose(query: Statement, names: dict[str, str], *, with_values: bool) -> bytes | SQL | Composed:
    """The statement with its names quoted as identifiers, in which a % is nothing but a %."""
    from psycopg.sql import SQL, Identifier

    if not isinstance(query, str):
        return query
    if not names:
        return query.encode()
    quoted = {word: Identifier(name).as_string() for word, name in names.items()}
    if with_values:
        quoted = {word: name.replace("%", "%%") for word, name in quoted.items()}
    return SQL(query).format(**{word: SQL(name) for word, name in quoted.items()})


@contextmanager
def open_session(
    address: Address, dbname: str | None = None, timeout: int = 5, major: int = 0
) -> Iterator[Session]:
    """A connection to the address's database, or to another one of the same server, if known of `major`."""
    address = address._replace(dbname=dbname or address.dbname)
    with without_variables():
        connection = connect(address, timeout, parameters_of(address, timeout, major))
    with connection:
        if connection.info.server_version < OLDEST:
            raise TooOld(connection.info.parameter_status("server_version") or "?", address.where)
        session = Session(connection, address)
        require_own(session)
        let_last(session)
        yield session


def require_own(session: Session) -> None:
    """Refuse a connection that others may have had: a pooler drops the settings we came with."""
    if session.rows("SHOW search_path") != [(SETTINGS["search_path"],)]:
        raise failures.failure("pooler", "it keeps our settings back", session.address)


def let_last(session: Session) -> None:
    """Nothing ends the session while its client is there: a build's lets others work for an hour."""
    settings = "; ".join(f"SET {name} = {value}" for name, value in known_from(session.major))
    if settings:
        try:
            session.do(f"{settings}; {GONE}")
        except CommandFailed:  # where the system cannot tell, none of them was set
            session.do(settings)


def known_from(major: int) -> list[tuple[str, str]]:
    """The settings that not every version knows."""
    return [(name, value) for since, name, value in SINCE if since <= major]


def require_driver() -> None:
    """Refuse what needs a connection while there is nothing to make one with."""
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise DriverMissing(str(error)) from error


def connect(
    address: Address, timeout: int, parameters: dict[str, Any]
) -> psycopg.Connection[tuple[Any, ...]]:
    """The connection; a server that is about to take connections is waited for."""
    require_driver()
    import psycopg

    deadline = time.monotonic() + timeout
    while True:
        try:
            connection = psycopg.connect(
                **parameters,
                autocommit=True,
                cursor_factory=psycopg.ClientCursor,
                prepare_threshold=None,
            )
            return read_leniently(connection)
        except psycopg.OperationalError as error:
            if not COMING.search(str(error)) or time.monotonic() > deadline:
                raise failures.translate(error, address) from error
            time.sleep(0.05)


def read_leniently(
    connection: psycopg.Connection[tuple[Any, ...]],
) -> psycopg.Connection[tuple[Any, ...]]:
    """The connection, by which texts of any bytes are read: a database of SQL_ASCII lets them in."""
    from psycopg.adapt import Loader

    class Lenient(Loader):
        def load(self, data: bytes | bytearray | memoryview) -> str:
            return bytes(data).decode(errors="backslashreplace")

    for kind in ("text", "name"):
        connection.adapters.register_loader(kind, Lenient)
    return connection


def parameters_of(address: Address, timeout: int, major: int = 0) -> dict[str, Any]:
    """What the driver is told; ours wins over a DSN's own `options`."""
    options = dict(address.options)
    said = options.pop("options", "")
    settings = SETTINGS | dict(known_from(major))
    return {
        "connect_timeout": BUSY if address.is_socket else timeout,
        **NETWORK,
        **options,
        "application_name": "poolmgr",
        "client_encoding": "UTF8",
        "host": address.host,
        "port": address.port,
        "user": address.user,
        "dbname": address.dbname,
        "password": address.password or None,
        "options": " ".join([said, *(f"-c {name}={value}" for name, value in settings.items())]).strip(),
    }


@contextmanager
def without_variables() -> Iterator[None]:
    """The environment without libpq's variables, put back afterwards."""
    aside = {name: os.environ[name] for name in os.environ if name.startswith("PG") and name not in KEPT}
    for name in aside:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(aside)
