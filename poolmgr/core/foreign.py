"""Which variables of a dotenv file name another database than the slot's. Pure; shows no password.

A slot without a database has no other: then every server's is another's, and a file inside is its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from poolmgr.core.database import Facts

HERE = "localhost"
LOOPBACK = frozenset({"", HERE, "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 - as somebody writes it
USUAL_PORT = "5432"
URL = re.compile(
    r"(?P<way>(?:jdbc:)?(?P<scheme>[a-z][a-z0-9]*)(?:\+[a-z0-9_]+)?)://(?:[^/?#]*@)?"
    r"(?P<host>\[[^\]/]*\]|[^/?#:]*)(?::(?P<port>[0-9]*))?(?:/(?P<name>[^?#]*))?(?:[?#].*)?",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
POSTGRES = frozenset({"postgres", "postgresql", "postgis", "pgsql", "pg", "psql", "timescaledb", "timescale"})
PLAIN = frozenset({"postgres", "postgresql"})
FILES = frozenset({"sqlite", "sqlite3", "file"})
FIELDS = {"HOST": "host", "PORT": "dbport"}
PART = re.compile(r"(?:PG|(?:DB|DATABASE|POSTGRES|POSTGRESQL)_)(HOST|PORT|DATABASE|DBNAME|NAME|DB)", re.ASCII)


def list_other_databases(variables: Mapping[str, str], database: Facts | None) -> tuple[str, ...]:
    """What names another database, as NAME=value; of a URL only server and database."""
    return tuple(words for name, value in variables.items() for words in judge(name, value, database))


def template_for(found: str) -> str:
    """What a found variable would be in `env` for the slot's own database, as YAML has it."""
    name, _, value = found.partition("=")
    way, is_url, _ = value.partition("://")
    part = None if is_url else PART.fullmatch(name)
    if part:
        return f'{name}: "{{{FIELDS.get(part[1], "database")}}}"'
    return f'{name}: "{template_of(way)}"'


def template_of(way: str) -> str:
    """A URL of the slot's database that begins as another did: what reads it goes by that."""
    if way.startswith("jdbc:postgresql"):
        return f"{way}://{{host}}:{{dbport}}/{{database}}?user={{user}}&password={{password}}"
    if way in PLAIN or way.partition("+")[0] not in POSTGRES:
        return "{url}"
    return f"{way}://{{user}}:{{password}}@{{host}}:{{dbport}}/{{database}}"


def judge(name: str, value: str, database: Facts | None) -> Iterator[str]:
    """One variable; what is put together from others is judged by those."""
    part = PART.fullmatch(name)
    if not value or "$" in value:
        return
    if "://" in value:
        yield from judge_url(name, value, database)
    elif part and not is_same(part[1], value, database):
        yield f"{name}={value}"


def judge_url(name: str, value: str, database: Facts | None) -> Iterator[str]:
    """A URL of PostgreSQL wherever it stands; DATABASE_URL whatever it is."""
    found = URL.fullmatch(value)
    if found is None:
        if name == "DATABASE_URL":
            yield name
        return
    way, scheme, port = found["way"].lower(), found["scheme"].lower(), found["port"]
    if scheme not in POSTGRES:
        is_own = database is None and scheme in FILES and "////" not in value
        if name == "DATABASE_URL" and not is_own:
            yield f"{name}={scheme}://…"
        return
    if "@" in (found["name"] or ""):  # a password nobody escaped is taken for port and name
        yield name
        return
    host, dbname = found["host"].strip("[]"), decoded(found["name"] or "")
    same = is_same("HOST", host, database) and is_same("PORT", port or USUAL_PORT, database)
    if not (same and is_same("NAME", dbname, database)):
        yield f"{name}={way}://{host}{':' if port else ''}{port or ''}/{dbname}"


def is_same(part: str, value: str, database: Facts | None) -> bool:
    """Whether a part of an address is the slot's."""
    if database is None:
        return False
    if part == "HOST":
        return place_of(value) == place_of(database.host)
    return value == (str(database.port) if part == "PORT" else database.name)


def place_of(host: str) -> str:
    """A host by one name; sockets are of this machine."""
    return HERE if host.startswith("/") or host.lower() in LOOPBACK else host.lower()


def decoded(text: str) -> str:
    """Without percent signs, where they are of ASCII."""
    return re.sub(r"%([2-7][0-9A-Fa-f])", lambda found: chr(int(found[1], 16)), text)
