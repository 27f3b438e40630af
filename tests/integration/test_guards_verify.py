"""Guards that are changed, switched off or cut off: found, put back, and never in the way of a commit."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from isolation.guards.install import drop_guards, ensure_acting, ensure_guards, worktree_config
from tests.integration.guarded import Guarded, make_guarded, make_repository, write_hook

SCRIPTS = ("pre-commit", "pre-merge-commit", "reference-transaction")


@pytest.fixture
def slot(tmp_path: Path) -> Guarded:
    return make_guarded(make_repository(tmp_path), tmp_path / "slot")


def commit(slot: Guarded, name: str = "src/app.py", *more: str) -> list[str]:
    """What a commit of an edit says."""
    slot.write(name, f"{(slot.path / name).read_text()}more\n")
    return slot("commit", "--all", "--message", "One.", *more).stderr.splitlines()


def unset(slot: Guarded) -> None:
    slot("config", "--worktree", "--unset", "core.hooksPath")


def remove_script(slot: Guarded) -> None:
    (slot.hooks / "reference-transaction").unlink()


def switch_off(slot: Guarded) -> None:
    (slot.hooks / "pre-commit").chmod(0o644)


def remove_directory(slot: Guarded) -> None:
    shutil.rmtree(slot.hooks)


def drop_extension(slot: Guarded) -> None:
    slot("config", "--unset", "extensions.worktreeConfig")


def empty_script(slot: Guarded) -> None:
    write_hook(slot.hooks, "reference-transaction", "exit 0")


@pytest.mark.parametrize(
    "spoil", [unset, remove_script, switch_off, remove_directory, drop_extension, empty_script]
)
def test_guards_that_were_switched_off_are_found_and_on_again(
    slot: Guarded, spoil: Callable[[Guarded], None]
) -> None:
    assert slot.verify() == ()
    spoil(slot)
    assert slot.verify()
    assert slot.verify() == ()
    slot.write("docs/guide.md")
    slot.refused("commit", "--all", "--message", "Outside.")
    slot.refused("commit", "--all", "--no-verify", "--message", "Outside.")


def test_what_a_tool_put_in_place_of_a_guard_runs_beside_it(slot: Guarded) -> None:
    (slot.hooks / "pre-commit").rename(slot.hooks / "pre-commit.old")
    write_hook(slot.hooks, "pre-commit", 'echo theirs >&2; . "$(dirname "$0")/helper"')
    write_hook(slot.hooks, "helper", "echo helped >&2")
    with (slot.hooks / "commit-msg").open("a") as script:
        script.write("echo appended >&2\n")
    said = slot.verify()
    assert [line.partition(":")[0] for line in said] == ["commit-msg", "pre-commit"]
    assert not (slot.hooks / "pre-commit.old").exists()
    assert commit(slot) == ["theirs", "helped", "appended"]
    slot.write("docs/guide.md")
    slot.refused("commit", "--all", "--message", "Outside.")
    assert slot.verify() == ()


def test_what_the_repository_has_too_does_not_run_twice(slot: Guarded) -> None:
    for place in (slot.hooks, slot.repo.path / ".git/hooks"):
        write_hook(place, "pre-commit", "echo theirs >&2")
    assert len(slot.verify()) == 1
    assert commit(slot) == ["theirs"]


def test_hooks_set_for_this_worktree_alone_run_beside_the_guard(slot: Guarded, tmp_path: Path) -> None:
    write_hook(slot.path / "mine", "pre-commit", "echo mine >&2")
    write_hook(slot.repo.path / ".git/hooks", "pre-commit", "echo not this >&2")
    slot("config", "--worktree", "core.hooksPath", "mine")
    assert slot.verify() == (
        "core.hooksPath of this worktree had been set to mine; its hooks run beside the guard now",
    )
    assert commit(slot) == ["mine"]
    slot.write("docs/guide.md")
    slot.refused("commit", "--all", "--message", "Outside.")


def test_the_setting_is_written_once_however_it_was_lost(slot: Guarded) -> None:
    for _ in range(2):
        slot("config", "--worktree", "--unset-all", "core.hooksPath")
        assert len(slot.verify()) == 1
        ensure_acting(slot.admin)
        slot("config", "--worktree", "user.email", "holder@example.org")
        ensure_acting(slot.admin)
        assert slot("config", "--get-all", "core.hooksPath").stdout == f"{slot.hooks}\n"
        assert slot.verify() == ()
    assert slot("config", "--get", "user.email").stdout == "holder@example.org\n"


def test_a_slot_handed_on_has_nothing_of_them(slot: Guarded) -> None:
    write_hook(slot.hooks, "pre-commit", "echo theirs >&2")
    write_hook(slot.path / "mine", "pre-commit", "echo mine >&2")
    slot("config", "--worktree", "core.hooksPath", "mine")
    slot.verify()
    write_hook(slot.hooks, "commit-msg", "echo theirs >&2")
    ensure_guards(slot.admin)
    (slot.admin / "config.worktree").write_bytes(worktree_config(slot.admin, "cone"))
    assert commit(slot) == []
    assert {path.name for path in slot.hooks.iterdir() if not path.name.startswith(".")} >= set(SCRIPTS)
    assert not (slot.hooks / "inside").exists()


def test_an_edit_of_ours_is_undone_and_an_older_version_replaced(slot: Guarded) -> None:
    script = slot.hooks / "pre-commit"
    wanted = script.read_bytes()
    script.write_bytes(wanted.replace(b"exit 1", b"exit 0"))
    ensure_acting(slot.admin)
    assert script.read_bytes() == wanted
    assert not (slot.hooks / "inside").exists()


def test_they_are_gone_without_a_trace(slot: Guarded) -> None:
    before = {path.name for path in slot.admin.iterdir()} - {"poolmgr-hooks"}
    commit(slot)
    drop_guards(slot.admin)
    drop_guards(slot.admin)
    assert {path.name for path in slot.admin.iterdir()} - before <= {"COMMIT_EDITMSG", "ORIG_HEAD", "logs"}
    assert slot.repo.git("config", "--local", "--list").count("hookspath") == 0
    assert commit(slot, "docs/guide.md") == []


def test_a_full_slot_has_no_guard_until_its_lease_is_revoked(slot: Guarded) -> None:
    drop_guards(slot.admin)
    (slot.admin / "poolmgr-guard.json").unlink()
    (slot.admin / "config.worktree").write_bytes(worktree_config(slot.admin))
    assert slot.attempt("config", "core.hooksPath").code == 1
    assert commit(slot, "docs/guide.md") == []
    (slot.admin / "revoked").write_text("1\n")
    ensure_acting(slot.admin)
    ensure_acting(slot.admin)
    assert slot("config", "--get-all", "core.hooksPath").stdout == f"{slot.hooks}\n"
    slot.write("src/app.py")
    slot.refused("commit", "--all", "--no-verify", "--message", "Late.")


BREAKING: dict[str, str] = {
    "gone": "",
    "dead": "kill -9 $$",
    "fails": "echo Traceback >&2; echo more >&2; exit 1",
    "unreadable": "exit 127",
    "without its modules": f'exec {sys.executable} -I -S -c "import nothing_of_that_name"',
}


@pytest.mark.parametrize("way", BREAKING)
def test_with_poolmgr_broken_a_commit_passes_with_one_line(tmp_path: Path, way: str) -> None:
    python = write_hook(tmp_path, "python", BREAKING[way])
    slot = make_guarded(make_repository(tmp_path), tmp_path / "slot", str(python))
    if way == "gone":
        python.unlink()
    write_hook(slot.repo.path / ".git/hooks", "pre-commit", "echo own >&2")
    write_hook(slot.repo.path / ".git/hooks", "post-commit", "echo later >&2")
    said = commit(slot)
    assert said[0] == "own"
    assert len(said) == 2
    assert said[1].startswith("poolmgr: warning: not checked against the scope of this slot")
    assert len(commit(slot, "docs/guide.md", "--no-verify")) == 1
    slot.repo.commit("Theirs.", {"lib/other.py": "theirs\n"})
    assert len(slot("rebase", "--quiet", "main").said) == 1
    slot("config", "core.hooksPath", "hooks of mine")
    write_hook(slot.path / "hooks of mine", "pre-commit", "echo mine >&2")
    assert commit(slot)[0] == "mine"


@pytest.mark.parametrize("way", ["torn", "empty", "another kind", "gone"])
def test_facts_that_cannot_be_read_let_pass_with_a_line_that_says_so(slot: Guarded, way: str) -> None:
    (slot.admin / "poolmgr.json").write_text(json.dumps({"lease": {"scope": {"owns": ["src"]}}}, indent=1))
    if way == "gone":
        (slot.admin / "poolmgr-guard.json").unlink()
    else:
        content = {"torn": "{", "empty": "", "another kind": "[]"}[way]
        (slot.admin / "poolmgr-guard.json").write_text(content)
    (said,) = commit(slot)
    assert said.startswith("poolmgr: warning: not checked against the scope of this slot, because its rules")
    assert "poolmgr scope verify" in said
    slot.facts()
    assert commit(slot) == []
    (slot.hooks / ".facts").write_bytes(b"nonsense")
    assert commit(slot) == []
    (slot.hooks / ".chain").unlink()
    assert commit(slot) == []


def test_a_commit_after_the_slot_was_given_back_is_told_so(slot: Guarded) -> None:
    (slot.admin / "poolmgr-guard.json").write_text("")  # about to go; the mark of the lease went before
    (said,) = commit(slot)
    assert "given back" in said
    assert "scope verify" not in said
