"""Templates: databases that a build filled once per fingerprint, sealed, for slots to be copied from.

While it is built, the database belongs to the build's own role, so migrations run as they do in a
slot. Sealed, that role keeps the objects and can no longer log in; the database belongs to the
pool's owner, and nobody but us may enter, copy or drop it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from isolation.database.catalog import Found, list_ours, list_roles
from isolation.database.comments import Mark
from isolation.database.dropping import drop_whole
from isolation.database.errors import NoDatabase, ServerBusy
from isolation.database.session import Session
from isolation.database.sources import Source
from isolation.database.turns import AT_ONCE, turn


class Template(NamedTuple):
    """A sealed template; its role has its name."""

    name: str
    fingerprint: str
    size: int | None
    made: int | None
    used: int | None


def list_templates(session: Session, pool_id: str, *, sized: bool = True) -> list[Template]:
    """The pool's templates, each whole."""
    return [
        template_of(found)
        for found in list_ours(session, pool_id, sized=sized)
        if found.kind == "template" and not found.is_going
    ]


def template_of(found: Found) -> Template:
    mark = found.mark
    return Template(found.name, mark.template or "", found.size, mark.made, mark.used)


def find_template(session: Session, pool_id: str, fingerprint: str) -> Template | None:
    """The template of a fingerprint, if it is built and whole."""
    found = [
        each for each in list_templates(session, pool_id, sized=False) if each.fingerprint == fingerprint
    ]
    return found[0] if found else None


def source_of(session: Session, pool_id: str, fingerprint: str) -> Source:
    """What to copy for a fingerprint; '' is an empty database."""
    if not fingerprint:
        return Source()
    template = find_template(session, pool_id, fingerprint)
    if template is None:
        raise NoDatabase(f"the template {fingerprint} is gone", hint="poolmgr db template build")
    return Source(template.name, template.name, fingerprint)


def touch_template(session: Session, pool_id: str, template: Template) -> None:
    """Note that the template was used just now; who copies it holds it, and has noted it or will."""
    with suppress(ServerBusy), turn(session, AT_ONCE):
        mark = Mark(
            pool_id,
            "template",
            template=template.fingerprint,
            made=template.made,
            used=session.clock(),
        )
        session.do("COMMENT ON DATABASE {name} IS %s", (str(mark),), name=template.name)


def drop_template(session: Session, pool_id: str, template: Template) -> None:
    """The template's database and its role; copies of it stay."""
    for role in list_roles(session, pool_id):
        if role.mark.kind == "template" and role.name == template.name:
            drop_whole(session, pool_id, role)
