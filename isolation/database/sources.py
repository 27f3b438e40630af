"""What a database is copied from, and how: a sealed template, or the server's own for an empty one.

PostgreSQL copies no database that somebody is in, and everybody may enter `template1`. Nobody may enter
`template0`, which is the same unless an admin put something into `template1`, or changed a right there.
"""

from __future__ import annotations

from typing import NamedTuple

from isolation.database.errors import DatabaseError
from isolation.database.session import Session
from isolation.database.visiting import inside

EMPTY = "template1"
UNTOUCHED = "template0"
# With fsync, copying files costs two checkpoints, which pays from here on (measured on 15 and 18).
LARGE = 200 << 20

FORMS = """
SELECT count(*), count(DISTINCT to_jsonb(d) - %s::text[])
FROM pg_catalog.pg_database d WHERE datname IN (%s, %s)
"""
# What may differ between two that have the same content.
OWN = [
    "oid", "datname", "datdba", "datacl", "datistemplate", "datallowconn", "datconnlimit", "datfrozenxid",
    "datminmxid", "datlastsysoid", "datcollversion", "dathasloginevt",
]  # fmt: skip
CATALOGS = """
SELECT quote_ident(c.relname) FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = 'oid'
WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND NOT c.relisshared
  AND has_table_privilege(c.oid, 'SELECT')
"""
ADDED = "SELECT 1 FROM pg_catalog.%I WHERE oid >= 16384"  # initdb's have lower numbers
CHANGED = """
SELECT 1 FROM (
  SELECT 'pg_catalog.pg_proc'::regclass, oid, proacl FROM pg_catalog.pg_proc
  UNION ALL SELECT 'pg_catalog.pg_language'::regclass, oid, lanacl FROM pg_catalog.pg_language
  UNION ALL SELECT 'pg_catalog.pg_class'::regclass, c.oid, relacl FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND nspname <> 'information_schema'
  UNION ALL SELECT 'pg_catalog.pg_namespace'::regclass, oid, nspacl FROM pg_catalog.pg_namespace
    WHERE nspname <> 'information_schema'
) o(class, number, rights)
LEFT JOIN pg_catalog.pg_init_privs i ON i.classoid = o.class AND i.objoid = o.number AND i.objsubid = 0
WHERE o.rights IS DISTINCT FROM i.initprivs
UNION ALL SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'public')
UNION ALL SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'plpgsql')
"""


class Source(NamedTuple):
    """A database to copy, and the role that owns the objects in it."""

    database: str = EMPTY
    role: str = ""
    fingerprint: str = ""


def strategy_for(session: Session, source: Source) -> str:
    """The clause of CREATE DATABASE that is fastest for this source on this server."""
    if session.major < 15:
        return ""
    settings = "SELECT current_setting('fsync'), current_setting('file_copy_method', true)"
    fsync, method = session.rows(settings)[0]
    if fsync == "off" or method == "clone" or (source.role and size_of(session, source.database) >= LARGE):
        return " STRATEGY FILE_COPY"
    return " STRATEGY WAL_LOG"


def size_of(session: Session, database: str) -> int:
    return int(session.rows("SELECT pg_database_size(%s::name)", (database,))[0][0])


def is_untouched(session: Session) -> bool:
    """Whether `template1` is proven to be what `template0` is: nothing in it but what initdb made."""
    if session.rows(FORMS, (OWN, EMPTY, UNTOUCHED)) != [(2, 1)]:
        return False
    try:
        with inside(session, EMPTY) as visit:
            added = " UNION ALL ".join(ADDED.replace("%I", name) for (name,) in visit.rows(CATALOGS))
            return not visit.rows(added) and not visit.rows(CHANGED)
    except DatabaseError:
        return False
