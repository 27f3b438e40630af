"""A pool's ground on each of the two servers, for a superuser and for a plain admin."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from isolation.database.dropping import drop_pool
from isolation.database.session import open_session
from tests.fixtures.grounds import ensure_ground
from tests.fixtures.servers import PostgresServer
from tests.integration.grounds import Ground

# A plain admin on a given server has the fewest rights: always; of the other three, one is drawn.
KINDS = (
    "system-admin",
    *(pytest.param(kind, marks=pytest.mark.battery) for kind in ("system-boss", "wheel-admin", "wheel-boss")),
)


@pytest.fixture(params=KINDS)
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    """A pool of the test's own; everything of it is gone afterwards."""
    origin, _, person = request.param.partition("-")
    server: PostgresServer = request.getfixturevalue(
        "system_server" if origin == "system" else "embedded_server"
    )
    pool_id, name = secrets.token_hex(8), f"t{secrets.token_hex(4)}"
    who = server.boss if person == "boss" else server.admin
    with open_session(who) as session:
        prefix = ensure_ground(session, pool_id, name, embedded=False)
        ground = Ground(session, server, who, pool_id, prefix)
        yield ground
        assert drop_pool(session, pool_id) == []
        assert ground.databases() == ground.roles() == set()
