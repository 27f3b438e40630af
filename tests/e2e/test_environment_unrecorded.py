"""`.env.worktree` where nothing on record says what its lease was given: whose work it is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from poolmgr.services.ground.site import find_site, require_facts
from poolmgr.services.life.files import lend_files
from poolmgr.store.sqlite import SqliteEngine
from poolmgr.wiring import assemble
from tests.e2e.conftest import COMMON
from tests.e2e.pooled import Json, Pooled

NOTE = "export MY_NOTES=hours\n"


@pytest.fixture
def emptied(free: Pooled) -> Iterator[Pooled]:
    """The common pool; whatever a test keeps is dropped."""
    yield free
    for each in free.ask("rescue", "list")["rescues"]:
        free.run("rescue", "drop", each["id"])


def file_of(lent: Json) -> Path:
    """The slot's own file."""
    return Path(lent["path"]) / ".env.worktree"


def admin_of(pool: Pooled, lent: Json) -> Path:
    """What git keeps of the slot's worktree."""
    return Path(pool.git(lent["path"], "rev-parse", "--absolute-git-dir").strip())


def add_note(lent: Json) -> str:
    """The holder's own line in the file; all of the file then."""
    with file_of(lent).open("a") as file:
        file.write(NOTE)
    return file_of(lent).read_text()


def list_shown(pool: Pooled) -> str:
    """What every rescue holds, in words."""
    listed = pool.ask("rescue", "list")["rescues"]
    return "".join(pool.run("rescue", "show", each["id"]).stdout for each in listed)


@pytest.mark.parametrize(("added", "is_kept"), [(NOTE, True), ("# a note\n", True), ("", False)])
def test_what_somebody_saved_into_a_free_slot_is_kept_unless_every_line_is_ours(
    emptied: Pooled, added: str, *, is_kept: bool
) -> None:
    lent = emptied.acquire()
    late = file_of(lent).read_text() + added
    emptied.release(lent["slot"])
    emptied.await_ready(COMMON)
    file_of(lent).write_text(late)
    again = [emptied.acquire(agent=f"agent-{number}") for number in range(COMMON)]
    emptied.cli.settle()
    assert all("MY_NOTES" not in file_of(each).read_text() for each in again)
    for each in again:
        emptied.release(each["slot"])
    assert (".env.worktree" in list_shown(emptied)) is is_kept


@pytest.mark.parametrize("words", [("run", "--", "true"), ("doctor", "--fix"), ()])
def test_a_lease_of_a_version_without_records_keeps_what_its_holder_wrote(
    emptied: Pooled, words: tuple[str, ...]
) -> None:
    lent = emptied.acquire()
    record = admin_of(emptied, lent) / "poolmgr-environment.json"
    record.unlink()
    if words:
        emptied.run(*words, cwd=lent["path"])
        assert record.exists()
    changed = add_note(lent)
    told = emptied.run("run", "--", "sh", "-c", 'echo "$MY_NOTES"', cwd=lent["path"]).stdout
    assert (told, file_of(lent).read_text()) == ("hours\n", changed)
    assert emptied.refused("release", lent["slot"])["findings"][0]["path"] == ".env.worktree"
    emptied.release(lent["slot"], "--rescue")
    assert ".env.worktree" in list_shown(emptied)


def test_a_lease_of_a_version_without_records_is_released_as_it_was_lent(emptied: Pooled) -> None:
    lent = emptied.acquire()
    (admin_of(emptied, lent) / "poolmgr-environment.json").unlink()
    emptied.release(lent["slot"])
    assert not file_of(lent).exists()


@pytest.mark.parametrize("is_first", [True, False])
def test_what_the_holder_wrote_is_kept_where_gits_record_was_made_again(
    emptied: Pooled, *, is_first: bool
) -> None:
    lent = emptied.acquire()
    if is_first:
        add_note(lent)
    shutil.rmtree(admin_of(emptied, lent))
    emptied.run("doctor", "--fix")
    if not is_first:
        add_note(lent)
    assert emptied.refused("release", lent["slot"])["findings"][0]["path"] == ".env.worktree"
    emptied.release(lent["slot"], "--rescue")
    assert ".env.worktree" in list_shown(emptied)


def test_variables_that_an_older_version_left_with_git_go_with_their_lease(free: Pooled) -> None:
    lent = free.acquire()
    former = admin_of(free, lent) / "poolmgr-env"
    former.write_text("PGPASSWORD=secret\n")
    free.release(lent["slot"])
    free.await_ready(COMMON)
    assert not former.exists()


def test_a_slot_that_was_given_back_meanwhile_gets_no_files(free: Pooled) -> None:
    lent = free.acquire()
    slot, site = free.stored(lent["slot"]), find_site(free.repo.path)
    (lease,) = free.snapshot().leases
    free.release(lent["slot"])
    free.await_ready(COMMON)
    assert slot
    with closing(SqliteEngine(site.database)) as engine:
        lend_files(assemble(site, require_facts(site), engine), slot, lease)
    assert not file_of(lent).exists()
