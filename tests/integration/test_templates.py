"""Templates as builds make them, on both servers: whole, sealed, once for each fingerprint, or not at all."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from isolation.database.address import url_of
from isolation.database.catalog import list_ours, list_roles
from isolation.database.dropping import drop_pool
from isolation.database.errors import DatabaseError, TemplateFailed
from isolation.database.lending import Lent, Wanted, lend
from isolation.database.session import open_session
from poolmgr.services.databases.building import log_file
from poolmgr.services.databases.builds import list_builds, list_left
from poolmgr.services.databases.server import open_server
from poolmgr.services.databases.stock import drop_templates, list_templates, trim_templates
from poolmgr.services.databases.templates import ensure_template, make_template, try_ahead
from poolmgr.services.ground.pool import Pool
from poolmgr.wiring import open_pool
from tests.fixtures import migrations
from tests.fixtures.commands import Commands
from tests.fixtures.patience import await_that
from tests.fixtures.repositories import Repositories, Repository
from tests.fixtures.servers import PostgresServer

TOP = Path(__file__).parents[2]
# What is not the server's doing is tried on one of them.
on_one = pytest.mark.parametrize("any_server", ["embedded"], indirect=True)


@dataclass
class Project:
    """A repository with migrations and a pool, on a server."""

    repo: Repository
    server: PostgresServer
    told: list[str] = field(default_factory=list)

    def open(self, settings: str = migrations.SETTINGS) -> Pool:
        """The pool with these settings."""
        (self.repo.state / "config.yaml").write_text(settings)
        return open_pool(self.repo.path)._replace(tell=self.told.append)

    def head(self) -> str:
        """The commit that is checked out."""
        return self.repo.git("rev-parse", "HEAD")

    def ensure(self, pool: Pool) -> str:
        """The template of that commit."""
        return ensure_template(pool, self.head())

    def lend(self, pool: Pool, template: str, fence: int) -> Lent:
        """A slot's database from a template."""
        with open_server(pool) as server:
            wanted = Wanted(server.prefix, pool.facts.pool_id, 1, 1, fence, template, 5)
            return lend(server.opened, wanted)

    def require_nothing(self, pool: Pool) -> None:
        """No database, no role but perhaps the pool's owner, no checkout."""
        with open_server(pool) as server:
            assert list_ours(server.opened, pool.facts.pool_id) == []
            assert {role.mark.kind for role in list_roles(server.opened, pool.facts.pool_id)} <= {"owner"}
        assert list_builds(pool) == list_left(pool) == []
        assert not list(Path(pool.facts.slots_dir).glob(".template-*"))


