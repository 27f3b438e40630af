"""What every test gets: an environment of its own, real repositories, and poolmgr as a process.

No test sees the user's home, git settings or poolmgr variables; `--all` runs whole batteries
where a seeded tenth is the default.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import WorkStealingScheduling

from tests.fixtures.batteries import draw
from tests.fixtures.commands import Commands
from tests.fixtures.dwellers import Dwellers
from tests.fixtures.home import lay_out_home, list_traces, replace_environment
from tests.fixtures.repositories import Repositories, Repository
from tests.fixtures.servers import any_server, embedded_server, system_server

__all__ = ["any_server", "embedded_server", "system_server"]

WHOLE = pytest.StashKey[bool]()

# A property holds or does not; how fast its examples are made says how busy the machine is.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--all`: whole batteries."""
    parser.addoption("--all", action="store_true", help="run the batteries whole, not a seeded tenth")


def is_whole(config: pytest.Config) -> bool:
    """Whether batteries run whole."""
    return bool(config.getoption("--all")) or os.environ.get("POOLMGR_BATTERY") == "all"


def pytest_configure(config: pytest.Config) -> None:
    """Decide before the environment is replaced."""
    config.stash[WHOLE] = is_whole(config)


def pytest_report_header(config: pytest.Config) -> str:
    """Say what was left out."""
    return "batteries: whole" if config.stash[WHOLE] else "batteries: a seeded tenth (--all runs them whole)"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two workers for each processor: most of a test is waiting for the processes it started."""
    has_affinity = hasattr(os, "sched_getaffinity")
    processors = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    return 2 * processors


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> WorkStealingScheduling:
    """Who has nothing left takes over from who has: some batteries run for minutes, most tests do not."""
    return WorkStealingScheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep of each parametrised battery a tenth, always the same one."""
    if config.stash[WHOLE]:
        return
    drawn = draw(item.nodeid for item in items if item.get_closest_marker("battery"))
    dropped = [item for item in items if item.get_closest_marker("battery") and item.nodeid not in drawn]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        left_out = set(dropped)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home directory of the test run's own, in the environment of everything it starts."""
    place = lay_out_home(tmp_path_factory.mktemp("home"))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `&` ignores it, and the next
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    before = list_traces()
    with replace_environment(place):
        yield place
    traces = list_traces() - before
    if traces:
        raise RuntimeError(f"a test wrote into the real home directory: {sorted(map(str, traces))}")


@pytest.fixture(autouse=True)
def hermetic(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Start each test outside any checkout, and stop it if something put the real home back."""
    monkeypatch.chdir(tmp_path)
    if Path.home() != home:
        pytest.fail("HOME names a real home directory: a test must not touch it")


@pytest.fixture
def share(request: pytest.FixtureRequest) -> float:
    """The part of a battery to run: 1.0 with `--all`, else 0.1."""
    return 1.0 if request.config.stash[WHOLE] else 0.1


@pytest.fixture
def make_repo(tmp_path: Path) -> Repositories:
    """Makes real repositories beneath the test's directory."""
    return Repositories(tmp_path)


@pytest.fixture
def repo(make_repo: Repositories) -> Repository:
    """A small repository in `tmp_path/repo`: directories, a .gitignore, three commits on main."""
    return make_repo("repo")


@pytest.fixture
def remote_repo(make_repo: Repositories) -> Repository:
    """A clone in `tmp_path/clone` of the bare repository `tmp_path/origin.git`."""
    return make_repo.clone(make_repo("seed"), "clone")


@pytest.fixture
def run_cli(tmp_path: Path) -> Iterator[Commands]:
    """Runs `python -m poolmgr` as a process, and waits for its background work at the end."""
    commands = Commands(tmp_path)
    yield commands
    commands.finish()


@pytest.fixture
def dwellers() -> Iterator[Dwellers]:
    """Starts processes that live in a directory, in sessions of their own; ends them all."""
    with Dwellers() as started:
        yield started
