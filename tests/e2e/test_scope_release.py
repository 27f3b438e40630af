"""What a branch changes beyond its scope is never let go unseen, by whatever road the lease ends."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from poolmgr.services.ground import marks
from tests.e2e.pooled import Json, Pooled
from tests.e2e.shop import ALWAYS, commit_past_guards, files_in
from tests.fixtures.patience import await_that

DOCS = ALWAYS | {"docs/guide/start.md", "docs/plan.md"}


def branch_of(pool: Pooled, name: str) -> Json:
    return next(each for each in pool.ask("branches")["branches"] if each["branch"] == name)


def test_a_branch_beyond_its_scope_is_refused_then_on_record(open_shop: Pooled) -> None:
    lent = open_shop.acquire("--scope", "docs/**", "--branch", "beyond")
    commit_past_guards(open_shop, lent, "src/pay/card.py")
    for words in ((), ("--rescue",), ("--kill",)):
        error = open_shop.refused("release", lent["slot"], *words)
        assert (error["code"], error["paths"]) == ("outside_scope", ["src/pay/card.py"])
    assert open_shop.slot(lent["slot"])["state"] == "LEASED"
    answer = open_shop.release(lent["slot"], "--allow-outside")
    assert [each["path"] for each in answer["outside"]] == ["src/pay/card.py"]
    assert branch_of(open_shop, "beyond")["outside"] == ["src/pay/card.py"]
    assert "src/pay/card.py" in open_shop.run("branches").stdout


def test_a_slot_that_is_taken_has_its_branch_on_record_too(open_shop: Pooled) -> None:
    lent = open_shop.acquire("--scope", "docs/**", "--branch", "taken")
    commit_past_guards(open_shop, lent, "src/login/form.py")
    open_shop.run("reclaim", lent["slot"])
    assert branch_of(open_shop, "taken")["outside"] == ["src/login/form.py"]


def test_a_dead_holders_branch_is_on_record_too(open_shop: Pooled) -> None:
    holder = subprocess.Popen(("sleep", "600"))
    lent = open_shop.acquire("--scope", "docs/**", "--branch", "orphan", "--pid", str(holder.pid))
    commit_past_guards(open_shop, lent, "src/login/form.py")
    holder.kill()
    holder.wait()
    open_shop.run("doctor", "--fix", check=False)
    await_that(lambda: not open_shop.snapshot().leases, "the lease is over")
    assert branch_of(open_shop, "orphan")["outside"] == ["src/login/form.py"]


def test_what_is_shared_is_reported_and_not_refused(open_shop: Pooled) -> None:
    lent = open_shop.acquire("--scope", "docs/**", "--branch", "shared")
    Path(lent["path"], "package-lock.json").write_text("{}\n")
    open_shop.git(lent["path"], "add", "package-lock.json")
    open_shop.git(lent["path"], "commit", "-q", "-m", "Lock.")
    answer = open_shop.release(lent["slot"])
    assert [(each["path"], each["shared"]) for each in answer["outside"]] == [("package-lock.json", True)]
    assert branch_of(open_shop, "shared")["outside"] == []


def test_what_is_shared_is_settled_when_the_lease_begins(open_shop: Pooled) -> None:
    lent = open_shop.acquire("--scope", "docs/**")
    commit_past_guards(open_shop, lent, "src/pay/card.py")
    wide = {"POOLMGR_SCOPE_SHARED": "src/"}
    assert open_shop.refused("release", lent["slot"], env=wide)["code"] == "outside_scope"


def test_a_release_says_what_was_done_to_the_guards(open_shop: Pooled) -> None:
    lent = open_shop.acquire("--scope", "docs/**")
    open_shop.git(lent["path"], "config", "--worktree", "core.hooksPath", "/dev/null")
    assert open_shop.release(lent["slot"])["guards"]


def test_a_slot_keeps_its_view_and_serves_the_same_scope_again(open_shop: Pooled) -> None:
    first = open_shop.acquire("--scope", "docs/**")
    Path(first["path"], "docs/plan.md").write_text("more\n")
    open_shop.git(first["path"], "commit", "-q", "-a", "-m", "More.")
    open_shop.release(first["slot"])
    view = open_shop.stored(first["slot"])
    again = open_shop.acquire("--scope", "docs/**", "--base", "main")
    assert view is not None
    assert view.view
    assert (again["slot"], files_in(again)) == (first["slot"], DOCS)
    assert Path(again["path"], "docs/plan.md").read_text() == "plan\n"
    assert any(not slot.view for slot in open_shop.snapshot().slots)


def test_a_rebuilt_state_knows_the_scope(open_shop: Pooled) -> None:
    lent = open_shop.acquire("--scope", "docs/**", "--see", "src", "--request-id", "build-9")
    commit_past_guards(open_shop, lent, "README.md")
    open_shop.cli.settle()
    for file in open_shop.repo.state.glob("state.db*"):
        file.unlink()
    open_shop.run("doctor", "--fix", check=False)
    seen = open_shop.slot(lent["slot"])
    assert (seen["lease"], seen["scope"], seen["mode"]) == (lent["lease"], lent["scope"], lent["mode"])
    assert open_shop.refused("release", lent["slot"])["paths"] == ["README.md"]
    assert open_shop.refused("acquire", "--scope", "docs/plan.md")["code"] == "scope_taken"


def test_what_is_committed_while_a_taken_slot_drains_is_on_record_too(open_shop: Pooled) -> None:
    lent = open_shop.acquire("--scope", "docs/**", "--branch", "drained")
    with subprocess.Popen(("sleep", "600"), cwd=lent["path"]) as stays:
        open_shop.run("reclaim", lent["slot"])
        commit_past_guards(open_shop, lent, "src/login/form.py")
        stays.kill()
    open_shop.run("doctor", "--fix", check=False)
    open_shop.cli.settle()
    assert branch_of(open_shop, "drained")["outside"] == ["src/login/form.py"]


def test_a_lease_whose_slot_is_lost_altogether_is_on_record_too(open_shop: Pooled) -> None:
    lent = open_shop.acquire("--scope", "docs/**", "--branch", "lost")
    commit_past_guards(open_shop, lent, "src/login/form.py")
    shutil.rmtree(lent["path"])
    shutil.rmtree(open_shop.repo.path / ".git/worktrees" / lent["slot"])
    open_shop.run("doctor", "--fix", check=False)
    open_shop.cli.settle()
    assert branch_of(open_shop, "lost")["outside"] == ["src/login/form.py"]


def test_a_revoked_lease_that_a_rebuilt_state_finds_is_on_record_too(open_shop: Pooled) -> None:
    lent = open_shop.acquire("--scope", "docs/**", "--branch", "revoked")
    commit_past_guards(open_shop, lent, "src/login/form.py")
    open_shop.cli.settle()
    for file in open_shop.repo.state.glob("state.db*"):
        file.unlink()
    (open_shop.repo.path / ".git/worktrees" / lent["slot"] / marks.REVOKED).write_text("1\n")
    open_shop.run("doctor", "--fix", check=False)
    open_shop.cli.settle()
    assert branch_of(open_shop, "revoked")["outside"] == ["src/login/form.py"]
