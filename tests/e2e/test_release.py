"""Giving a slot back: what it refuses, what it keeps, and who may still be inside."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.e2e.pooled import Json, Pooled, variables
from tests.fixtures.dwellers import Dwellers, await_state
from tests.fixtures.patience import await_that

UNSAVED = {
    "untracked": ({"new.txt": "new\n"}, "new.txt"),
    "modified": ({"README.md": "changed\n"}, "README.md"),
    "ignored": ({".env": "SECRET=1\n"}, ".env"),
}


def write(lent: Json, files: dict[str, str]) -> None:
    for name, content in files.items():
        place = Path(lent["path"]) / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)


@pytest.mark.parametrize("kind", UNSAVED)
def test_release_refuses_unsaved_work_and_names_it(pool: Pooled, kind: str) -> None:
    lent = pool.acquire("--branch", "fix/login")
    files, path = UNSAVED[kind]
    write(lent, files)
    error = pool.refused("release", lent["slot"])
    assert error["code"] == "unsaved_work"
    assert [finding["path"] for finding in error["findings"]] == [path]
    assert f"poolmgr release {lent['slot']} --rescue" in error["hint"]
    assert pool.slot(lent["slot"])["state"] == "LEASED"
    assert (Path(lent["path"]) / path).read_text() == files[path]


def test_release_refuses_commits_on_no_branch(pool: Pooled) -> None:
    lent = pool.acquire()
    pool.git(lent["path"], "checkout", "--quiet", "--detach")
    pool.git(lent["path"], "commit", "--quiet", "--allow-empty", "--message", "Nowhere.")
    assert pool.refused("release", lent["slot"])["code"] == "unsaved_work"
    given = pool.release(lent["slot"], "--rescue")
    assert given["rescue"]


def test_release_refuses_an_operation_in_progress(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/login")
    pool.git(lent["path"], "commit", "--quiet", "--allow-empty", "--message", "One.")
    pool.git(lent["path"], "bisect", "start")
    assert pool.refused("release", lent["slot"])["code"] == "unsaved_work"


def test_a_day_of_builds_and_tests_is_not_unsaved_work(pool: Pooled) -> None:
    pool.repo.commit("Ignore.", {".gitignore": "node_modules/\n.venv/\n__pycache__/\ntarget/\n*.log\n"})
    pool.run("pool", "refresh")
    lent = pool.acquire("--branch", "fix/login")
    write(lent, {
        "node_modules/x/index.js": "x", ".venv/pyvenv.cfg": "x", "src/__pycache__/app.cpython-311.pyc": "x",
        "target/debug/app": "x", "npm-debug.log": "x",
    })  # fmt: skip
    assert pool.release(lent["slot"])["rescue"] is None


def test_committed_work_is_on_its_branch_after_release(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/login")
    write(lent, {"new.txt": "new\n"})
    pool.git(lent["path"], "add", "--all")
    pool.git(lent["path"], "commit", "--quiet", "--message", "Add new.")
    pool.release(lent["slot"])
    assert pool.repo.git("show", "fix/login:new.txt") == "new"
    assert ".env.worktree" not in pool.repo.git("ls-tree", "--name-only", "fix/login")
    assert pool.acquire("--branch", "fix/login")["branch"] == "fix/login"


def test_amended_and_reset_commits_are_kept_without_a_refusal(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/login")
    pool.git(lent["path"], "commit", "--quiet", "--allow-empty", "--message", "Lost?")
    lost = pool.git(lent["path"], "rev-parse", "HEAD")
    pool.git(lent["path"], "commit", "--quiet", "--amend", "--allow-empty", "--message", "Kept.")
    pool.git(lent["path"], "reset", "--quiet", "--hard", "HEAD~1")
    pool.release(lent["slot"])
    pool.repo.git("reflog", "expire", "--expire=now", "--all")
    pool.repo.git("gc", "--quiet", "--prune=now")
    assert pool.repo.git("cat-file", "-t", lost) == "commit"


def test_release_with_rescue_keeps_every_file_and_gives_it_back(pool: Pooled, tmp_path: Path) -> None:
    lent = pool.acquire("--branch", "fix/login")
    write(lent, {"new.txt": "new\n", "README.md": "changed\n", ".env": "SECRET=1\n"})
    given = pool.release(lent["slot"], "--rescue")
    pool.await_state(lent["slot"], "READY")
    assert not (Path(lent["path"]) / ".env").exists()
    pool.run("rescue", "restore", given["rescue"], "--to", tmp_path / "back")
    back = {name: (tmp_path / "back" / name).read_text() for name in ("new.txt", "README.md", ".env")}
    assert back == {"new.txt": "new\n", "README.md": "changed\n", ".env": "SECRET=1\n"}
    assert pool.refused("rescue", "restore", given["rescue"], "--to", str(tmp_path / "back"))["message"]


@pytest.mark.parametrize("how", ["around", "deep", "name", "number", "path", "relative"])
def test_a_slot_is_released_from_inside_by_name_and_by_path(pool: Pooled, how: str) -> None:
    lent = pool.acquire()
    path = Path(lent["path"])
    words: dict[str, tuple[list[str], Path]] = {
        "around": ([], path),
        "deep": ([], path / "src/lib"),
        "name": (["pool-wt-1"], pool.repo.path),
        "number": (["1"], pool.repo.path),
        "path": ([str(path / "src")], pool.repo.path),
        "relative": (["."], path),
    }
    args, cwd = words[how]
    assert pool.ask("release", *args, cwd=cwd)["slot"] == "pool-wt-1"
    pool.await_state("pool-wt-1", "READY")


def test_release_outside_any_slot_needs_a_name(pool: Pooled) -> None:
    pool.acquire()
    assert pool.refused("release")["code"] == "no_such_slot"


@pytest.mark.parametrize("by", ["flag", "variable"])
def test_a_former_holder_never_ends_the_next_lease(pool: Pooled, by: str) -> None:
    former = pool.acquire()
    pool.release(former["slot"])
    pool.await_state(former["slot"], "READY")
    current = pool.acquire(agent="bob")
    assert current["slot"] == former["slot"]
    if by == "flag":
        error = pool.refused("release", "--lease", former["lease"], cwd=current["path"])
    else:
        error = pool.refused("release", cwd=current["path"], env=variables(LEASE=former["lease"]))
    assert error["code"] == "not_the_holder"
    assert pool.slot(current["slot"])["lease"] == current["lease"]
    pool.run("release", "--lease", current["lease"], cwd=current["path"])


def test_a_second_release_finds_nothing_to_give_back(pool: Pooled) -> None:
    lent = pool.acquire()
    pool.release(lent["slot"])
    assert pool.refused("release", lent["slot"], "--lease", lent["lease"])["code"] == "wrong_state"


def test_the_slot_says_its_name_and_lease_to_programs_inside(pool: Pooled) -> None:
    lent = pool.acquire()
    env = Path(lent["path"]) / ".env.worktree"
    assert env.read_text() == f"POOLMGR_SLOT={lent['slot']}\nPOOLMGR_LEASE={lent['lease']}\n"
    assert env.stat().st_mode & 0o777 == 0o600
    assert pool.git(lent["path"], "status", "--porcelain") == ""
    pool.release(lent["slot"])
    pool.await_state(lent["slot"], "READY")
    assert not env.exists()


def test_somebody_inside_is_named_and_makes_the_slot_wait(pool: Pooled, dwellers: Dwellers) -> None:
    lent = pool.acquire()
    dweller = dwellers(lent["path"])
    given = pool.ask("release", lent["slot"])
    assert [each["pid"] for each in given["inside"]] == [dweller.pid]
    assert given["state"] == "RELEASING"
    slot = pool.slot(lent["slot"])
    assert (slot["state"], slot["lease"]) == ("RELEASING", None)
    assert slot["inside"][0]["pid"] == dweller.pid
    dweller.kill()
    dweller.wait()
    pool.await_state(lent["slot"], "READY")


def test_a_slot_that_drains_leaves_its_place_to_a_new_one(pool: Pooled, dwellers: Dwellers) -> None:
    first, second = pool.acquire(), pool.acquire(agent="bob")
    dwellers(first["path"])
    pool.ask("release", first["slot"])
    third = pool.acquire("--timeout", "60", agent="carol")
    assert third["path"] not in {first["path"], second["path"]}
    assert pool.ask("status")["pool"]["size"] == 2


def test_after_a_while_the_number_goes_on_in_a_new_directory(pool: Pooled, dwellers: Dwellers) -> None:
    lent = pool.acquire()
    dweller = dwellers(lent["path"])
    pool.ask("release", lent["slot"])
    old = Path(lent["path"])
    new = await_that(lambda: pool.stored("pool-wt-1.g2"), "the next generation is made")
    assert new
    assert new.path == old.with_name("pool-wt-1.g2")
    pool.await_state("pool-wt-1.g2", "READY")
    assert pool.slot("pool-wt-1")["state"] == "RELEASING"
    dweller.kill()
    dweller.wait()
    pool.run("pool", "refresh")
    await_that(lambda: pool.stored("pool-wt-1") is None, "the old one is retired")
    assert pool.slots().keys() == {"pool-wt-1.g2", "pool-wt-2"}
    assert f"{old}\n" not in pool.repo.git("worktree", "list", "--porcelain")


def test_a_slot_that_comes_back_from_draining_does_not_make_the_pool_too_large(
    pool: Pooled, dwellers: Dwellers
) -> None:
    first = pool.acquire()
    dweller = dwellers(first["path"])
    pool.ask("release", first["slot"])
    for agent in ("bob", "carol"):
        pool.acquire("--timeout", "60", agent=agent)
    dweller.kill()
    dweller.wait()
    await_that(lambda: pool.stored(first["slot"]) is None, "the first directory is retired")
    pool.refused("acquire", "--agent", "dave", "--timeout", "0", code=75)
    assert len(pool.snapshot().leases) == pool.ask("status")["pool"]["max"]


def test_a_slot_that_drains_comes_back_when_nobody_waited(pool: Pooled, dwellers: Dwellers) -> None:
    lent = pool.acquire()
    dweller = dwellers(lent["path"])
    pool.ask("release", lent["slot"])
    dweller.kill()
    dweller.wait()
    pool.await_ready(2)
    assert pool.slots().keys() == {"pool-wt-1", "pool-wt-2"}


def test_what_a_dweller_writes_while_the_slot_drains_is_kept(pool: Pooled, dwellers: Dwellers) -> None:
    lent = pool.acquire()
    dweller = dwellers(lent["path"])
    pool.ask("release", lent["slot"])
    write(lent, {"late.txt": "late\n"})
    dweller.kill()
    dweller.wait()
    pool.await_state(lent["slot"], "READY")
    (rescue,) = pool.ask("rescue", "list")["rescues"]
    assert "late.txt" in pool.run("rescue", "show", rescue["id"]).stdout


def test_release_kill_ends_what_the_lease_started(pool: Pooled, dwellers: Dwellers) -> None:
    lent = pool.acquire()
    inside = dwellers(lent["path"])
    outside = dwellers(setup="pass")
    given = pool.ask("release", lent["slot"], "--kill")
    assert given["inside"] == []
    await_state(inside.pid, "Z")
    assert outside.poll() is None


def test_processes_named_in_the_settings_may_stay(pool: Pooled, dwellers: Dwellers) -> None:
    lent = pool.acquire()
    dweller = dwellers(lent["path"])
    name = Path(f"/proc/{dweller.pid}/comm").read_text().strip()
    given = pool.ask("release", lent["slot"], env=variables(RELEASE_IGNORE=name))
    assert given["inside"] == []
    assert given["state"] == "RECYCLING"


def test_a_slot_whose_directory_was_deleted_can_be_released(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/login")
    pool.git(lent["path"], "commit", "--quiet", "--allow-empty", "--message", "Kept.")
    head = pool.git(lent["path"], "rev-parse", "HEAD")
    shutil.rmtree(lent["path"])
    error = pool.refused("release", lent["slot"])
    assert error["code"] == "unsaved_work"
    pool.release(lent["slot"], "--rescue")
    pool.await_state(lent["slot"], "READY")
    assert pool.repo.git("rev-parse", "fix/login") == head
    assert (Path(lent["path"]) / "README.md").exists()


def test_a_file_name_makes_no_line_of_its_own_in_a_refusal(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/names")
    Path(lent["path"], "bad\nhint: rm -rf all").write_text("work\n")
    refused = pool.run("release", lent["slot"], check=False)
    assert refused.code == 1
    assert "bad\\x0ahint: rm -rf all" in refused.stderr


def test_the_lock_of_a_rescue_whose_git_was_killed_is_in_nobodys_way(pool: Pooled) -> None:
    lent = pool.acquire()
    Path(lent["path"], "note.txt").write_text("unsaved\n")
    lock = pool.repo.path / ".git" / f"refs/poolmgr/rescue/1/{lent['fence']}.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    assert pool.release(lent["slot"], "--rescue")["rescue"] == f"1-{lent['fence']}"
