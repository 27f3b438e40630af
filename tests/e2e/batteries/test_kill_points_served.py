"""kill -9 before everything a command does where slots have databases, and soon after it asked the server.

Afterwards nothing of nobody is on the server, no slot is lent without its database, and no work
is lost, neither in files nor in databases.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from isolation.database.address import url_of
from tests.e2e.batteries.test_kill_points import LEAST, Case, sample, strike
from tests.e2e.pooled import variables
from tests.faults.operations import Operation
from tests.faults.ordeal import lay_out
from tests.faults.scenes import Scene
from tests.faults.served import SERVED, SETTINGS, WITH_SCHEMA, leave
from tests.faults.verdict import attempt, list_faults, name_places
from tests.fixtures.servers import PostgresServer

OWN = ("init", "acquire", "acquire without a template", "reset", "cleanup")
IN_TREE = re.compile(r"os\.(remove|rmdir) [^/]*")  # one of a whole directory that goes
MANY = 50
SOON = (0.002, 0.02)  # seconds, in which a server is at a statement


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Scene]:
    """A repository in use whose slots will have databases; its name is found nowhere else on a server."""
    root = tmp_path / "stage"
    root.mkdir()
    made = lay_out(root, f"kills-{secrets.token_hex(4)}", WITH_SCHEMA)
    made.pool.cli.variables |= SETTINGS
    yield made
    leave(made)
    made.pool.cli.finish()


def list_cases(points: list[str], share: float) -> Iterator[Case]:
    """Points by themselves, and statements of which the server is at work when the command dies."""
    most = None if share == 1 else 1  # of a tenth of the operations
    met = [at for at, point in enumerate(points, 1) if not IN_TREE.fullmatch(point) or at % MANY == 0]
    asked = [at for at, point in enumerate(points, 1) if point.startswith("sql ")]
    for number in sample(len(met), share, "met")[:most]:
        yield Case(at=met[number - 1])
    for number in sample(len(asked), share, "asked")[:most] if len(asked) > 1 else ():
        yield Case(at=asked[number - 1], after=SOON[number % 2])


def list_wrong(operation: Operation, scene: Scene, share: float) -> list[str]:
    """What is wrong after each of its kills."""
    operation.prepare(scene)
    points = scene.launcher.list_points(*operation.words_for(scene), alone=operation.alone)
    assert len(points) >= LEAST
    operation.again(scene)
    wrong: list[str] = []
    for case in list_cases(points, share):
        unready = attempt(lambda: operation.prepare(scene))
        if unready:
            return [*wrong, f"the pool does not come to rest: {unready}"]
        point = strike(scene, operation, case)
        place = f"{case} of {len(points)}, {point}"
        wrong += [name_places(scene, f"{place}: {words}") for words in list_faults(scene, operation)]
    return wrong


@pytest.mark.battery
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("operation", SERVED, ids=lambda operation: operation.name)
def test_a_kill_leaves_nothing_of_nobody_on_a_server(
    operation: Operation, served: Scene, embedded_server: PostgresServer, share: float
) -> None:
    served.admin = embedded_server.admin
    served.pool.cli.variables |= variables(DATABASE_MODE="server", DATABASE_DSN=url_of(embedded_server.admin))
    wrong = list_wrong(operation, served, share)
    assert not wrong, "\n".join(wrong)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", OWN)
def test_a_kill_leaves_nothing_of_nobody_on_a_server_of_our_own(
    name: str, served: Scene, share: float
) -> None:
    if share < 1:
        pytest.skip("the same on a server that is there already runs without --all")
    served.pool.cli.variables |= variables(DATABASE_MODE="embedded")
    (operation,) = (each for each in SERVED if each.name == name)
    wrong = list_wrong(operation, served, share)
    assert not wrong, "\n".join(wrong)
