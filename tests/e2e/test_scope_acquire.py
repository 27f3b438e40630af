"""A slot with a scope shows the scope and what goes with it, and nobody else owns the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.pooled import Pooled
from tests.e2e.shop import ALWAYS, FILES, files_in


@pytest.fixture
def free(open_shop: Pooled) -> Pooled:
    return open_shop


def test_a_scope_shows_what_it_owns_with_its_tests_and_what_everybody_needs(free: Pooled) -> None:
    lent = free.acquire("--scope", "src/login/**")
    assert files_in(lent) == ALWAYS | {"src/login/form.py", "tests/login/test_form.py"}
    assert lent["scope"] == {"owns": ["src/login/**"], "sees": []}
    assert lent["mode"] == "cone"
    assert free.git(lent["path"], "status", "--porcelain") == ""


def test_globs_that_are_no_directories_are_checked_out_exactly(free: Pooled) -> None:
    lent = free.acquire("--scope", "src/pay/card.py", "--scope", "*.ts", "--see", "docs/*.md")
    assert lent["mode"] == "exact"
    wanted = {"src/pay/card.py", "web/src/ui/form.ts", "web/tests/ui/form.test.ts", "docs/plan.md"}
    assert files_in(lent) == ALWAYS | wanted | {"tests/pay/test_card.py"}
    assert free.git(lent["path"], "status", "--porcelain") == ""


def test_a_test_that_is_owned_shows_its_source(free: Pooled) -> None:
    lent = free.acquire("--scope", "web/tests/ui/")
    assert files_in(lent) >= {"web/src/ui/form.ts", "web/tests/ui/form.test.ts"}


def test_see_all_gives_a_full_tree_with_a_scope(free: Pooled) -> None:
    lent = free.acquire("--scope", "src/login/**", "--see", "all")
    assert files_in(lent) == set(FILES)
    assert lent["mode"] == "full"
    assert lent["scope"]["sees"] == "all"
    Path(lent["path"], "docs/plan.md").write_text("changed\n")
    free.git(lent["path"], "commit", "-q", "-a", "-m", "x", check=False)
    assert free.git(lent["path"], "log", "--format=%s", "main..HEAD") == ""


def test_without_a_scope_the_slot_is_full_whatever_it_showed_before(free: Pooled) -> None:
    for _ in range(3):
        free.acquire("--scope", "docs/**", "--overlap")
    for lease in free.snapshot().leases:
        free.run("release", free.snapshot().slot_of(lease).name)
    lent = free.acquire("--timeout", "30")
    assert files_in(lent) == set(FILES)
    assert (lent["mode"], lent["scope"]) == ("full", None)
    assert free.git(lent["path"], "config", "--get", "core.sparseCheckout", check=False) == ""


def test_what_git_cannot_check_out_is_told_at_once_and_the_slot_is_as_it_was(unpooled: Pooled) -> None:
    pool, path = unpooled, "src/app.py"
    pool.init(1)
    attributes = pool.repo.path / ".git" / "info" / "attributes"
    attributes.write_text(f"{path} filter=broken\n")
    pool.git(pool.repo.path, "config", "filter.broken.smudge", "false")
    pool.git(pool.repo.path, "config", "filter.broken.required", "true")
    said = pool.run("acquire", "--branch", "pay", "--scope", "src/", "--wait", "--json", check=False)
    assert said.code in {1, 75}  # 75 where git took the index for too young, and the slot for touched
    assert "smudge filter broken failed" in said.json()["error"]["message"]
    attributes.unlink()
    pool.git(pool.repo.path, "config", "--remove-section", "filter.broken")
    pool.cli.settle()
    for slot in pool.snapshot().slots:
        if slot.state.value == "BROKEN":
            pool.run("pool", "adopt", slot.name)
    lent = pool.acquire("--branch", "pay", "--scope", "src/", "--timeout", "30", agent="alice")
    assert path in files_in(lent)


def test_what_somebody_owns_is_refused_with_the_holder_the_glob_and_a_path(free: Pooled) -> None:
    held = free.acquire("--scope", "src/login/**", agent="alice")
    error = free.refused("acquire", "--agent", "bob", "--scope", "docs/**", "--scope", "*.py", "--wait")
    assert error["code"] == "scope_taken"
    assert (error["holder"], error["slot"]) == ("alice", held["slot"])
    assert (error["glob"], error["their_glob"]) == ("*.py", "src/login/**")
    assert error["witness"].startswith("src/login/")
    assert "--overlap" in error["hint"]
    assert [lease.agent for lease in free.snapshot().leases] == ["alice"]


def test_a_full_slot_owns_nothing_nor_does_what_is_seen_and_nothing_lies_below_a_file(free: Pooled) -> None:
    free.acquire(agent="alice")
    free.acquire("--scope", "docs/plan.md", "--scope", "/.gitignore", "--see", "src", agent="carol")
    free.acquire("--scope", "src/**", "--scope", "*.css", agent="bob")


def test_an_overlap_that_is_asked_for_is_told_to_both(free: Pooled) -> None:
    first = free.acquire("--scope", "src/login/**", agent="alice")
    second = free.acquire("--scope", "src/**", "--overlap", agent="bob")
    assert any("alice" in warning and first["slot"] in warning for warning in second["warnings"])
    told = free.run("where", cwd=first["path"])
    assert "bob" in told.stderr
    assert second["slot"] in told.stderr
    assert "bob" in told.stdout
    assert free.run("where", cwd=first["path"]).stderr == ""
    (overlap,) = free.ask("where", cwd=first["path"])["overlaps"]
    assert (overlap["agent"], overlap["their_glob"]) == ("bob", "src/**")
    assert any(event["action"] == "overlap" for event in free.ask("events")["events"])


def test_notes_about_leases_that_are_over_are_not_told(free: Pooled) -> None:
    first = free.acquire("--scope", "src/login/**", agent="alice")
    words = ("--scope", "src/login/form.py", "--overlap")
    free.release(free.acquire(*words, agent="bob")["slot"])
    free.release(free.acquire(*words, agent="bob")["slot"])
    assert free.run("where", cwd=first["path"]).stderr == ""
    free.acquire(*words, agent="carol")
    (note,) = free.run("where", cwd=first["path"]).stderr.splitlines()
    assert "carol" in note


def test_the_same_request_gets_its_lease_again_not_a_refusal(free: Pooled) -> None:
    words = ("--scope", "src/login/**", "--request-id", "build-7")
    first, again = free.acquire(*words), free.acquire(*words)
    assert again["lease"] == first["lease"]
    assert (again["mode"], again["scope"]) == (first["mode"], first["scope"])


@pytest.mark.parametrize(
    "words",
    [
        ("--scope", "../x"),
        ("--scope", "#x"),
        ("--scope", "a\nb"),
        ("--scope", "!a"),
        ("--see", "docs"),
        ("--overlap",),
        ("--scope", "a", "--see", "./b"),
    ],
)
def test_words_that_make_no_scope_are_refused(shop: Pooled, words: tuple[str, ...]) -> None:
    assert shop.refused("acquire", *words, code=2)["hint"]


def test_status_counts_what_is_shown_and_names_what_is_owned(free: Pooled) -> None:
    lent = free.acquire("--scope", "src/login/**")
    seen = free.slot(lent["slot"])
    assert (seen["mode"], seen["scope"]) == (lent["mode"], lent["scope"])
    assert (seen["visible"], seen["total"]) == (len(files_in(lent)), len(FILES))
    told = free.run("status").stdout
    assert f"{len(files_in(lent))} of {len(FILES)}" in told
    assert "src/login/**" in told
    assert max(map(len, told.splitlines())) <= 80


def test_what_somebody_left_in_a_free_slot_is_rescued_when_it_is_filled_anew(free: Pooled) -> None:
    for slot in free.slots().values():
        Path(slot["path"], ".env").write_text("SECRET=1\n")
    lent = free.acquire("--scope", "docs/guide/**")
    assert ".env" not in files_in(lent)
    free.cli.settle()
    assert not list(Path(lent["path"]).parent.glob(".aside/*"))
    assert any("before it was filled" in each["reason"] for each in free.ask("rescue", "list")["rescues"])
    for slot in free.slots().values():
        Path(slot["path"], ".env").unlink(missing_ok=True)
