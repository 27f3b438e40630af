"""What a refusal tells somebody to type does, typed, what it says."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from poolmgr.core.quoting import quoted
from tests.e2e.pooled import Pooled
from tests.e2e.shop import commit_past_guards


def typed(pool: Pooled, hint: str) -> str:
    """The command in a hint, typed by a shell; what it said."""
    command = hint[hint.rindex("poolmgr ") :].removeprefix("poolmgr ")
    words = f"{shlex.quote(sys.executable)} -m poolmgr {command}"
    done = subprocess.run(
        ("bash", "-c", words), cwd=pool.repo.path, env=pool.environment(), capture_output=True, check=True,
        text=True,
    )  # fmt: skip
    return done.stdout


def test_everything_in_the_way_of_a_release_is_named_at_once(open_shop: Pooled) -> None:
    lent = open_shop.acquire("--scope", "src/login/**")
    commit_past_guards(open_shop, lent, "docs/plan.md")
    Path(lent["path"], "src/login/note.txt").write_text("unsaved\n")
    error = open_shop.refused("release", lent["slot"])
    assert error["code"] == "outside_scope"
    assert "docs/plan.md" in error["message"]
    assert "src/login/note.txt" in error["message"]
    assert open_shop.refused("release", lent["slot"], "--rescue")["hint"] == error["hint"]
    assert typed(open_shop, error["hint"]).startswith(f"released {lent['slot']}\n")


def test_what_somebody_owns_can_be_taken_with_the_same_words_again(open_shop: Pooled) -> None:
    open_shop.acquire("--scope", "src/login/**", agent="alice")
    words = ("--agent", "bob", "--branch", "mine", "--scope", "src/**", "--see", "docs/plan.md")
    hint = open_shop.refused("acquire", *words)["hint"]
    typed(open_shop, hint.replace(" takes it all the same, and both are told", ""))
    lease = next(lease for lease in open_shop.snapshot().leases if lease.agent == "bob")
    assert (lease.branch, lease.scope and lease.scope.sees) == ("mine", ("docs/plan.md",))
    said = open_shop.run("run", "--scope", "src/pay/**", "--", "true", check=False).stderr
    assert "hint: poolmgr run --scope 'src/pay/**' --overlap -- true takes it" in said


def test_a_branch_that_is_held_can_be_had_under_another_name_with_the_same_words(open_shop: Pooled) -> None:
    open_shop.acquire("--branch", "fix/a", agent="alice")
    words = ("--agent", "bob", "--branch", "fix/a", "--scope", "src/pay/**")
    typed(open_shop, open_shop.refused("acquire", *words)["hint"])
    lease = next(lease for lease in open_shop.snapshot().leases if lease.agent == "bob")
    assert (lease.branch, lease.scope and lease.scope.owns) == ("fix/a-2", ("src/pay/**",))
    said = open_shop.run("run", "--branch=fix/a", "--agent", "eve", "--", "true", check=False).stderr
    assert "hint: poolmgr run --agent eve --branch fix/a-2 -- true\n" in said
    open_shop.acquire()
    said = open_shop.run("run", "--timeout", "0", "--agent", "eve", "--", "true", check=False).stderr
    assert "hint: poolmgr run --timeout 0 --agent eve --wait -- true waits" in said


def test_where_nothing_is_unsaved_a_rescue_is_not_offered(open_shop: Pooled) -> None:
    lent = open_shop.acquire("--scope", "src/login/**")
    commit_past_guards(open_shop, lent, "docs/plan.md")
    error = open_shop.refused("release", lent["slot"], "--rescue")
    assert error["hint"].endswith(f"poolmgr release {lent['slot']} --allow-outside")
    assert "scope request" in error["hint"]
    typed(open_shop, error["hint"])


def test_a_person_is_asked_for_the_globs_in_question(open_shop: Pooled) -> None:
    open_shop.acquire("--scope", "src/login/**", agent="alice")
    lent = open_shop.acquire("--scope", "src/pay/**", agent="bob")
    hint = open_shop.refused("scope", "request", "src/login/form.py", "docs/a b.md", cwd=lent["path"])["hint"]
    typed(open_shop, hint)
    shown = open_shop.ask("scope", "show", lent["slot"])
    assert shown["scope"]["owns"] == ["src/pay/**", "src/login/form.py", "docs/a b.md"]
    said = open_shop.run("where", cwd=lent["path"]).stderr
    assert "note: you own src/pay/** src/login/form.py docs/a b.md from now on: it was granted" in said


def test_nobody_inside_takes_what_others_own_or_changes_their_scope(open_shop: Pooled) -> None:
    other = open_shop.acquire("--scope", "src/login/**", agent="alice")
    lent = open_shop.acquire("--scope", "src/pay/**", agent="bob")
    for words in (("add", "src/login/form.py", "--overlap"), ("set", "docs/**", "--slot", other["slot"])):
        error = open_shop.refused("scope", *words, cwd=lent["path"])
        assert "a person decides" in error["message"]
        assert str(open_shop.repo.path) in error["hint"]


def test_the_last_glob_is_not_dropped(open_shop: Pooled) -> None:
    lent = open_shop.acquire("--scope", "src/login/**")
    open_shop.refused("scope", "drop", "src/login/**", cwd=lent["path"], code=2)
    assert open_shop.ask("scope", "show", lent["slot"])["mode"] != "full"


def test_the_owner_of_a_path_is_found_however_it_is_written(open_shop: Pooled) -> None:
    lent = open_shop.acquire("--scope", "src/login/**")
    inside = Path(lent["path"], "src")
    for path in ("./login/form.py", "../src/login/form.py", str(inside / "login/form.py")):
        assert open_shop.ask("scope", "owner", path, cwd=inside)["owners"][0]["slot"] == lent["slot"]
    assert "no path inside" in open_shop.refused("scope", "owner", "/etc/passwd", code=2)["message"]
    assert "no path inside" in open_shop.refused("scope", "owner", "../x", code=2)["message"]


@pytest.mark.parametrize("text", ["plain", "a b", "it's", "tab\there", "caf\udce9", "x\\y\n'", "\u202egpj"])
def test_a_quoted_word_is_read_back_as_it_was(text: str) -> None:
    done = subprocess.run(("bash", "-c", f"printf %s {quoted(text)}"), capture_output=True, check=True)
    assert done.stdout == os.fsencode(text)


def test_a_group_without_a_command_is_a_usage_error_for_programs_too(open_shop: Pooled) -> None:
    assert open_shop.refused("scope", code=2)["code"] == "usage"


@pytest.mark.parametrize("words", ["status --json", "release nobody --json", "status"])
def test_an_answer_that_cannot_be_written_is_one_sentence(open_shop: Pooled, words: str) -> None:
    command = f"{shlex.quote(sys.executable)} -m poolmgr {words}"
    for where in (">/dev/full", ">&-", "| true"):
        done = subprocess.run(
            ("bash", "-c", f"{command} {where}"), cwd=open_shop.repo.path, env=open_shop.environment(),
            capture_output=True, check=False, text=True,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        assert "a bug" not in done.stderr
        assert done.returncode in {0, 1}
