"""Every engine the suite runs on: a new one is added by one line in ENGINES."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from poolmgr.store.protocol import Engine
from poolmgr.store.sqlite import SqliteEngine, create

OpenEngine = Callable[[], Engine]


def sqlite(room: Path) -> OpenEngine:
    """A new state in one file; every call connects to it anew."""
    file = room / "state.db"
    create(file, {"pool_id": "p", "size": "2", "fence": "0"})
    return lambda: SqliteEngine(file)


ENGINES: dict[str, Callable[[Path], OpenEngine]] = {"sqlite": sqlite}


@pytest.fixture(params=ENGINES)
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenEngine]:
    """Connects to one and the same state, as every process does for itself."""
    opener = ENGINES[request.param](tmp_path)
    with ExitStack() as stack:

        def open_one() -> Engine:
            engine = opener()
            stack.callback(engine.close)
            return engine

        yield open_one


@pytest.fixture
def engine(connect: OpenEngine) -> Engine:
    """A state with no slots."""
    return connect()