@pytest.fixture(scope="module")
def repo(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """One for all tests; each works on a branch of its own."""
    root = tmp_path_factory.mktemp("templates")
    made = Repositories(root)(f"shop-{secrets.token_hex(4)}", files=migrations.FILES, commits=1)
    commands = Commands(root, background=("worker*.lock",))
    commands("init", "--size", "1", cwd=made)
    commands.finish()
    return made


@pytest.fixture
def project(
    repo: Repository, any_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Project]:
    repo.git("switch", "--quiet", "--force-create", "work", "main")
    monkeypatch.setenv("POOLMGR_DATABASE_MODE", "server")
    monkeypatch.setenv("POOLMGR_DATABASE_DSN", url_of(any_server.admin))
    yield Project(repo, any_server)
    with open_session(any_server.superuser) as session:
        assert drop_pool(session, open_pool(repo.path).facts.pool_id) == []


def test_it_is_what_the_migrations_make_and_its_copies_can_run_the_next_one(project: Project) -> None:
    pool = project.open()
    fp = project.ensure(pool)
    assert [words for words in project.told if fp in words and "psql -f db/core.sql" in words]
    lent = project.lend(pool, fp, 1)
    address = project.server.admin._replace(user=lent.role, password=lent.password, dbname=lent.name)
    with open_session(address) as session:
        assert migrations.people(session) == ["Ada@example.com", "Grace@example.com"]
        assert session.rows("SELECT owner, total::int FROM billing.totals ORDER BY 1") == [(1, 100), (2, 200)]
        assert session.rows("SELECT obj_description('public.users'::regclass)") == [("wer hier wohnt: äöü",)]
        assert session.rows("SELECT revision FROM public.versions") == [("001_orders",)]
    migrations.apply_next(address)
    with open_session(address) as session:
        assert session.rows("SELECT owner, invoices::int FROM accounts.totals ORDER BY 1") == [(1, 1), (2, 1)]
        strangers = session.rows(
            "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace IN"
            " ('public'::regnamespace, 'accounts'::regnamespace, 'reports'::regnamespace)"
        )
        assert strangers == [(f'"{lent.role}"',)]


def test_it_is_built_once_and_nobody_enters_or_copies_it(project: Project) -> None:
    pool = project.open()
    with open_server(pool) as server:
        first = make_template(pool, project.head())
        second = make_template(pool, project.head())
        assert (first.is_new, second.is_new, first.fp) == (True, False, second.fp)
        (template,) = list_ours(server.opened, pool.facts.pool_id)
        assert [each.is_base for each in list_templates(pool, server)] == [True]
    lent = project.lend(pool, first.fp, 1)
    address = project.server.admin._replace(user=lent.role, password=lent.password, dbname=lent.name)
    with pytest.raises(DatabaseError), open_session(address, template.name):
        pass
    with open_session(address) as session, pytest.raises(DatabaseError):
        session.do("CREATE DATABASE stolen TEMPLATE {template}", template=template.name)


def test_a_branch_with_other_migrations_has_a_template_of_its_own(project: Project) -> None:
    pool = project.open()
    first = project.ensure(pool)
    project.repo.commit("Refunds.", {"db/revisions/002_refunds.sql": "CREATE TABLE refunds (id int);\n"})
    second = project.ensure(pool)
    assert first != second
    lent = project.lend(pool, second, 1)
    address = project.server.admin._replace(user=lent.role, password=lent.password, dbname=lent.name)
    with open_session(address) as session:
        assert session.rows("SELECT count(*)::int FROM public.refunds") == [(0,)]
    with open_server(pool) as server:
        assert [each.is_base for each in sorted(list_templates(pool, server))].count(True) == 1


@on_one
@pytest.mark.parametrize(
    ("command", "code"), [("psql -f broken.sql", 3), ("exit 7", 7), ("nonesuch --migrate", 127)]
)
def test_a_command_that_fails_leaves_nothing_but_its_output(
    project: Project, command: str, code: int
) -> None:
    project.repo.commit("Broken.", {"broken.sql": "CREATE TABLE a ();\nCREATE TABEL b ();\n"})
    pool = project.open(f"database: {{template: {{run: ['psql -f db/core.sql', '{command}']}}}}")
    with pytest.raises(TemplateFailed) as caught:
        project.ensure(pool)
    words = caught.value.message
    assert f"exit code {code}: {command}; its output is in " in words
    log = Path(words.rpartition(" is in ")[2])
    assert log.read_text().splitlines()[0] == "$ psql -f db/core.sql"
    assert f"$ {command}" in log.read_text()
    assert caught.value.hint == f"cat {log}"
    project.require_nothing(pool)


@on_one
def test_commands_see_the_variables_of_a_slot_alone(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PGSERVICE", "PGHOSTADDR", "PGOPTIONS"):
        monkeypatch.setenv(name, "elsewhere")
    place = tmp_path
    project.repo.write({".env": "DATABASE_URL=postgresql://me@production/app\nSECRET=1\n"})
    pool = project.open(
        'database: {template: {run: [\'env > "$LEFT"; cat .env .env.local >> "$LEFT"; pwd >> "$LEFT"\']}}\n'
        f"env: {{LEFT: {place}/left, APP_DB: '{{url}}', .env.local: {{DB: '{{database}}'}}}}\n"
        "warm: {copy: [.env]}\n"
    )
    project.ensure(pool)
    left = (place / "left").read_text().splitlines()
    seen = dict(line.split("=", 1) for line in left if "=" in line)
    assert seen["APP_DB"].startswith("postgresql://")
    assert seen["APP_DB"] != "postgresql://me@production/app"
    assert (seen["DB"], seen["PGHOST"]) == (seen["PGDATABASE"], project.server.admin.host)
    assert seen["SECRET"] == "1"
    assert (
        ".env, a copy from the checkout, names another database: DATABASE_URL=postgresql://production/app"
        in project.told
    )
    assert seen["PGAPPNAME"] == "poolmgr:template"
    assert not {"PGSERVICE", "PGHOSTADDR", "PGOPTIONS", "POOLMGR_DATABASE_DSN"} & seen.keys()
    assert left[-1].startswith(f"{pool.facts.slots_dir}/.template-")
    assert project.repo.git("status", "--porcelain") == ""


@on_one
def test_least_used_templates_go_when_there_is_no_room_for_all(project: Project) -> None:
    pool = project.open()
    fps = [project.ensure(pool)]
    for number in (2, 3):
        project.repo.commit("More.", {f"db/revisions/00{number}.sql": f"CREATE TABLE t{number} ();\n"})
        fps.append(project.ensure(pool))
    with open_server(pool) as server:
        assert trim_templates(pool, server, {fps[0]}) == []
        sizes = [each.size for each in list_templates(pool, server)]
        tight = project.open(migrations.SETTINGS + f"    size: {sum(sizes) - 1}\n")
        (gone,) = trim_templates(tight, server, {fps[2]})
        assert gone in fps[:2]
        left = {each.fp for each in list_templates(pool, server)}
        assert left == set(fps) - {gone}
        tiny = project.open(migrations.SETTINGS + "    size: 1\n")
        project.repo.commit("More.", {"db/revisions/004.sql": "CREATE TABLE t4 ();\n"})
        new = project.ensure(tiny)
        assert [each.fp for each in list_templates(pool, server)] == [new]
        assert drop_templates(pool, server, new[:6]) == [new]


def words_of_builder(project: Project) -> tuple[str, ...]:
    return (sys.executable, "-m", "tests.integration.template_builder", str(project.repo.path))


@on_one
def test_of_several_builders_one_builds_and_the_others_wait(project: Project, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    project.open(f"database: {{template: {{run: ['echo once >> {marks}; psql -f db/core.sql']}}}}")
    started = [
        subprocess.Popen(words_of_builder(project), cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    ended = [(*each.communicate(timeout=60), each.returncode) for each in started]
    assert {code for _, _, code in ended} == {0}, ended
    assert len({stdout for stdout, _, _ in ended}) == 1
    assert marks.read_text() == "once\n"


@on_one
def test_those_who_wait_for_a_build_that_fails_do_not_repeat_it(project: Project, tmp_path: Path) -> None:
    marks, fifo = tmp_path / "marks", tmp_path / "fifo"
    os.mkfifo(fifo)
    project.open(f"database: {{template: {{run: ['echo once >> {marks}; cat {fifo}; exit 9']}}}}")
    files = [tmp_path / f"said-{number}" for number in range(3)]
    started = []
    for file in files:
        with file.open("wb") as said:
            started.append(subprocess.Popen(words_of_builder(project), cwd=TOP, stderr=said))
    await_that(lambda: sum("waiting for it" in file.read_text() for file in files) == 2, "two wait")
    fifo.write_bytes(b"")
    assert [each.wait(60) for each in started] == [1, 1, 1]
    assert all("ended with exit code 9: echo once" in file.read_text() for file in files)
    assert marks.read_text() == "once\n"


def sockets_of(process: subprocess.Popen[bytes]) -> list[str]:
    """Its connections; nothing else of it is a socket."""
    files = [os.readlink(file) for file in Path(f"/proc/{process.pid}/fd").iterdir()]
    return [name for name in files if name.startswith("socket:")]


@on_one
def test_who_waits_for_a_build_takes_no_connection_from_anybody(project: Project, tmp_path: Path) -> None:
    started, fifo = tmp_path / "started", tmp_path / "fifo"
    os.mkfifo(fifo)
    project.open(f"database: {{template: {{run: ['touch {started}; cat {fifo}']}}}}")
    builder = subprocess.Popen(words_of_builder(project), cwd=TOP)
    await_that(started.exists, "it is under way")
    said = tmp_path / "said"
    with said.open("wb") as words:
        waiter = subprocess.Popen(words_of_builder(project), cwd=TOP, stderr=words)
    await_that(lambda: "waiting for it" in said.read_text(), "another waits")
    assert (len(sockets_of(builder)), sockets_of(waiter)) == (1, [])
    fifo.write_bytes(b"")
    assert [each.wait(60) for each in (builder, waiter)] == [0, 0]


@on_one
def test_who_waits_for_a_builder_that_is_killed_goes_on(project: Project, tmp_path: Path) -> None:
    started, fifo, said = tmp_path / "started", tmp_path / "fifo", tmp_path / "said"
    os.mkfifo(fifo)
    project.open(f"database: {{template: {{run: ['test -e {started} || (touch {started}; cat {fifo})']}}}}")
    builder = subprocess.Popen(words_of_builder(project), cwd=TOP)
    await_that(started.exists, "it is under way")
    with said.open("wb") as words:
        waiter = subprocess.Popen(words_of_builder(project), cwd=TOP, stderr=words)
    try:
        await_that(lambda: "waiting for it" in said.read_text(), "another waits")
        builder.kill()
        builder.wait()
        assert waiter.wait(60) == 0
    finally:
        waiter.kill()
        waiter.wait()


def test_after_a_builder_was_killed_the_next_one_builds(project: Project, tmp_path: Path) -> None:
    started, fifo = tmp_path / "started", tmp_path / "fifo"
    os.mkfifo(fifo)
    command = f"psql -f db/core.sql; test -e {started} || (touch {started}; cat {fifo})"
    pool = project.open(f"database: {{template: {{run: ['{command}']}}}}")
    child = subprocess.Popen(words_of_builder(project), cwd=TOP, stdout=subprocess.PIPE)
    try:
        await_that(started.exists, "it is under way")
        os.kill(child.pid, signal.SIGKILL)
    finally:
        child.kill()
        child.communicate()
    fp = project.ensure(pool)
    with open_server(pool) as server:
        (template,) = list_ours(server.opened, pool.facts.pool_id)
        kinds = sorted(role.mark.kind for role in list_roles(server.opened, pool.facts.pool_id))
    assert (template.kind, template.mark.template) == ("template", fp)
    assert kinds == ["owner", "template"]
    assert list_builds(pool) == []


@on_one
def test_without_commands_databases_begin_empty(project: Project) -> None:
    pool = project.open("database: {template: {migrations: [db/]}}")
    assert project.ensure(pool) == ""
    project.require_nothing(pool)


@on_one
def test_nobody_builds_a_template_ahead_again_whose_build_failed(project: Project, tmp_path: Path) -> None:
    switch = tmp_path / "switch"
    pool = project.open(f"database: {{template: {{run: ['test -e {switch}']}}}}")
    with pytest.raises(TemplateFailed):
        try_ahead(pool, project.head())
    switch.touch()
    assert try_ahead(pool, project.head()) is None
    fp = project.ensure(pool)
    assert try_ahead(pool, project.head()) == fp


@on_one
def test_a_build_that_was_cut_off_is_no_reason_not_to_build_ahead(project: Project) -> None:
    pool = project.open("database: {template: {run: ['psql -f db/core.sql']}}")
    with open_server(pool) as server:
        fp = ensure_template(pool, project.head())
        assert drop_templates(pool, server, fp) == [fp]
        log_file(pool, fp).write_text("$ psql -f db/core.sql\nCREATE EXTENSION\n")
        assert try_ahead(pool, project.head()) == fp
