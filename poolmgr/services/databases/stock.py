"""The templates that are there: listed, dropped, and kept by least use within their budget."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from isolation.database import templates as sealed
from isolation.database.session import Session
from poolmgr.core.errors import NoSuchTemplate
from poolmgr.services.databases.building import log_file
from poolmgr.services.databases.fingerprint import fingerprint
from poolmgr.services.databases.server import Server
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.start_point import require_base

OFTEN = 60.0  # seconds between two notes of use


def used_of(template: sealed.Template) -> int:
    """When it was used last; it was built for somebody."""
    return template.used or template.made or 0


def trim_templates(pool: Pool, server: Server, keep: Collection[str]) -> list[str]:
    """Dropped by least use until the rest fits the budget; those to keep count and stay."""
    with server.session() as session:
        found = sealed.list_templates(session, pool.facts.pool_id)
        total = sum(each.size or 0 for each in found)
        dropped = []
        for each in sorted(found, key=used_of):
            if total > pool.settings.database.template.size and each.fingerprint not in keep:
                drop_template(pool, session, each)
                total -= each.size or 0
                dropped.append(each.fingerprint)
    return dropped


def drop_template(pool: Pool, session: Session, template: sealed.Template) -> None:
    """The template and the output of its commands."""
    sealed.drop_template(session, pool.facts.pool_id, template)
    log_file(pool, template.fingerprint).unlink(missing_ok=True)


class Listed(NamedTuple):
    """A template, and whether it is the one that the pool's base needs."""

    fp: str
    size: int
    made: int
    used: int
    is_base: bool

    @property
    def as_json(self) -> dict[str, object]:
        """The shape that --json keeps."""
        return {
            "template": self.fp, "size": self.size, "made": self.made, "used": self.used, "base": self.is_base
        }  # fmt: skip


def base_template(pool: Pool, major: int) -> str:
    """The fingerprint of what the base needs."""
    return fingerprint(pool.git, require_base(pool, None).oid, pool.settings.database.template, major)


def list_templates(pool: Pool, server: Server) -> list[Listed]:
    """The templates, the last used first."""
    with server.session() as session:
        current = base_template(pool, session.major)
        found = sealed.list_templates(session, pool.facts.pool_id)
    listed = [
        Listed(each.fingerprint, each.size or 0, each.made or 0, used_of(each), each.fingerprint == current)
        for each in found
    ]
    return sorted(listed, key=lambda one: -one.used)


def drop_templates(pool: Pool, server: Server, name: str | None) -> list[str]:
    """The one whose fingerprint begins so, or all; their fingerprints."""
    with server.session() as session:
        found = sealed.list_templates(session, pool.facts.pool_id)
        chosen = [each for each in found if name is None or (name and each.fingerprint.startswith(name))]
        if name is not None and len(chosen) != 1:
            how = "more than one template begins with" if chosen else "there is no template"
            raise NoSuchTemplate(f"{how} {name!r}", hint="poolmgr db template list")
        for each in chosen:
            drop_template(pool, session, each)
    return [each.fingerprint for each in chosen]
