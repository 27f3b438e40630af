"""A pool's ground on a real server, for a superuser and for a plain admin."""

from __future__ import annotations

from typing import NamedTuple

import psycopg

from isolation.database.address import Address
from isolation.database.building import begin_template, seal_template
from isolation.database.lending import Lent, Wanted, lend
from isolation.database.session import Session
from isolation.database.spares import build_spare
from tests.fixtures.servers import PostgresServer

MIGRATIONS = """
CREATE SCHEMA app;
CREATE TYPE app.mood AS ENUM ('good');
CREATE DOMAIN app.price AS int;
CREATE FUNCTION app.one() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TABLE app.meals (id serial PRIMARY KEY, mood app.mood, price app.price);
CREATE TABLE dishes (name text);
INSERT INTO dishes VALUES ('soup');
CREATE VIEW menu AS SELECT * FROM dishes;
CREATE MATERIALIZED VIEW sums AS SELECT count(*) FROM dishes;
CREATE EXTENSION citext;
CREATE EXTENSION pg_trgm SCHEMA app;
CREATE STATISTICS app.both ON id, price FROM app.meals;
CREATE PUBLICATION news FOR TABLE dishes;
SELECT lo_create(0);
"""
NEXT = """
ALTER TABLE app.meals ADD COLUMN note text;
ALTER TYPE app.mood ADD VALUE 'bad';
ALTER TABLE dishes RENAME TO courses;
DROP FUNCTION app.one();
DROP MATERIALIZED VIEW sums;
DROP EXTENSION pg_trgm;
DROP PUBLICATION news;
DROP STATISTICS app.both;
ALTER DOMAIN app.price SET NOT NULL;
CREATE TABLE app.more (x int);
SELECT lo_unlink(oid) FROM pg_largeobject_metadata;
DROP SCHEMA app CASCADE;
"""


SECRET = "a pool's secret"


class Ground(NamedTuple):
    """One pool on one server, with the session of one kind of person."""

    session: Session
    server: PostgresServer
    tcp: Address
    pool_id: str
    prefix: str

    def wanted(self, number: int, fence: int, template: str = "", connections: int = 5) -> Wanted:
        """What lease `fence` of slot `number` needs."""
        return Wanted(self.prefix, self.pool_id, number, number, fence, template, connections, SECRET)

    def lend(self, number: int, fence: int, template: str = "") -> Lent:
        """Its database."""
        return lend(self.session, self.wanted(number, fence, template))

    def enter(self, lent: Lent, database: str = "") -> psycopg.Connection[tuple[object, ...]]:
        """A connection of the holder, to its own or to another database."""
        return self.log_in(lent.role, lent.password, database or lent.name)

    def log_in(self, role: str, password: str, database: str) -> psycopg.Connection[tuple[object, ...]]:
        """A connection by name and password."""
        return psycopg.connect(
            host=self.tcp.host,
            port=self.tcp.port,
            user=role,
            password=password,
            dbname=database,
            autocommit=True,
        )

    def databases(self) -> set[str]:
        """Every database on the server with the pool's prefix in its name."""
        rows = self.session.rows(
            "SELECT datname FROM pg_database WHERE strpos(datname, %s) > 0", (self.prefix,)
        )
        return {name for (name,) in rows}

    def roles(self) -> set[str]:
        """Every role on the server with the pool's prefix in its name."""
        rows = self.session.rows("SELECT rolname FROM pg_roles WHERE strpos(rolname, %s) > 0", (self.prefix,))
        return {name for (name,) in rows}

    def build(self, fingerprint: str, statements: str = MIGRATIONS) -> str:
        """A sealed template that these statements filled."""
        building = begin_template(self.session, self.prefix, self.pool_id, fingerprint)
        assert building is not None
        with self.log_in(building.role, building.password, building.dbname) as inside:
            inside.execute(statements)
        seal_template(self.session, building)
        return fingerprint

    def spare(self, template: str = "") -> str:
        """One more spare; its name."""
        return build_spare(self.session, self.pool_id, self.prefix, template, SECRET)
