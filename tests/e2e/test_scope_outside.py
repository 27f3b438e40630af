"""What counts as outside for release and scope check: not what was there before, not what a setting says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.pooled import Json, Pooled
from tests.fixtures.commands import Commands
from tests.fixtures.repositories import Repositories

GUIDE = "docs/guide.md"
OFF = ("-c", "core.hooksPath=/dev/null")


@pytest.fixture
def pool(make_repo: Repositories, run_cli: Commands) -> Pooled:
    """A pool of one slot."""
    repo = make_repo("repo", files={"src/app.py": "0\n", GUIDE: "Start.\n", "tools/run": "x\n"}, commits=1)
    pooled = Pooled(repo, run_cli)
    pooled.init(1)
    return pooled


def lend(pool: Pooled, *more: str, branch: str = "fix/login") -> Json:
    return pool.acquire("--branch", branch, "--scope", "/src", *more)


def smuggle(pool: Pooled, lent: Json, name: str = GUIDE) -> None:
    """A commit that no hook looked at."""
    place = Path(lent["path"]) / name
    place.parent.mkdir(exist_ok=True)
    place.write_text("Smuggled.\n")
    pool.git(lent["path"], *OFF, "add", "--sparse", name)
    pool.git(lent["path"], *OFF, "commit", "--quiet", "--no-verify", "--message", "Smuggled.")


def plumbed(pool: Pooled, lent: Json, without: str = "docs") -> str:
    """A commit made of objects, on no branch, that takes a directory out."""
    listed = pool.git(lent["path"], "ls-tree", "HEAD").splitlines()
    tree = pool.repo.git("mktree", stdin="".join(f"{each}\n" for each in listed if without not in each))
    return pool.repo.git("commit-tree", tree, "-p", "main", "-m", "Smuggled.")


def test_what_is_let_go_is_on_record_and_not_held_against_the_next_holder(pool: Pooled) -> None:
    lent = lend(pool)
    smuggle(pool, lent)
    pool.release(lent["slot"], "--allow-outside")
    shown = {each["branch"]: each for each in pool.ask("branches")["branches"]}
    assert GUIDE in str(shown["fix/login"])
    again = lend(pool)
    checked = pool.ask("scope", "check", cwd=again["path"])
    assert checked["inside"]
    assert [(each["path"], each["inherited"]) for each in checked["outside"]] == [(GUIDE, True)]
    smuggle(pool, again, "tools/run")
    assert pool.refused("release", again["slot"])["paths"] == ["tools/run"]


def test_branches_made_in_a_slot_answer_for_what_was_made_for_them(pool: Pooled, tmp_path: Path) -> None:
    lent = lend(pool)
    made = plumbed(pool, lent)
    pool.git(lent["path"], "branch", "plumbed", made)
    pool.git(lent["path"], "worktree", "add", "--quiet", "-b", "beside", str(tmp_path / "beside"))
    smuggle(pool, {"path": str(tmp_path / "beside")}, "tools/run")
    pool.git(lent["path"], "checkout", "--quiet", "plumbed")
    refused = pool.refused("release", lent["slot"])
    assert "git switch fix/login" in refused["hint"]
    assert {(each["path"], each["branch"]) for each in refused["outside"]} == {
        (GUIDE, "plumbed"), ("tools/run", "beside"),
    }  # fmt: skip
    pool.git(lent["path"], "checkout", "--quiet", "fix/login")
    pool.git(lent["path"], "branch", "--quiet", "-D", "plumbed")
    pool.git(lent["path"], "update-ref", "refs/heads/beside", "main")
    assert pool.release(lent["slot"])["outside"] == []


def test_a_branch_fetched_into_a_slot_is_not_its_holders_doing(pool: Pooled, tmp_path: Path) -> None:
    pool.repo.git("clone", "--quiet", "--bare", str(pool.repo.path), str(tmp_path / "origin.git"))
    pool.repo.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    lent = lend(pool)
    theirs = plumbed(pool, lent)
    pool.git(lent["path"], "push", "--quiet", "origin", f"{theirs}:refs/pull/1/head")
    pool.git(lent["path"], "fetch", "--quiet", "origin", "refs/pull/1/head:asked")
    pool.git(lent["path"], "branch", "--quiet", "-D", "asked")
    pool.git(lent["path"], "fetch", "--quiet", "origin", "refs/pull/1/head")
    pool.git(lent["path"], "checkout", "--quiet", "-b", "looked-at", "FETCH_HEAD")
    assert pool.ask("scope", "check", cwd=lent["path"])["outside"] == []
    pool.git(lent["path"], "fetch", "--quiet", ".", f"{plumbed(pool, lent, 'tools')}:refs/heads/again")
    assert [each["branch"] for each in pool.refused("release", lent["slot"])["outside"]] == ["again"]


def test_what_a_branch_had_is_on_record_unless_it_is_at_the_remote(pool: Pooled) -> None:
    lent = lend(pool)
    pool.git(lent["path"], *OFF, "branch", "unseen", plumbed(pool, lent))
    pool.release(lent["slot"])
    pool.release(lend(pool, branch="unseen")["slot"])
    shown = {each["branch"]: each["outside"] for each in pool.ask("branches")["branches"]}
    assert shown == {"fix/login": [], "unseen": [GUIDE]}


def test_what_a_branch_had_at_the_remote_is_not_its_holders_doing(pool: Pooled) -> None:
    pool.repo.git("checkout", "--quiet", "-b", "theirs")
    pool.repo.commit("Theirs.", {GUIDE: "Theirs.\n"})
    pool.repo.git("checkout", "--quiet", "main")
    pool.repo.git("update-ref", "refs/remotes/origin/theirs", "theirs")
    pool.repo.git("branch", "--quiet", "-D", "theirs")
    lent = lend(pool, "--track", branch="theirs")
    checked = pool.ask("scope", "check", cwd=lent["path"])
    assert [(each["path"], each["inherited"]) for each in checked["outside"]] == [(GUIDE, True)]
    pool.release(lent["slot"])
    (branch,) = pool.ask("branches")["branches"]
    assert (branch["state"], branch["slot"], branch["outside"]) == ("open", None, [])
    lent = lend(pool, branch="theirs")
    smuggle(pool, lent, "tools/run")
    assert pool.refused("release", lent["slot"])["paths"] == ["tools/run"]


def test_a_branch_is_compared_with_the_base_that_is_named(pool: Pooled) -> None:
    lent = lend(pool)
    pool.repo.git("branch", "other")
    pool.repo.git("checkout", "--quiet", "other")
    pool.repo.commit("Another line.", {GUIDE: "Other.\n"})
    pool.repo.git("checkout", "--quiet", "main")
    pool.git(lent["path"], *OFF, "merge", "--quiet", "other")
    assert pool.refused("release", lent["slot"])["paths"] == [GUIDE]
    assert pool.ask("scope", "check", "--base", "other", cwd=lent["path"])["inside"]
    checked = pool.run("scope", "check", "--base", "main", "--json", cwd=lent["path"], check=False)
    assert checked.json()["paths"] == [GUIDE]


def test_a_setting_in_the_environment_of_release_excuses_nothing(pool: Pooled) -> None:
    lent = lend(pool)
    pool.git(lent["path"], "commit", "--quiet", "--allow-empty", "--message", "Empty.")
    oid = pool.repo.git("hash-object", "-w", "--stdin", stdin="Smuggled.\n")
    pool.git(lent["path"], "update-index", "--add", "--cacheinfo", f"100644,{oid},SRC/app.py")
    pool.git(lent["path"], *OFF, "commit", "--quiet", "--message", "Smuggled.")
    folding = {
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.ignoreCase", "GIT_CONFIG_VALUE_0": "true",
        "GIT_DIR": "/nowhere", "GIT_REPLACE_REF_BASE": "refs/heads/", "GIT_SHALLOW_FILE": "/dev/null",
    }  # fmt: skip
    assert pool.refused("release", lent["slot"], env=folding)["paths"] == ["SRC/app.py"]


def test_a_base_that_the_last_fetch_left_out_is_to_be_fetched_again(pool: Pooled) -> None:
    pool.repo.git("remote", "add", "origin", str(pool.repo.path))  # what is fetched is on its main
    pool.repo.git("fetch", "--quiet", "origin")
    pool.repo.git("branch", "feature")
    lent = lend(pool, "--base", "origin/main")
    pool.repo.git("checkout", "--quiet", "--detach")
    pool.repo.commit("A colleague's.", {GUIDE: "Newer.\n"})
    pool.repo.git("update-ref", "refs/heads/main", "HEAD")
    pool.git(lent["path"], "fetch", "--quiet", "origin")
    pool.git(lent["path"], "merge", "--quiet", "origin/main")
    pool.git(lent["path"], "fetch", "--quiet", "origin", "feature")
    refused = pool.refused("release", lent["slot"])
    assert refused["paths"] == [GUIDE]
    assert "git fetch origin main" in refused["hint"]
    pool.git(lent["path"], "fetch", "--quiet", "origin", "main")
    assert pool.release(lent["slot"])["outside"] == []


def test_a_remote_that_was_added_during_the_lease_is_no_base(pool: Pooled, tmp_path: Path) -> None:
    lent = lend(pool)
    elsewhere = tmp_path / "elsewhere"
    pool.repo.git("clone", "--quiet", str(pool.repo.path), str(elsewhere))
    (elsewhere / GUIDE).write_text("Smuggled.\n")
    pool.git(elsewhere, "commit", "--quiet", "--all", "--message", "Smuggled.")
    pool.git(lent["path"], "remote", "add", "origin", str(elsewhere))
    pool.git(lent["path"], *OFF, "pull", "--quiet", "origin", "main")
    refused = pool.refused("release", lent["slot"])
    assert refused["paths"] == [GUIDE]
    assert "git fetch" not in refused["hint"]


def test_what_is_committed_where_a_slot_was_parked_is_on_record_when_it_is_adopted(pool: Pooled) -> None:
    lent = lend(pool)
    huge = Path(lent["path"], "src/huge.bin")
    with huge.open("wb") as stream:
        stream.truncate(5 * 1024**3)  # more than a rescue may hold
    pool.release(lent["slot"], "--rescue")
    parked = pool.slot(lent["slot"])
    assert parked["state"] == "PARKED"
    smuggle(pool, parked)
    Path(parked["path"], "src/huge.bin").unlink()
    pool.run("pool", "adopt", lent["slot"])
    shown = {each["branch"]: each for each in pool.ask("branches")["branches"]}
    assert shown["fix/login"]["outside"] == [GUIDE]
