"""What a copy takes over from its template besides the files: ownership, rights, policies, settings.

The template's role owns the objects in every copy until they are handed to the copy's own role,
which then may run the next migration. A copy keeps neither the settings of the database nor those
of the role; they are set again.
"""

from __future__ import annotations

from isolation.database.session import Session
from isolation.database.sources import Source
from isolation.database.visiting import inside

SETTINGS = """
SELECT split_part(k, '=', 1), substr(k, strpos(k, '=') + 1), s.setrole <> 0, s.setdatabase <> 0
FROM pg_catalog.pg_db_role_setting s, unnest(s.setconfig) k
WHERE (s.setdatabase = (SELECT oid FROM pg_catalog.pg_database WHERE datname = %s) AND s.setrole = 0)
   OR (s.setrole = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = %s)
       AND (s.setdatabase = 0 OR s.setdatabase = (SELECT oid FROM pg_catalog.pg_database WHERE datname = %s)))
"""
# Who one is belongs to a session, not to a copy.
NEVER = {"role", "session_authorization"}
DEFAULTS = """
SELECT a.defaclobjtype::text, n.nspname, x.privilege_type, x.is_grantable,
  CASE WHEN x.grantee = 0 THEN NULL ELSE pg_get_userbyid(x.grantee) END, x.grantee = a.defaclrole
FROM pg_catalog.pg_default_acl a LEFT JOIN pg_catalog.pg_namespace n ON n.oid = a.defaclnamespace
CROSS JOIN LATERAL aclexplode(a.defaclacl) x
WHERE a.defaclrole = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = %s)
"""
POLICIES = """
SELECT p.polname, n.nspname, c.relname,
  ARRAY(SELECT CASE WHEN role = 0 THEN NULL ELSE pg_get_userbyid(role) END FROM unnest(p.polroles) role)
FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = %s) = ANY(p.polroles)
"""
OBJECTS = {
    "r": "TABLES",
    "S": "SEQUENCES",
    "f": "FUNCTIONS",
    "T": "TYPES",
    "n": "SCHEMAS",
    "L": "LARGE OBJECTS",
}


def hand_contents(session: Session, source: Source, *, database: str, role: str) -> None:
    """Everything in a copy belongs to its role, as if that role had run the migrations."""
    if not source.role:
        return
    with inside(session, database) as visit, visit.transaction():
        copy_defaults(visit, source.role, role)
        reassign(visit, source.role, role)
        hand_policies(visit, source.role, role)
        visit.do("DROP OWNED BY {old}", old=source.role)
    copy_settings(session, source, database, role)


def reassign(visit: Session, old: str, new: str) -> None:
    """Every object of one role in this database belongs to another. For use in a transaction."""
    if visit.is_superuser:
        visit.do("REASSIGN OWNED BY {old} TO {new}", old=old, new=new)
        return
    # Who is no superuser may hand an object only to a role that may create beside it; being a
    # member of the old owner, for the length of this transaction, allows that everywhere.
    visit.do(
        "GRANT {old} TO {new}; REASSIGN OWNED BY {old} TO {new}; REVOKE {old} FROM {new}", old=old, new=new
    )


def hand_policies(visit: Session, old: str, new: str) -> None:
    """Row policies that name the old role name the new one: DROP OWNED would end them."""
    for policy, schema, table, roles in visit.rows(POLICIES, (old,)):
        named = {f"role{at}": new if role == old else role for at, role in enumerate(roles) if role}
        words = ", ".join(f"{{role{at}}}" if role else "PUBLIC" for at, role in enumerate(roles))
        visit.do(
            f"ALTER POLICY {{policy}} ON {{schema}}.{{table}} TO {words}",
            policy=policy,
            schema=schema,
            table=table,
            **named,
        )


def copy_defaults(visit: Session, old: str, new: str) -> None:
    """The default privileges that the migrations set: REASSIGN leaves them, DROP OWNED ends them."""
    rows = [row for row in visit.rows(DEFAULTS, (old,)) if row[0] in OBJECTS]
    for kind in sorted({kind for kind, schema, *_ in rows if schema is None}):
        # What is set for all schemas stands in place of PostgreSQL's own defaults.
        visit.do(
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {{new}} REVOKE ALL ON {OBJECTS[kind]} FROM PUBLIC, {{new}}",
            new=new,
        )
    for kind, schema, privilege, is_grantable, grantee, is_own in rows:
        visit.do(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {new}"
            + (" IN SCHEMA {schema}" if schema else "")
            + f" GRANT {privilege} ON {OBJECTS[kind]} TO "
            + ("{grantee}" if grantee else "PUBLIC")
            + (" WITH GRANT OPTION" if is_grantable else ""),
            new=new,
            schema=schema or "",
            grantee=new if is_own else grantee or "",
        )


def copy_settings(session: Session, source: Source, database: str, role: str) -> None:
    """What ALTER DATABASE and ALTER ROLE set for the template, set for the copy."""
    names = (source.database, source.role, source.database)
    for name, value, is_role, is_here in session.rows(SETTINGS, names):
        if name in NEVER:
            continue
        target = (
            "ROLE {role}" + (" IN DATABASE {database}" if is_here else "")
            if is_role
            else "DATABASE {database}"
        )
        with session.transaction():
            # A value that is a list would be quoted as one word; the current value is taken as it is.
            session.do("SELECT set_config(%s, %s, true)", (name, value))
            session.do(f"ALTER {target} SET {setting_name(name)} FROM CURRENT", role=role, database=database)


def setting_name(name: str) -> str:
    """A setting's name as it is written in a statement: words with dots between, each quoted."""
    return ".".join(
        '"' + word.replace('"', '""').replace("{", "{{").replace("}", "}}") + '"' for word in name.split(".")
    )
