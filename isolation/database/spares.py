"""Databases built ahead: whole, each with its own role, closed to everybody until one is lent."""

from __future__ import annotations

from isolation.database.catalog import Role, list_roles
from isolation.database.comments import Mark
from isolation.database.dropping import drop_whole
from isolation.database.making import made
from isolation.database.passwords import key_of, scram_verifier, spare_password
from isolation.database.rights import say
from isolation.database.session import Session
from isolation.database.templates import source_of
from isolation.database.turns import turn


def build_spare(session: Session, pool_id: str, prefix: str, template: str, secret: str = "") -> str:
    """One more spare of a template ('' = empty); its name. A secret makes its hand-over faster."""
    source = source_of(session, pool_id, template)
    with made(session, pool_id, prefix, source) as new:
        mark = Mark(pool_id, "spare", template=template or None, made=session.clock())
        with turn(session):
            if secret:
                verifier = scram_verifier(spare_password(secret, new.name))
                session.do("ALTER ROLE {role} PASSWORD %s", (verifier,), role=new.name)
                mark = mark._replace(key=key_of(secret))
            say(session, new.name, mark)
    return new.name


def list_spares(session: Session, pool_id: str, template: str | None = None) -> list[Role]:
    """The spares of a template, or of all."""
    return [
        role
        for role in list_roles(session, pool_id)
        if role.mark.kind == "spare" and template in (None, role.mark.template or "")
    ]


def count_spares(session: Session, pool_id: str, template: str) -> int:
    return len(list_spares(session, pool_id, template))


def drop_spare(session: Session, pool_id: str, spare: Role) -> None:
    """One that nobody needs; nothing happens when it was lent meanwhile."""
    drop_whole(session, pool_id, spare)
