"""Roles of ours, made so that we may act for them: on every version, as superuser or plain admin.

A role and its mark appear together or not at all, and a database is born with a marked owner, so
there is no instant in which something of ours cannot be told.
"""

from __future__ import annotations

from isolation.database.comments import Mark
from isolation.database.errors import NoRight
from isolation.database.session import Session

RIGHTS = """
SELECT rolsuper, rolcreatedb, rolcreaterole, rolinherit FROM pg_catalog.pg_roles WHERE rolname = current_user
"""
STRANGE = """
SELECT rolname FROM pg_catalog.pg_roles WHERE oid = ANY(%s::oid[]) AND NOT pg_has_role(oid, 'USAGE')
"""


def require_rights(session: Session) -> None:
    """Raise when the role cannot make databases and roles."""
    is_super, may_databases, may_roles, inherits = session.rows(RIGHTS)[0]
    if is_super:
        return
    # From 16 on every grant says for itself whether it is inherited.
    needed = {
        "CREATEDB": may_databases,
        "CREATEROLE": may_roles,
        "INHERIT": inherits or session.major >= 16,
    }
    lacking = [right for right, is_there in needed.items() if not is_there]
    if lacking:
        what = " and ".join(lacking)
        raise NoRight(
            f"{session.role} has no {what}, which databases of slots need",
            hint=f'as superuser: ALTER ROLE "{session.role}" {" ".join(lacking)}',
        )


def create_role(session: Session, name: str, mark: Mark, *, attributes: str = "NOLOGIN CREATEDB") -> int:
    """Make a marked role that we may act for; its oid. For use in a transaction."""
    session.do(
        f"CREATE ROLE {{role}} {attributes}; COMMENT ON ROLE {{role}} IS %s",
        (str(mark),),
        role=name,
    )
    if not session.is_superuser:
        grant_to_ourselves(session, name)
    return int(session.rows("SELECT oid FROM pg_catalog.pg_roles WHERE rolname = %s", (name,))[0][0])


def say(session: Session, name: str, mark: Mark, *, has_database: bool = True) -> None:
    """Write on a role, and on the database of its name, what they are."""
    session.do("COMMENT ON ROLE {name} IS %s", (str(mark),), name=name)
    if has_database:
        session.do("COMMENT ON DATABASE {name} IS %s", (str(mark),), name=name)


def grant_to_ourselves(session: Session, name: str) -> None:
    """Let us own, hand over and end what belongs to the role."""
    options = " WITH INHERIT TRUE, SET TRUE" if session.major >= 16 else ""
    session.do(f"GRANT {{role}} TO {{us}}{options}", role=name, us=session.role)


def require_members(session: Session, oids: list[int]) -> None:
    """Make sure that we may act for roles of ours, which another admin of this pool may have made."""
    if session.is_superuser:
        return
    for (name,) in session.rows(STRANGE, (oids,)):
        try:
            grant_to_ourselves(session, name)
        except NoRight as error:
            raise NoRight(
                f"{session.role} is not a member of {name}, which another role made",
                hint="put the role that ran `poolmgr init` into database.dsn",
            ) from error
