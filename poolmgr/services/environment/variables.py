"""What the variables of a lease are: poolmgr's own, then those of the user's templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from poolmgr.core.database import Facts
from poolmgr.core.environment import Environment, filled, list_fields, require_writable
from poolmgr.core.errors import UsageError
from poolmgr.core.records import Lease, Slot
from poolmgr.services.environment.record import Record

LONGEST_NAME = 63  # what PostgreSQL keeps of an application's name
# How libpq's programs are told what a server wants; the URL says it to everybody else.
OPTIONS = {
    "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY",
    "gssencmode": "PGGSSENCMODE", "channel_binding": "PGCHANNELBINDING",
}  # fmt: skip
# Every name that poolmgr may give by itself.
NAMES = frozenset(
    {
        "POOLMGR_SLOT", "POOLMGR_LEASE", "PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGPASSWORD",
        "PGAPPNAME", "DATABASE_URL", *OPTIONS.values(),
    }
)  # fmt: skip
# What libpq follows before it looks at PGHOST.
FIRST = ("PGHOSTADDR", "PGSERVICE")


class Filled(NamedTuple):
    """The user's templates with their fields in place: variables, files of variables, what is left out."""

    variables: dict[str, str]
    files: dict[str, dict[str, str]]
    words: tuple[str, ...]


def own_variables(slot: Slot, lease: Lease, database: Facts | None) -> dict[str, str]:
    """What every lease has, whatever the settings say."""
    ours = {"POOLMGR_SLOT": slot.name, "POOLMGR_LEASE": lease.id}
    if database is None:
        return ours
    return database_variables(database, f"poolmgr:{slot.name}:{lease.agent}") | ours


def astray_words(lease: Lease, outer: Mapping[str, str]) -> tuple[str, ...]:
    """That somebody's environment leads past the lease's database, whatever its file says."""
    found = [name for name in FIRST if lease.database and outer.get(name)]
    words = f"psql and the like follow {' and '.join(found)} of this environment before .env.worktree"
    return (f"{words}: unset {' '.join(found)}",) if found else ()


def database_variables(database: Facts, application: str) -> dict[str, str]:
    """How a program finds a database: libpq's variables, and the one that frameworks read."""
    variables = {
        "PGHOST": database.host, "PGPORT": str(database.port), "PGUSER": database.role,
        "PGDATABASE": database.name, "PGPASSWORD": database.password,
        "PGAPPNAME": application[:LONGEST_NAME],
        "DATABASE_URL": url_of(database),
        **{OPTIONS[name]: value for name, value in database.options if name in OPTIONS},
    }  # fmt: skip
    for name, value in variables.items():
        try:
            require_writable(value)
        except ValueError as error:
            raise UsageError(f"{name} of the slot's database: {error}", hint="change database.dsn") from error
    return variables


def url_of(database: Facts) -> str:
    """The database as one address, password included."""
    from isolation.database import address  # only who has a database pays for it

    return address.url_of(
        address.Address(
            database.host, database.port, database.role, database.password, database.name, database.options
        )
    )


def fields_of(slot: Slot, lease: Lease, record: Record, database: Facts | None) -> dict[str, str]:
    """What templates may name, as far as this lease has it."""
    fields = {"slot": str(slot.number), "name": slot.name, "lease": lease.id}
    fields |= {f"port{number}": str(record.first + number) for number in range(record.block)}
    if record.block:
        fields["port"] = fields["port0"]
    return fields | database_fields(database) if database else fields


def database_fields(database: Facts) -> dict[str, str]:
    """What templates may name of a database."""
    return {
        "database": database.name, "user": database.role, "password": database.password,
        "host": database.host, "dbport": str(database.port), "url": url_of(database),
    }  # fmt: skip


def fill(setting: Environment, fields: Mapping[str, str]) -> Filled:
    """Every template that can be filled; the others by name."""
    variables: dict[str, str] = {}
    files: dict[str, dict[str, str]] = {}
    words: list[str] = []
    for key, value in setting.items():
        templates = {key: value} if isinstance(value, str) else value
        made = variables if isinstance(value, str) else files.setdefault(key, {})
        for name, template in templates.items():
            missing = [field for field in list_fields(template) if field not in fields]
            if missing:
                where = "" if isinstance(value, str) else f" in {key}"
                words.append(
                    f"{name} is not set{where}: {{{missing[0]}}} needs a database, and the slot has none"
                )
            else:
                made[name] = filled(template, fields)
    return Filled(
        variables=variables, files={path: own for path, own in files.items() if own}, words=tuple(words)
    )
