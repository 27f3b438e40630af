"""What a new branch starts from, how old it is, and that nobody fetches unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.pooled import Pooled, variables
from tests.fixtures.commands import Commands
from tests.fixtures.repositories import Repository


@pytest.fixture
def cloned(remote_repo: Repository, run_cli: Commands) -> Pooled:
    """A pool in a clone, whose remote lies beside it."""
    run_cli.background = ("worker*.lock",)
    made = Pooled(remote_repo, run_cli)
    made.init(2)
    return made


@pytest.fixture
def upstream(cloned: Pooled, tmp_path: Path) -> Repository:
    """Somebody else's clone, who pushes."""
    cloned.repo.git("clone", "--quiet", str(tmp_path / "origin.git"), str(tmp_path / "other"))
    return Repository(tmp_path / "other")


def push(upstream: Repository, branch: str = "main") -> str:
    """A new commit at the remote."""
    if branch != "main":
        upstream.git("checkout", "--quiet", "-b", branch)
    oid = upstream.commit(f"News on {branch}.", {f"{branch}.txt": "news\n"})
    upstream.git("push", "--quiet", "origin", branch)
    return oid


def test_the_base_is_the_remotes_default_branch_as_last_fetched(cloned: Pooled) -> None:
    cloned.repo.commit("Local only.", {"local.txt": "local\n"})
    lent = cloned.acquire("--branch", "fix")
    assert lent["base"] == cloned.repo.git("rev-parse", "origin/main")
    assert lent["base_ref"] == "origin/main"
    assert cloned.git(lent["path"], "config", "branch.fix.remote", check=False) == ""


def test_without_a_remote_the_base_is_the_local_default_branch(pool: Pooled) -> None:
    assert pool.acquire()["base_ref"] == "main"


def test_a_base_can_be_named(pool: Pooled) -> None:
    pool.repo.git("tag", "v1", "main~2")
    by_flag = pool.acquire("--base", "v1", "--branch", "a")
    by_setting = pool.acquire("--branch", "b", env=variables(POOL_BASE="v1"))
    for lent in (by_flag, by_setting):
        assert lent["base"] == pool.repo.git("rev-parse", "v1^{commit}")
        assert pool.git(lent["path"], "rev-parse", "HEAD") == lent["base"]
        assert pool.git(lent["path"], "status", "--porcelain") == ""


@pytest.mark.parametrize(
    "name", ["no-such", "--exec=touch x", "-x", "a\nb", "main:README.md", "HEAD^{tree}", ""]
)
def test_a_base_that_is_no_commit_is_refused(pool: Pooled, name: str) -> None:
    result = pool.run("acquire", f"--base={name}", "--json", check=False)
    assert result.code == 2, result.stdout
    assert pool.ask("status")["queue"] == []
    assert pool.snapshot().leases == ()


def test_nobody_fetches_unasked(cloned: Pooled, upstream: Repository) -> None:
    new = push(upstream)
    assert cloned.acquire("--branch", "a")["base"] != new
    cloned.run("status")
    cloned.run("pool", "refresh")
    assert cloned.repo.git("rev-parse", "origin/main") != new
    assert not (cloned.repo.path / ".git/FETCH_HEAD").exists()


@pytest.mark.parametrize("how", ["flag", "setting"])
def test_who_asks_for_it_gets_the_news(cloned: Pooled, upstream: Repository, how: str) -> None:
    new = push(upstream)
    if how == "flag":
        lent = cloned.acquire("--branch", "a", "--fetch")
    else:
        lent = cloned.acquire("--branch", "a", env=variables(POOL_FETCH="true"))
    assert lent["base"] == new
    assert Path(lent["path"], "main.txt").read_text() == "news\n"


def test_a_remotes_branch_is_taken_up_only_when_asked(cloned: Pooled, upstream: Repository) -> None:
    theirs = push(upstream, "feature")
    own = cloned.acquire("--branch", "feature", "--fetch")
    assert own["base"] == cloned.git(own["path"], "rev-parse", "HEAD") != theirs
    assert any("--track" in warning for warning in own["warnings"])
    cloned.release(own["slot"])
    cloned.repo.git("branch", "--delete", "--force", "feature")
    taken = cloned.acquire("--branch", "feature", "--track", "--timeout", "60")
    assert not any("--track" in warning for warning in taken["warnings"])
    assert cloned.git(taken["path"], "rev-parse", "HEAD") == theirs
    assert cloned.git(taken["path"], "rev-parse", "--abbrev-ref", "feature@{upstream}") == "origin/feature"


def test_what_the_remote_does_not_have_cannot_be_tracked(cloned: Pooled) -> None:
    assert "track" in cloned.refused("acquire", "--branch", "nowhere", "--track")["message"]


def test_free_slots_move_to_the_base_on_demand(cloned: Pooled, upstream: Repository) -> None:
    new = push(upstream)
    answer = cloned.ask("pool", "refresh", "--fetch")
    assert answer["refreshed"] == ["pool-wt-1", "pool-wt-2"]
    assert {slot["base"] for slot in cloned.slots().values()} == {new}
    place = cloned.slot("pool-wt-1")["path"]
    assert cloned.git(place, "rev-parse", "HEAD") == new
    assert cloned.ask("pool", "refresh")["refreshed"] == []


def test_where_says_how_far_the_base_lags(cloned: Pooled, upstream: Repository) -> None:
    lent = cloned.acquire("--branch", "a")
    push(upstream)
    cloned.repo.git("fetch", "--quiet")
    where = cloned.ask("where", cwd=lent["path"])
    assert where["behind"] == 1
    assert "1 commits behind origin/main" in cloned.run("where", cwd=lent["path"]).stdout


def test_a_remote_by_another_name_serves_as_well(
    make_repo: object, run_cli: Commands, tmp_path: Path
) -> None:
    source = make_repo("seed")  # type: ignore[operator]
    source.git("clone", "--quiet", "--origin", "company", str(source.path), str(tmp_path / "clone"))
    run_cli.background = ("worker*.lock",)
    pool = Pooled(Repository(tmp_path / "clone"), run_cli)
    pool.init(1)
    assert pool.acquire("--branch", "a")["base_ref"] == "company/main"
