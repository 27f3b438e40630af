"""Guards of a real pool: what a commit is told, what a tool may change, what a lease that is over may do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.pooled import Json, Pooled
from tests.fixtures.dwellers import Dwellers
from tests.fixtures.repositories import Repository
from tests.integration.guarded import Ended, Guarded, write_hook


def slot_of(pool: Pooled, lent: Json) -> Guarded:
    """Git in a slot, with the hooks it has."""
    path = Path(lent["path"])
    return Guarded(pool.repo, path, Path(pool.git(path, "rev-parse", "--absolute-git-dir")))


def commit(slot: Guarded, name: str, *more: str) -> Ended:
    """A commit of an edit, hidden files too."""
    slot.write(name)
    slot("add", "--sparse", name)
    return slot.attempt("commit", "--message", "One.", *more)


def test_a_refusal_names_the_owner_and_its_command_gets_the_path(pool: Pooled) -> None:
    slot = slot_of(pool, pool.acquire("--scope", "/src/"))
    other = pool.acquire("--scope", "/docs/", agent="bob")
    refused = commit(slot, "docs/guide/start.md")
    assert refused.code == 1
    assert f"  docs/guide/start.md (changed; owned by bob, {other['slot']}: /docs/)" in refused.stderr
    assert "hidden in this slot: docs/guide/start.md" in refused.stderr
    pool.release(other["slot"])
    asked = next(line.partition("poolmgr ")[2] for line in refused.stderr.splitlines() if "own more" in line)
    pool.run(*asked.replace("'", "").split(), cwd=slot.path)
    assert commit(slot, "docs/guide/start.md").code == 0


def test_guards_that_a_tool_replaced_are_told_and_back(pool: Pooled) -> None:
    lent = pool.acquire("--scope", "/src/")
    slot = slot_of(pool, lent)
    write_hook(slot.hooks, "pre-commit", "echo theirs >&2")
    slot("config", "--worktree", "--unset", "core.hooksPath")
    assert commit(slot, "docs/guide/start.md", "--no-verify").code == 0
    slot("-c", "core.hooksPath=/dev/null", "reset", "--quiet", "--hard", "HEAD~1")
    found = pool.ask("scope", "verify", cwd=slot.path)["guards"]
    assert [line.partition(":")[0].split()[0] for line in found] == ["pre-commit", "core.hooksPath"]
    refused = commit(slot, "docs/guide/start.md")
    assert refused.code == 1
    assert refused.stderr.startswith("theirs\n")
    slot("reset", "--quiet", "--hard")
    pool.release(lent["slot"])
    assert not (slot.hooks / "inside").exists()
    assert pool.ask("acquire", "--agent", "bob", "--scope", "/docs/")["slot"]


@pytest.mark.parametrize("scope", [(), ("--scope", "/src/"), ("--scope", "/src/", "--see", "all")])
def test_a_lease_that_was_taken_back_commits_nothing_more(
    pool: Pooled, dwellers: Dwellers, scope: tuple[str, ...]
) -> None:
    lent = pool.acquire(*scope)
    slot = slot_of(pool, lent)
    if not scope:
        assert slot.attempt("config", "core.hooksPath").code == 1
    assert commit(slot, "src/app.py").code == 0
    dwellers(lent["path"])
    slot.write("src/new.py")
    pool.run("reclaim", lent["slot"])
    slot("add", "src")
    for more in ((), ("--no-verify",), ("--amend", "--no-verify")):
        done = slot.attempt("commit", "--message", "Late.", *more)
        assert done.code != 0
        assert len(done.said) == 1
        assert "was taken back" in done.said[0]


def test_guards_are_moved_with_the_repository(pool: Pooled) -> None:
    lent = pool.acquire("--scope", "/src/")
    pool.cli.settle()
    old, new = pool.repo.path, pool.repo.path.with_name("moved")
    old.rename(new)
    moved = Pooled(Repository(new), pool.cli)
    moved.run("doctor", "--rebind")
    slot = slot_of(moved, lent)
    assert slot("config", "--get-all", "core.hooksPath").stdout == f"{slot.hooks}\n"
    for more in ((), ("--no-verify",)):
        assert commit(slot, "docs/guide/start.md", *more).said[0].startswith("poolmgr: refused: ")
    assert commit(slot, "src/app.py").code == 1
    slot("reset", "--quiet")
    assert commit(slot, "src/app.py").said == []
