"""A commit that leaves the scope is refused in words, however it is made."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.guarded import Guarded, make_guarded, make_repository, runs_of


@pytest.fixture
def slot(tmp_path: Path) -> Guarded:
    return make_guarded(make_repository(tmp_path), tmp_path / "slot")


def stage_add(slot: Guarded) -> None:
    slot.write("docs/new.md")
    slot("add", "docs/new.md")


def stage_sparse(slot: Guarded) -> None:
    slot("sparse-checkout", "set", "--cone", "src")
    slot.write("docs/guide.md")
    slot("add", "--sparse", "docs/guide.md")


def stage_update_index(slot: Guarded) -> None:
    oid = slot("hash-object", "-w", "--stdin", stdin="other\n").stdout.strip()
    slot("update-index", "--add", "--cacheinfo", f"100644,{oid},docs/guide.md")


def stage_apply(slot: Guarded) -> None:
    patch = "--- a/lib/other.py\n+++ b/lib/other.py\n@@ -1 +1 @@\n-OTHER = 1\n+OTHER = 2\n"
    slot("apply", "--index", stdin=patch)


def stage_removal(slot: Guarded) -> None:
    slot("rm", "--cached", "docs/guide.md")


def stage_rename_in(slot: Guarded) -> None:
    slot("mv", "docs/more/deep.md", "src/deep.md")


def stage_rename_out(slot: Guarded) -> None:
    slot("mv", "src/lib/text.py", "lib/text.py")


def stage_mode(slot: Guarded) -> None:
    slot("update-index", "--chmod=+x", "docs/guide.md")


def stage_submodule(slot: Guarded) -> None:
    slot("update-index", "--add", "--cacheinfo", f"160000,{slot.head},vendor")


def stage_symlink(slot: Guarded) -> None:
    (slot.path / "docs/link").symlink_to("../src/app.py")
    slot("add", "docs/link")


def stage_type_change(slot: Guarded) -> None:
    (slot.path / "docs/guide.md").unlink()
    (slot.path / "docs/guide.md").symlink_to("more")
    slot("add", "docs/guide.md")


STAGING = {
    function.__name__.removeprefix("stage_"): function
    for function in (
        stage_add, stage_sparse, stage_update_index, stage_apply, stage_removal, stage_rename_in,
        stage_rename_out, stage_mode, stage_submodule, stage_symlink, stage_type_change,
    )
}  # fmt: skip


@pytest.mark.parametrize("stage", STAGING.values(), ids=STAGING)
def test_what_is_staged_outside_is_refused_with_and_without_its_hook(
    slot: Guarded, stage: Callable[[Guarded], None]
) -> None:
    stage(slot)
    done = slot.refused("commit", "--message", "Outside.")
    assert "this slot owns: /src/" in done.stderr
    assert "poolmgr scope request '/" in done.stderr
    slot.refused("commit", "--no-verify", "--message", "Outside.")
    slot.refused("commit", "--amend", "--message", "Outside.")


def test_commits_of_what_is_owned_pass_and_say_nothing(slot: Guarded) -> None:
    slot.write("src/new.py")
    slot("add", "src")
    assert slot("commit", "--message", "Add.").said == []
    slot.write("src/app.py")
    assert slot("commit", "--all", "--message", "All.").said == []
    slot.write("src/run.sh")
    assert slot("commit", "--message", "One.", "--", "src/run.sh").said == []
    slot("mv", "src/lib/text.py", "src/text.py")
    assert slot("commit", "--amend", "--message", "Renamed too.").said == []
    assert slot("commit", "--allow-empty", "--no-verify", "--message", "Nothing.").said == []


def test_commit_all_and_commit_of_a_path_are_judged_by_the_index_they_use(slot: Guarded) -> None:
    slot.write("docs/guide.md")
    slot.write("src/app.py")
    slot.refused("commit", "--all", "--message", "All.")
    slot.refused("commit", "--message", "One.", "--", "docs/guide.md")
    assert slot("commit", "--message", "The other.", "--", "src/app.py").said == []
    slot("add", "docs/guide.md")
    slot.write("src/app.py", "again\n")
    assert slot("commit", "--message", "Again.", "--", "src/app.py").said == []
    assert slot("status", "--porcelain").stdout == "M  docs/guide.md\n"


def test_the_commands_in_the_words_do_what_they_say(slot: Guarded) -> None:
    slot.write("docs/it's [new].md")
    slot("add", "docs")
    lines = slot.refused("commit", "--message", "Outside.").stderr.splitlines()
    asked = next(line.partition("own more: ")[2] for line in lines if "own more: " in line)
    assert shlex.split(asked)[3:] == ["/docs/it's\\ \\[new].md"]
    leave = next(line.partition("leave it out: ")[2] for line in lines if "leave it out: " in line)
    assert slot.run(*shlex.split(leave)).code == 0
    assert slot("status", "--porcelain").stdout == '?? "docs/it\'s [new].md"\n'


def test_a_name_cannot_steer_the_terminal(slot: Guarded) -> None:
    slot.write("docs/\x1b[31mred\u202egnp.md")
    (slot.path / "docs").joinpath("line\nfeed").write_text("")
    slot("add", "docs")
    said = slot.refused("commit", "--message", "Outside.").stderr
    assert "docs/\\x1b[31mred\\u202egnp.md" in said
    assert "docs/line\\x0afeed" in said
    assert "\x1b" not in said
    assert "\u202e" not in said


def test_of_many_paths_the_first_twenty_are_named(slot: Guarded) -> None:
    for number in range(30):
        slot.write(f"docs/{number:02}.md")
    slot("add", "docs")
    lines = slot.refused("commit", "--message", "Outside.").stderr.splitlines()
    assert lines[0] == "poolmgr: refused: this commit changes 30 paths outside of what this slot owns"
    assert [line for line in lines if ".md (added)" in line][-1] == "  docs/19.md (added)"
    assert "  and 10 more" in lines
    assert "  to own more: poolmgr scope request '/docs'" in lines


def test_the_words_name_who_owns_a_path_now(slot: Guarded) -> None:
    answer = {"contract_version": 1, "owners": [
        {"path": "docs/guide.md", "slot": "pool-wt-2", "agent": "bob\x1b", "glob": "docs/"},
    ]}  # fmt: skip
    asked = ["scope", "owner", "--json", "--", "docs/guide.md"]
    script = f"import sys; assert sys.argv[1:] == {asked}; print({json.dumps(answer)!r})"
    slot.facts(program=(sys.executable, "-c", script))
    slot.write("docs/guide.md")
    said = slot.refused("commit", "--all", "--message", "Outside.").stderr
    assert "  docs/guide.md (changed; owned by bob\\x1b, pool-wt-2: docs/)" in said.splitlines()


@pytest.mark.parametrize("script", ["raise SystemExit(3)", "print('no json')", "print('[]')"])
def test_an_owner_that_cannot_be_found_is_left_out(slot: Guarded, script: str) -> None:
    slot.facts(program=(sys.executable, "-c", script))
    slot.write("docs/guide.md")
    said = slot.refused("commit", "--all", "--message", "Outside.").stderr
    assert "  docs/guide.md (changed)" in said.splitlines()


def test_adding_what_is_there_but_hidden_names_the_command_that_shows_it(slot: Guarded) -> None:
    slot("sparse-checkout", "set", "--cone", "src")
    slot.repo.commit("Later.", {"docs/later.md": "later\n"})
    for name in ("docs/guide.md", "docs/later.md", "docs/really-new.md"):
        slot.write(name)
        slot("add", "--sparse", name)
    lines = slot.refused("commit", "--message", "Outside.").stderr.splitlines()
    assert "  there already, but hidden in this slot: docs/guide.md, docs/later.md" in lines
    asked = "poolmgr scope request --see '/docs/guide.md' --see '/docs/later.md'"
    assert f"  to see what is there: {asked}" in lines


def test_shared_files_are_reported_once_and_not_refused(slot: Guarded) -> None:
    slot.write("CHANGELOG.md")
    slot.write("src/poetry.lock")
    slot.write("poetry.lock")
    slot("add", "--all")
    done = slot("commit", "--message", "With a lockfile.")
    assert done.said == [
        "poolmgr: note: outside of what this slot owns, but shared by all: CHANGELOG.md, poetry.lock"
    ]
    slot.write("poetry.lock", "again\n")
    done = slot("commit", "--all", "--message", "On a branch that has one.")
    assert done.said == ["poolmgr: note: outside of what this slot owns, but shared by all: poetry.lock"]


def test_excluded_globs_are_not_owned(slot: Guarded) -> None:
    slot.facts(owns=("/src/**", "!/src/app.py"), runs=runs_of("/src/**", "!/src/app.py"))
    slot.write("src/app.py")
    slot.refused("commit", "--all", "--message", "Outside.")
    slot("restore", "src/app.py")
    slot.write("src/lib/text.py")
    assert slot("commit", "--all", "--message", "Inside.").said == []


def test_who_owns_a_directory_moves_the_submodule_that_it_is(slot: Guarded) -> None:
    slot.facts(owns=("/vendor/",), runs=runs_of("/vendor/"))
    slot("update-index", "--add", "--cacheinfo", f"160000,{slot.head},vendor")
    assert slot("commit", "--message", "Add.").said == []
    slot("update-index", "--add", "--cacheinfo", f"160000,{slot.head},vendors")
    slot.refused("commit", "--message", "Outside.")
    slot("rm", "--quiet", "--cached", "vendors")
    slot("update-index", "--add", "--cacheinfo", f"160000,{slot.head},vendor")
    assert slot("commit", "--message", "Move.").said == []


def test_a_merge_of_the_base_is_nobodys_doing(slot: Guarded) -> None:
    slot.write("src/app.py")
    slot("commit", "--all", "--message", "Mine.")
    slot.repo.commit("Theirs.", {"docs/guide.md": "theirs\n", "lib/other.py": "OTHER = 3\n"})
    assert slot("merge", "--no-edit", "main").said == []
    slot.repo.commit("Theirs again.", {"docs/guide.md": "theirs again\n"})
    slot("merge", "--no-commit", "main")
    slot.write("lib/other.py", "OTHER = 4\n")
    slot("add", "lib")
    done = slot.refused("commit", "--no-edit")
    assert "lib/other.py" in done.stderr
    assert "docs/guide.md" not in done.stderr
    slot("checkout", "HEAD", "--", "lib/other.py")
    assert slot("commit", "--no-edit").said == []


def test_without_facts_nothing_is_refused(slot: Guarded) -> None:
    (slot.admin / "poolmgr-guard.json").unlink()
    slot.write("docs/guide.md")
    assert slot("commit", "--all", "--message", "A full slot.").said == []


def test_a_branch_without_commits_may_begin_with_what_the_base_has(slot: Guarded) -> None:
    slot("checkout", "--quiet", "--orphan", "empty")
    slot.write("docs/guide.md")
    slot("add", "docs")
    done = slot.refused("commit", "--message", "Everything anew.")
    assert "1 path" in done.said[0]
    slot("checkout", "work", "--", "docs/guide.md")
    assert slot("commit", "--message", "Everything anew.").stderr == ""
