"""A scope is shown, changed, asked for, granted, checked and put right."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.e2e.pooled import Pooled
from tests.e2e.shop import ALWAYS, FILES, commit_past_guards, files_in
from tests.e2e.visits import admin_of, mend

LOGIN = {"src/login/form.py", "tests/login/test_form.py"}
PAY = {"src/pay/card.py", "tests/pay/test_card.py"}


def test_another_scope_leaves_edits_where_they_are_and_names_them(open_shop: Pooled) -> None:
    lent = open_shop.acquire("--scope", "src/login/**")
    Path(lent["path"], "src/login/form.py").write_text("edited\n")
    Path(lent["path"], "src/login/new.py").write_text("new\n")
    answer = open_shop.ask("scope", "set", "src/pay/**", "--slot", lent["slot"])
    assert answer["scope"] == {"owns": ["src/pay/**"], "sees": []}
    assert sorted(answer["stayed"]) == ["src/login/form.py", "src/login/new.py"]
    assert files_in(lent) == ALWAYS | PAY | {"src/login/form.py", "src/login/new.py"}
    assert Path(lent["path"], "src/login/form.py").read_text() == "edited\n"
    back = open_shop.ask("scope", "set", "src/login/**", cwd=lent["path"])
    assert back["stayed"] == []
    assert files_in(lent) == ALWAYS | LOGIN | {"src/login/new.py"}


def test_a_scope_grows_and_shrinks_by_what_is_named(open_shop: Pooled) -> None:
    lent = open_shop.acquire("--scope", "src/login/**")
    grown = open_shop.ask("scope", "add", "src/pay/**", "--see", "docs/plan.md", cwd=lent["path"])
    assert grown["scope"] == {"owns": ["src/login/**", "src/pay/**"], "sees": ["docs/plan.md"]}
    assert files_in(lent) == ALWAYS | LOGIN | PAY | {"docs/plan.md"}
    open_shop.ask("scope", "drop", "src/login/**", "--see", "docs/plan.md", cwd=lent["path"])
    assert files_in(lent) == ALWAYS | PAY
    error = open_shop.refused("scope", "drop", "src/login/**", cwd=lent["path"], code=2)
    assert "src/login/**" in error["message"]
    shown = open_shop.ask("scope", "show", lent["slot"])
    assert shown["scope"]["owns"] == ["src/pay/**"]
    assert (shown["visible"], shown["total"]) == (len(ALWAYS | PAY), len(FILES))
    assert shown["mirrors"] == ["/tests/pay"]


def test_a_scope_may_name_what_is_no_text(open_shop: Pooled) -> None:
    first = open_shop.acquire("--scope", "src/caf\udce9", agent="alice")
    second = open_shop.acquire("--scope", "src/pay/**", agent="bob")
    for words in (("scope", "add"), ("scope", "set"), ("scope", "request")):
        answer = open_shop.ask(*words, f"docs/{words[1]}\udce8", cwd=second["path"])
        assert f"docs/{words[1]}\udce8" in answer["scope"]["owns"]
    open_shop.ask("scope", "grant", second["slot"], "docs/caf\udce8")
    error = open_shop.refused("scope", "request", "src/caf\udce9", cwd=second["path"])
    assert (error["code"], error["slot"]) == ("scope_taken", first["slot"])
    assert "$'src/caf\\xe9'" in error["hint"]


def test_what_is_new_in_a_scope_must_be_nobodys(open_shop: Pooled) -> None:
    first = open_shop.acquire("--scope", "src/login/**", agent="alice")
    second = open_shop.acquire("--scope", "src/pay/**", agent="bob")
    for words in (("scope", "add"), ("scope", "request"), ("scope", "set")):
        error = open_shop.refused(*words, "src/login/form.py", cwd=second["path"])
        assert (error["code"], error["holder"]) == ("scope_taken", "alice")
        assert error["witness"] == "src/login/form.py"
    assert open_shop.ask("scope", "show", second["slot"])["scope"]["owns"] == ["src/pay/**"]
    seen = open_shop.ask("scope", "request", "--see", "src/login/**", cwd=second["path"])
    assert seen["scope"]["sees"] == ["src/login/**"]
    assert "src/login/form.py" in files_in(second)
    given = open_shop.ask("scope", "request", "docs/guide/**", cwd=second["path"])
    assert given["scope"]["owns"] == ["src/pay/**", "docs/guide/**"]
    assert open_shop.snapshot().slot_of(open_shop.snapshot().leases[0]).name == first["slot"]


def test_a_person_grants_and_all_are_told(open_shop: Pooled) -> None:
    first = open_shop.acquire("--scope", "src/login/**", agent="alice")
    second = open_shop.acquire("--scope", "src/pay/**", agent="bob")
    words = ("scope", "grant", second["slot"], "src/login/form.py")
    assert str(open_shop.repo.path) in open_shop.refused(*words, cwd=second["path"])["hint"]
    assert open_shop.refused(*words, env={"POOLMGR_LEASE": second["lease"]})
    granted = open_shop.ask(*words)
    assert [overlap["agent"] for overlap in granted["overlaps"]] == ["alice"]
    assert "bob" in open_shop.run("status", cwd=first["path"]).stderr
    assert "granted" in open_shop.run("status", cwd=second["path"]).stderr
    Path(second["path"], "src/login/form.py").write_text("by bob\n")
    open_shop.git(second["path"], "commit", "-q", "-a", "-m", "By bob.")
    assert open_shop.ask("scope", "check", second["slot"])["inside"]


def test_a_full_slot_takes_a_scope_upon_itself(open_shop: Pooled) -> None:
    lent = open_shop.acquire()
    assert open_shop.ask("scope", "show", lent["slot"])["scope"] is None
    open_shop.ask("scope", "set", "docs/**", cwd=lent["path"])
    assert files_in(lent) == ALWAYS | {"docs/guide/start.md", "docs/plan.md"}
    Path(lent["path"], "README.md").write_text("changed\n")
    open_shop.git(lent["path"], "commit", "-q", "-a", "-m", "Beyond.", check=False)
    assert open_shop.git(lent["path"], "log", "--format=%s", "main..HEAD") == ""


def test_a_slot_whose_files_and_guards_were_changed_is_put_right(open_shop: Pooled) -> None:
    lent = open_shop.acquire("--scope", "src/login/**")
    assert open_shop.ask("scope", "verify", lent["slot"])["sound"]
    open_shop.git(lent["path"], "sparse-checkout", "disable")
    open_shop.git(lent["path"], "config", "--worktree", "core.hooksPath", "/dev/null")
    found = open_shop.ask("scope", "verify", lent["slot"])
    assert not found["sound"]
    assert "docs/plan.md" in found["extra"]
    assert found["guards"]
    assert files_in(lent) == ALWAYS | LOGIN
    assert open_shop.ask("scope", "verify", lent["slot"])["sound"]


def test_what_every_scope_sees_is_shown_after_a_merge_brought_it(open_shop: Pooled) -> None:
    lent = open_shop.acquire("--scope", "src/login/")
    commit_past_guards(open_shop, lent, "packages/new/package.json")
    open_shop.git(lent["path"], "sparse-checkout", "reapply")
    assert files_in(lent) == ALWAYS | LOGIN
    found = open_shop.ask("scope", "verify", lent["slot"])
    assert (found["mode"], found["sound"]) == ("cone", False)
    assert files_in(lent) == ALWAYS | LOGIN | {"packages/new/package.json"}
    assert open_shop.ask("scope", "verify", lent["slot"])["sound"]


@pytest.mark.parametrize("scope", ["src/login/", "src/login/*.py"])
def test_a_lost_git_record_of_a_scoped_slot_hides_again_what_was_hidden(
    open_shop: Pooled, scope: str
) -> None:
    lent = open_shop.acquire("--scope", scope)
    Path(lent["path"], "src/login/form.py").unlink()
    Path(lent["path"], "README.md").write_text("changed\n")
    shutil.rmtree(admin_of(open_shop, lent["path"]))
    mend(open_shop, "record_gone")
    status = open_shop.git(lent["path"], "status", "--porcelain").split()
    assert status == ["M", "README.md", "D", "src/login/form.py"]
    open_shop.git(lent["path"], "checkout", "-q", "--", ".")
    assert open_shop.ask("scope", "verify", lent["slot"])["sound"]
    assert files_in(lent) == ALWAYS | LOGIN


def test_check_names_what_lies_beyond_and_ends_with_1(open_shop: Pooled) -> None:
    lent = open_shop.acquire("--scope", "src/login/**")
    assert open_shop.run("scope", "check", cwd=lent["path"]).code == 0
    commit_past_guards(open_shop, lent, "docs/plan.md")
    commit_past_guards(open_shop, lent, "package-lock.json")
    result = open_shop.run("scope", "check", "--json", cwd=lent["path"], check=False)
    assert result.code == 1
    answer = result.json()
    assert answer["paths"] == ["docs/plan.md"]
    shared = {each["path"]: each["shared"] for each in answer["outside"]}
    assert shared == {"docs/plan.md": False, "package-lock.json": True}
    assert open_shop.run("scope", "check", "--base", "HEAD", lent["slot"], check=False).code in {0, 1}


def test_the_owner_of_a_path_is_told(open_shop: Pooled) -> None:
    lent = open_shop.acquire("--scope", "src/login/**")
    (owner,) = open_shop.ask("scope", "owner", "src/login/form.py", "docs/plan.md")["owners"]
    wanted = {"path": "src/login/form.py", "slot": lent["slot"], "agent": "alice", "glob": "src/login/**"}
    assert owner == wanted
    assert "docs/plan.md: nobody" in open_shop.run("scope", "owner", "docs/plan.md").stdout


def test_a_former_holder_changes_nobodys_scope(open_shop: Pooled) -> None:
    lent = open_shop.acquire("--scope", "src/login/**")
    error = open_shop.refused("scope", "add", "docs/**", cwd=lent["path"], env={"POOLMGR_LEASE": "over"})
    assert error["code"] == "not_the_holder"
    assert open_shop.refused("scope", "add", "docs/**", "--slot", "pool-wt-9")["code"] == "no_such_slot"
