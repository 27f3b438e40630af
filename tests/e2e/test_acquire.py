"""Lending a slot: its branch, who else has it, and what is said of others' work."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.e2e.pooled import Pooled, variables


def test_a_slot_is_lent_on_a_new_branch_from_the_base(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/login")
    assert pool.git(lent["path"], "symbolic-ref", "HEAD") == "refs/heads/fix/login"
    assert pool.git(lent["path"], "rev-parse", "HEAD") == pool.repo.git("rev-parse", "main")
    assert pool.git(lent["path"], "status", "--porcelain", "--ignored", "--untracked-files=all") == (
        "!! .env.worktree"
    )
    assert pool.git(lent["path"], "ls-files") == pool.repo.git("ls-files")


def test_a_branch_that_exists_is_checked_out_where_it_stands(pool: Pooled) -> None:
    pool.repo.git("branch", "old", "main~2")
    lent = pool.acquire("--branch", "old")
    assert pool.git(lent["path"], "rev-parse", "HEAD") == pool.repo.git("rev-parse", "main~2")
    assert pool.git(lent["path"], "status", "--porcelain") == ""
    assert not Path(lent["path"], "CHANGES").exists()


def test_without_a_branch_one_is_named_by_the_settings(pool: Pooled) -> None:
    assert pool.acquire(agent="alice")["branch"].startswith("alice/1-")
    named = pool.acquire(agent="b.o@b", env=variables(POOL_BRANCH="work/{agent}-{fence}"))
    assert named["branch"] == f"work/b-o-b-{named['fence']}"


def test_the_agent_is_whoever_the_environment_says(pool: Pooled) -> None:
    lent = pool.ask("acquire", env=variables(AGENT="robot"))
    assert lent["agent"] == "robot"


def test_a_branch_in_another_slot_is_refused_with_its_holder(pool: Pooled) -> None:
    pool.acquire("--branch", "fix/login")
    error = pool.refused("acquire", "--agent", "bob", "--branch", "fix/login")
    assert (error["code"], error["agent"], error["slot"]) == ("branch_held", "alice", "pool-wt-1")
    assert error["since"] in error["message"]
    assert pool.slot("pool-wt-2")["state"] == "READY"
    assert pool.ask("status")["queue"] == []


def test_the_branch_of_the_users_checkout_is_refused(pool: Pooled) -> None:
    error = pool.refused("acquire", "--agent", "bob", "--branch", "main")
    assert (error["code"], error["path"]) == ("branch_held", str(pool.repo.path))
    pool.cli.settle()
    pool.await_ready(2)
    assert pool.repo.git("symbolic-ref", "HEAD") == "refs/heads/main"


def test_a_branch_in_a_worktree_made_by_hand_is_refused(pool: Pooled, tmp_path: Path) -> None:
    pool.repo.git("worktree", "add", "--quiet", "-b", "mine", str(tmp_path / "mine"))
    error = pool.refused("acquire", "--branch", "mine")
    assert (error["code"], error["path"]) == ("branch_held", str(tmp_path / "mine"))


def test_a_branch_that_is_being_rebased_elsewhere_is_refused(pool: Pooled, tmp_path: Path) -> None:
    place = tmp_path / "mine"
    pool.repo.git("worktree", "add", "--quiet", "-b", "mine", str(place))
    (place / "README.md").write_text("mine\n")
    pool.git(place, "commit", "--quiet", "--all", "--message", "Mine.")
    pool.repo.commit("Theirs.", {"README.md": "theirs\n"})
    pool.git(place, "rebase", "main", check=False)
    assert pool.git(place, "symbolic-ref", "--quiet", "HEAD", check=False) == ""
    assert pool.refused("acquire", "--branch", "mine")["code"] == "branch_held"


def test_a_branch_that_is_being_bisected_elsewhere_is_refused(pool: Pooled, tmp_path: Path) -> None:
    place = tmp_path / "mine"
    pool.repo.git("worktree", "add", "--quiet", "-b", "mine", str(place))
    pool.git(place, "bisect", "start")
    pool.git(place, "bisect", "bad")
    pool.git(place, "bisect", "good", "HEAD~2")
    assert pool.refused("acquire", "--branch", "mine")["code"] == "branch_held"


@pytest.mark.parametrize(("first", "second"), [("fix", "fix/login"), ("fix/login", "fix")])
def test_a_branch_that_cannot_stand_beside_another_is_refused(pool: Pooled, first: str, second: str) -> None:
    pool.acquire("--branch", first)
    error = pool.refused("acquire", "--agent", "bob", "--branch", second, code=2)
    assert first in error["message"]
    assert pool.ask("status")["queue"] == []
    assert pool.acquire("--branch", error["hint"].split()[-1], agent="bob")["slot"]


def test_a_branch_someone_else_just_had_is_lent_with_a_warning(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/login")
    pool.git(lent["path"], "commit", "--quiet", "--allow-empty", "--message", "Work.")
    pool.release(lent["slot"])
    warnings = " ".join(pool.acquire("--branch", "fix/login", "--timeout", "60", agent="bob")["warnings"])
    assert "alice" in warnings
    assert "fix/login was changed" in warnings


def test_an_old_branch_is_lent_without_a_warning(pool: Pooled) -> None:
    pool.repo.git("branch", "old", "main~1")
    assert pool.acquire("--branch", "old", env=variables(ACTIVITY_WARN="0s"))["warnings"] == []


def test_ones_own_recent_work_is_no_warning_about_others(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/login")
    pool.release(lent["slot"])
    again = pool.acquire("--branch", "fix/login", "--timeout", "60")
    assert not [warning for warning in again["warnings"] if "given back" in warning]


def test_a_refusal_that_comes_late_leaves_the_slot_free(pool: Pooled) -> None:
    pool.repo.git("branch", "taken")
    pool.repo.git("checkout", "--quiet", "taken")
    pool.refused("acquire", "--branch", "taken")
    pool.await_ready(2)
    assert len({pool.acquire(agent=agent)["slot"] for agent in ("alice", "bob")}) == 2


def test_a_refused_branch_is_not_left_behind(pool: Pooled) -> None:
    before = pool.repo.git("for-each-ref", "refs/heads")
    pool.acquire("--branch", "fix")
    pool.refused("acquire", "--agent", "bob", "--branch", "fix/login", code=2)
    pool.await_state("pool-wt-2", "READY")
    after = pool.repo.git("for-each-ref", "refs/heads", "--format=%(refname)")
    assert set(after.split()) == {"refs/heads/main", "refs/heads/fix"}
    assert "fix/login" not in before


def test_it_works_from_a_subdirectory_from_a_slot_and_with_repo(pool: Pooled, tmp_path: Path) -> None:
    first = pool.acquire(agent="a", cwd=pool.repo.path / "src")
    second = pool.acquire(agent="b", cwd=first["path"])
    assert second["path"] != first["path"]
    pool.run("release", cwd=second["path"])
    pool.await_state(second["slot"], "READY")
    third = pool.run("acquire", "--repo", pool.repo, "--json", "--agent", "c", cwd=tmp_path).json()
    assert third["slot"] == second["slot"]


def test_what_somebody_wrote_into_a_free_slot_is_not_lost(pool: Pooled) -> None:
    pool.repo.git("branch", "old", "main~2")
    place = pool.repo.path.with_name("repo.worktrees") / "pool-wt-1"
    (place / "stray.txt").write_text("stray\n")
    (place / "CHANGES").write_text("changed\n")
    lents = [
        pool.acquire("--timeout", "60", *args, agent=agent)
        for agent, args in (("alice", ("--branch", "old")), ("bob", ()))
    ]
    for lent in lents:
        pool.release(lent["slot"], "--rescue")
    pool.await_ready(2)
    kept: dict[str, set[str]] = {}
    for rescue in pool.ask("rescue", "list")["rescues"]:
        to = pool.repo.path.with_name(f"back-{rescue['id']}")
        pool.run("rescue", "restore", rescue["id"], "--to", to)
        for name in ("stray.txt", "CHANGES"):
            if (to / name).exists():
                kept.setdefault(name, set()).add((to / name).read_text())
    assert "stray\n" in kept["stray.txt"]
    assert "changed\n" in kept["CHANGES"]


def test_a_detached_checkout_of_the_user_is_no_obstacle(pool: Pooled) -> None:
    pool.repo.git("checkout", "--quiet", "--detach")
    assert pool.acquire("--branch", "main")["branch"] == "main"


def test_an_agent_can_work_as_in_any_worktree(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/login")
    Path(lent["path"], "new.txt").write_text("new\n")
    for words in (("add", "--all"), ("commit", "--quiet", "-m", "New."), ("pull", "--quiet", "..", "main")):
        subprocess.run(
            ("git", *words), cwd=lent["path"], check=words[0] != "pull", timeout=60, capture_output=True
        )
    assert pool.git(lent["path"], "log", "-1", "--format=%s") == "New."
    assert ".env.worktree" not in pool.git(lent["path"], "ls-files")
