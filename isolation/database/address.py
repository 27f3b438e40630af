"""Where a PostgreSQL server is and who we are there; what a DSN means is libpq's to say.

A password is in the value, never in what is printed of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

from isolation.database.errors import AddressWrong, DriverMissing

MAINTENANCE = "postgres"
FORM = "postgresql://USER:PASSWORD@HOST:PORT/postgres"
ESCAPED = "/ and @ within a password are written %2F and %40"
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
# What names a place or a person; everything else is an option of the connection.
PARTS = ("host", "port", "user", "password", "dbname")
# How a server wants to be reached, by whomever. The rest of a DSN is about who we are, or our session.
TRANSPORT = {
    "sslmode", "sslnegotiation", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslcrldir", "sslsni",
    "ssl_min_protocol_version", "ssl_max_protocol_version", "gssencmode", "channel_binding",
    "target_session_attrs", "connect_timeout", "tcp_user_timeout", "keepalives", "keepalives_idle",
    "keepalives_interval", "keepalives_count",
}  # fmt: skip
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Address(NamedTuple):
    """One server, one user, one database; `host` is a name, or the directory of a socket.

    `name` is what others call the server, where we come to it by a way that is ours alone.
    """

    host: str
    port: int
    user: str
    password: str = ""
    dbname: str = MAINTENANCE
    options: tuple[tuple[str, str], ...] = ()
    name: str = ""

    def __repr__(self) -> str:
        return f"Address({self.where!r}, user={self.user!r}, dbname={self.dbname!r})"

    @property
    def where(self) -> str:
        """The server in words."""
        if self.name:
            return self.name
        if self.is_socket:
            return f"{self.host}/.s.PGSQL.{self.port}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def transport(self) -> tuple[tuple[str, str], ...]:
        """The options that others need to reach the server, too."""
        return tuple((key, value) for key, value in self.options if key in TRANSPORT)

    @property
    def is_socket(self) -> bool:
        """Whether the host is the directory of a Unix socket."""
        return self.host.startswith(("/", "@"))

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine as far as its name says."""
        return self.is_socket or self.host.lower() in LOOPBACK


def parse_dsn(text: str) -> Address:
    """The address of a URL or a `key=value` line; AddressWrong when it names no single server.

    What it says is never shown: of a DSN that is wrong, any part may be the password.
    """
    require_form(text)
    try:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict
    except ImportError as error:
        raise DriverMissing(str(error)) from error
    try:
        said = {key: str(value) for key, value in conninfo_to_dict(text).items()}
    except ProgrammingError:
        # libpq quotes what it could not read.
        raise AddressWrong(f"cannot be read; write it as {FORM}") from None
    host = said.get("host", "") or "localhost"
    if reason := find_fault(said, host):
        raise AddressWrong(reason)
    return Address(
        host=host,
        port=parse_port(said.get("port", "")),
        user=said["user"],
        password=said.get("password", ""),
        dbname=said.get("dbname", "") or MAINTENANCE,
        options=tuple((key, value) for key, value in sorted(said.items()) if key not in PARTS),
    )


def require_form(text: str) -> None:
    """Refuse what is no DSN at first sight, and what libpq would take for another one than was meant."""
    is_url = text.startswith(("postgresql://", "postgres://"))
    if not is_url and "=" not in text:
        raise AddressWrong(f"is no address of a server; write it as {FORM}")
    if is_url and text.count("@") > 1:
        raise AddressWrong(f"has more than one @; {ESCAPED}")


def find_fault(said: Mapping[str, str], host: str) -> str:
    """Why a DSN that can be read names no server to go to; "" when it does."""
    is_name = not host.startswith(("/", "@"))
    if "service" in said or "hostaddr" in said:
        return "has a service or hostaddr; it must name its host itself"
    if "," in host + said.get("port", ""):
        return "names several servers; write one"
    if (is_name and re.search(r"[\s/@]", host)) or "://" in said.get("dbname", ""):
        return f"names no possible host or database; write it as {FORM}"
    if not said.get("user"):
        return f"names no user; write it as {FORM}; {ESCAPED}"
    if said.get("sslmode", "prefer") not in SSL_MODES:
        return f"has an sslmode that is none of {', '.join(SSL_MODES)}"
    if not re.fullmatch(r"-?[0-9]{1,9}", said.get("connect_timeout", "0"), re.ASCII):
        return "has a connect_timeout that is no number of seconds"
    return ""


def parse_port(text: str) -> int:
    """The port a DSN names, PostgreSQL's own when it names none."""
    if not text:
        return 5432
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) < 65536):
        raise AddressWrong(f"names no possible port; write it as {FORM}; {ESCAPED}")
    return int(text)


def url_of(address: Address) -> str:
    """The address as a URL that every framework reads, password included."""
    password = f":{quote(address.password, safe='')}" if address.password else ""
    # A socket's directory fits no URL's host part for most readers but libpq, which takes it encoded.
    host = f"[{address.host}]" if ":" in address.host else quote(address.host, safe="")
    options = "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in address.options)
    return (
        f"postgresql://{quote(address.user, safe='')}{password}@{host}:{address.port}"
        f"/{quote(address.dbname, safe='')}{'?' if options else ''}{options}"
    )
