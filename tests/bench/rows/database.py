"""A database handed over from a spare, against CREATE DATABASE of the same template, on both servers.

The servers keep nothing safe (fsync off), which is when CREATE DATABASE is at its fastest; it takes
the server's default strategy. Both work on a connection that is open already.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from isolation.database.address import Address
from isolation.database.building import begin_template, seal_template
from isolation.database.dropping import drop_lease
from isolation.database.embedded.binaries import Binaries, list_binaries
from isolation.database.embedded.place import Home
from isolation.database.embedded.server import Running, Wanted, ensure_server, remove_server
from isolation.database.errors import DatabaseError
from isolation.database.lending import Wanted as Lease
from isolation.database.lending import lend
from isolation.database.session import Session, open_session
from isolation.database.spares import build_spare
from isolation.database.templates import Template, list_templates
from tests.bench.bench import Bench
from tests.bench.figures import Check, Row, Series, ratio
from tests.bench.processes import BenchFailed
from tests.bench.rounds import Contender, interleave
from tests.fixtures.grounds import ensure_ground

NAME = "database"
TITLE = "database of a slot, handed over from a spare, against CREATE DATABASE of its template"
BUDGET = 0.35
FLAT_BUDGET = 1.3  # what a larger template may add to the hand-over
SIZES, QUICK_SIZES = (11, 100), (11, 13)  # MB, as PostgreSQL counts them
TABLES, FILLED = 60, 10  # most tables of a development database are small
EMPTY, ROWS_PER_MB = 9, 835
FILL = "INSERT INTO public.{table} SELECT i, repeat('x', 1000) FROM generate_series(1, %s) i"
POOL, PREFIX, SECRET = "00000000000000be", "bench", "the benchmark's own"


class Ground(NamedTuple):
    """A server with our templates on it."""

    running: Running
    session: Session
    prefix: str


def measure(bench: Bench) -> Row:
    """Both ways, for each template on each server."""
    series: list[Series] = []
    checks: list[Check] = []
    notes: list[str] = []
    try:
        for programs in list_servers():
            with serving(bench.scratch / f"server-{programs.origin}", programs) as ground:
                templates = [build(ground, size) for size in (QUICK_SIZES if bench.quick else SIZES)]
                measured = interleave(tuple(list_contenders(ground, templates)), rounds=bench.rounds)
            name = f"PostgreSQL {ground.running.major}"
            series += (replace(each, label=f"{name}, {each.label}") for each in measured)
            checks += judge(name, measured, judged=not bench.quick)
            notes.append(f"{name}: templates of {' and '.join(map(size_text, templates))}, {TABLES} tables")
    except DatabaseError as error:
        raise BenchFailed(str(error)) from error
    return Row(name=NAME, title=TITLE, series=tuple(series), checks=tuple(checks), notes=tuple(notes))


def list_servers() -> list[Binaries]:
    """The wheel's programs and the system's."""
    found = {programs.origin: programs for programs in reversed(list(list_binaries()))}
    if not found:
        raise BenchFailed("no PostgreSQL server programs are on this machine")
    return list(found.values())


@contextmanager
def serving(place: Path, programs: Binaries) -> Iterator[Ground]:
    """A server that is gone afterwards."""
    place.mkdir()
    home = Home(place)
    try:
        running = ensure_server(home, Wanted(programs=str(programs.dir)))
        with open_session(running.address) as session:
            yield Ground(running, session, ensure_ground(session, POOL, PREFIX, embedded=True))
    finally:
        remove_server(home)


def build(ground: Ground, size: int) -> Template:
    """A sealed template of about so many megabytes."""
    building = begin_template(ground.session, ground.prefix, POOL, f"{size:016x}")
    if building is None:
        raise BenchFailed(f"the template of {size} MB is there already")
    running = ground.running
    own = Address(running.tcp_host, running.tcp_port, building.role, building.password, building.dbname)
    rows = (size - EMPTY) * ROWS_PER_MB // FILLED
    with open_session(own) as migrating:
        for number in range(TABLES):
            name = f"t{number}"
            migrating.do("CREATE TABLE public.{table} (id int PRIMARY KEY, words text)", table=name)
            migrating.do(FILL, (rows if number < FILLED else 0,), table=name)
    seal_template(ground.session, building)
    templates = {each.fingerprint: each for each in list_templates(ground.session, POOL)}
    return templates[building.fingerprint]


def list_contenders(ground: Ground, templates: list[Template]) -> Iterator[Contender]:
    """Hand-over and CREATE DATABASE, one after the other for each template."""
    for number, template in enumerate(templates):
        yield handed(ground, template, number)
        yield created(ground, template)


def handed(ground: Ground, template: Template, number: int) -> Contender:
    """A spare, built ahead, that becomes a lease's."""
    session = ground.session

    def spare(_: int) -> None:
        build_spare(session, POOL, ground.prefix, template.fingerprint, SECRET)

    def give(turn: int) -> float:
        wanted = Lease(ground.prefix, POOL, number, number, fence_of(turn), template.fingerprint, 20, SECRET)
        started = time.perf_counter()
        lend(session, wanted)
        return time.perf_counter() - started

    def fence_of(turn: int) -> int:
        return 1 + turn * len(SIZES) + number

    return Contender(
        label=f"hand-over, {size_text(template)}",
        measure=give,
        before=spare,
        after=lambda turn: drop_lease(session, POOL, fence_of(turn)),
    )


def created(ground: Ground, template: Template) -> Contender:
    """A copy by the server's own means, without owner, rights or comment."""
    session = ground.session

    def create(_: int) -> float:
        started = time.perf_counter()
        session.do("CREATE DATABASE bench_copy TEMPLATE {template}", template=template.name)
        return time.perf_counter() - started

    return Contender(
        label=f"CREATE DATABASE, {size_text(template)}",
        measure=create,
        after=lambda _: session.do("DROP DATABASE bench_copy"),
    )


def judge(name: str, measured: tuple[Series, ...], *, judged: bool) -> Iterator[Check]:
    """Every hand-over against its CREATE DATABASE, the large one against the small one's, too."""
    handovers, creations = measured[::2], measured[1::2]
    pairs = [*zip(handovers, creations, strict=True), (handovers[-1], creations[0])]
    for handover, creation in pairs:
        yield Check(
            name=f"{name}, {handover.label} / {creation.label}",
            value=ratio(handover, creation), budget=BUDGET, judged=judged,
        )  # fmt: skip
    small, large = handovers[0], handovers[-1]
    yield Check(
        name=f"{name}, {large.label} / {small.label}",
        value=ratio(large, small), budget=FLAT_BUDGET, judged=judged,
    )  # fmt: skip


def size_text(template: Template) -> str:
    """How large the template is."""
    return f"{(template.size or 0) / 1e6:.0f} MB"
