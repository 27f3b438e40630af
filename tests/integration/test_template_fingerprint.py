"""Which template a commit needs: the same for the same inputs, another one for any other input."""

from __future__ import annotations

from typing import Any

import pytest

from isolation.git.program import Git
from poolmgr.core.settings import TemplateSettings
from poolmgr.services.databases.fingerprint import fingerprint, list_inputs
from tests.fixtures.repositories import Repository

FILES = {
    "db/migrations/001_users.sql": "CREATE TABLE users (id int);\n",
    "db/migrations/002 items.sql": "CREATE TABLE items (id int);\n",
    "db/migrations/README": "how to write them\n",
    "db/seed/colours.sql": "INSERT INTO colours VALUES ('red');\n",
    "db/ümlaut.sql": "SELECT 1;\n",
    "migrate.py": "print('migrates')\n",
    "src/app/models.py": "class User: ...\n",
}


def template(**values: Any) -> TemplateSettings:
    default: dict[str, Any] = {"migrations": ("db/migrations/",), "run": ("python migrate.py",)}
    return TemplateSettings(**(default | values))


@pytest.fixture
def project(repo: Repository) -> Repository:
    repo.commit("The schema.", FILES)
    return repo


def of(repo: Repository, commit: str = "HEAD", *, major: int = 18, **values: Any) -> str:
    return fingerprint(Git(repo.path), repo.git("rev-parse", commit), template(**values), major)


def paths(repo: Repository, **values: Any) -> set[str]:
    lines = list_inputs(Git(repo.path), "HEAD", template(**values))
    return {line.partition(b"\t")[2].decode() for line in lines}


def test_without_commands_there_is_no_template(project: Repository) -> None:
    assert of(project, run=()) == ""
    assert of(project, run=(), seed=("psql -f db/seed/colours.sql",)) != ""


def test_a_commit_that_changes_no_input_keeps_the_template(project: Repository) -> None:
    before = of(project)
    project.commit("Code.", {"src/app/models.py": "class User:\n    name: str\n"})
    assert of(project) == before
    assert len(before) == 16
    assert set(before) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("db/migrations/001_users.sql", "CREATE TABLE users (id bigint);\n"),
        ("db/migrations/003_more.sql", "CREATE TABLE more ();\n"),
        ("migrate.py", "print('migrates otherwise')\n"),
    ],
)
def test_another_input_is_another_template_and_the_old_commit_keeps_its_own(
    project: Repository, name: str, content: str
) -> None:
    before = of(project)
    project.commit("Schema.", {name: content})
    assert of(project) != before
    assert of(project, "HEAD~1") == before


def test_a_migration_under_another_name_is_another_template(project: Repository) -> None:
    before = of(project)
    project.git("mv", "db/migrations/001_users.sql", "db/migrations/000_users.sql")
    project.commit("Renamed.")
    assert of(project) != before


def test_commands_seeds_and_the_servers_version_count(project: Repository) -> None:
    seen = {
        of(project),
        of(project, major=17),
        of(project, run=("python migrate.py --all",)),
        of(project, run=("python migrate.py", "python migrate.py")),
        of(project, seed=("python migrate.py",)),
        of(project, run=(), seed=("python migrate.py",)),
    }
    assert len(seen) == 6


def test_what_is_not_committed_does_not_count(project: Repository) -> None:
    before = of(project)
    project.write({"db/migrations/004_draft.sql": "CREATE TABLE draft ();\n"})
    project.git("add", "--all")
    assert of(project) == before


def test_globs_mean_what_they_mean_in_gitignore(project: Repository) -> None:
    nothing = {"run": ("true",)}
    numbered = {"db/migrations/001_users.sql", "db/migrations/002 items.sql"}
    assert paths(project, migrations=("db/migrations/*.sql",), **nothing) == numbered
    assert paths(project, migrations=("db/**/*.sql", "!db/seed/*"), **nothing) == {*numbered, "db/ümlaut.sql"}
    assert paths(project, migrations=("*.sql",), **nothing) == {
        *numbered, "db/seed/colours.sql", "db/ümlaut.sql",
    }  # fmt: skip
    assert paths(project, migrations=(), **nothing) == set()
    assert paths(project, migrations=("nowhere/",), **nothing) == set()


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("psql -f db/seed/colours.sql", {"db/seed/colours.sql"}),
        ("psql --file=./db/seed/colours.sql", {"db/seed/colours.sql"}),
        ("psql -fdb/seed/colours.sql", {"db/seed/colours.sql"}),
        ("psql <db/seed/colours.sql", {"db/seed/colours.sql"}),
        ("psql -f 'db/migrations/002 items.sql'", {"db/migrations/002 items.sql"}),
        ("cat db/seed/*.sql | psql", {"db/seed/colours.sql"}),
        ("dbmate -d db/seed up", {"db/seed/colours.sql"}),
        ("./migrate.py && true", {"migrate.py"}),
        ("psql -f ../outside.sql -f /etc/passwd . .. * :(top)x '", set()),
        ("psql -c 'select 1' -v ON_ERROR_STOP=1 !x \\", set()),
    ],
)
def test_files_that_commands_name_go_into_the_template(
    project: Repository, command: str, named: set[str]
) -> None:
    assert paths(project, migrations=(), run=(), seed=(command,)) == named
