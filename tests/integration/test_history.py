"""What real commits, branches and worktrees tell of tasks."""

from __future__ import annotations

from pathlib import Path

from isolation.git.program import Git
from poolmgr.services.planning.history import SWEEPING, read_history
from poolmgr.services.planning.seen import list_seen
from tests.fixtures.repositories import Repository
from tracks.globs import compile_globs

TRACKERS = compile_globs((".beads/",))
IDS = ("t-1", "t-2", "t-3")


def test_commits_that_name_one_task_tell_what_it_changed(repo: Repository) -> None:
    repo.commit("t-1: begin", {"src/a b.py": "1", ".beads/issues.jsonl": "{}"})
    repo.commit("More.\n\nRefs: t-1", {"src/app.py": "2", "é\n.txt": "3"})
    repo.commit("t-1 and t-2", {"src/both.py": "4"})
    repo.commit("t-2 moves all", {f"many/{number}.txt": "5" for number in range(SWEEPING + 1)})
    repo.commit("t-3, the tracker alone", {".beads/issues.jsonl": "{1}"})
    repo.git("checkout", "--quiet", "-b", "side")
    repo.commit("t-3 on a side", {"src/side.py": "6"})
    repo.git("checkout", "--quiet", "main")
    repo.git("merge", "--quiet", "--no-ff", "-m", "Merge t-3", "side")
    found = {each.task: each for each in read_history(Git(repo.path), "HEAD", IDS, TRACKERS).changes}
    assert {task: set(each.files) for task, each in found.items()} == {
        "t-1": {"src/a b.py", "src/app.py", "é\n.txt"},
        "t-3": {"src/side.py"},
    }
    assert found["t-1"].moment == float(repo.git("log", "-1", "--format=%ct", "--grep=begin"))


def test_a_repository_that_names_no_task_has_no_history(repo: Repository) -> None:
    assert read_history(Git(repo.path), "HEAD", IDS, TRACKERS).changes == ()
    assert read_history(Git(repo.path), "HEAD", (), TRACKERS).changes == ()


def test_the_newest_commits_tell_what_changes_together_and_each_change_who_made_it(repo: Repository) -> None:
    repo.commit("Both.", {"src/app.py": "1", "src/b.py": "1", ".beads/issues.jsonl": "{}"})
    repo.git("config", "user.name", "Ann Ä")
    repo.git("config", "user.email", "ann@example.com")
    repo.commit("t-2: one", {"src/c.py": "1"})
    past = read_history(Git(repo.path), "HEAD", IDS, TRACKERS)
    assert past.commits[:2] == (frozenset({"src/c.py"}), frozenset({"src/app.py", "src/b.py"}))
    assert [each.task for each in past.changes] == ["t-2"]
    assert past.changes[0].authors == {"Ann Ä", "ann@example.com"}


def test_branches_and_worktrees_that_name_a_task_show_what_it_changes(
    repo: Repository, tmp_path: Path
) -> None:
    start = repo.git("rev-parse", "HEAD")
    repo.git("branch", "untouched/t-3")
    place = tmp_path / "linked"
    repo.git("worktree", "add", "--quiet", "-b", "alice/t-1-form", str(place))
    linked = Repository(place)
    linked.commit("Begin.", {"src/new.py": "1", ".beads/issues.jsonl": "{}"})
    linked.write({"notes.txt": "2", "src/app.py": "3", "debug.log": "ignored"})
    repo.commit("The base goes on.", {"src/base.py": "4"})
    found = list_seen(Git(repo.path), start, IDS, (), TRACKERS)
    assert {task: {claim.path for claim in claims} for task, claims in found.items()} == {
        "t-1": {"src/new.py", "notes.txt", "src/app.py"}
    }
    assert list_seen(Git(repo.path), None, IDS, (), TRACKERS).keys() == {"t-1"}


def test_a_branch_without_a_common_past_and_a_worktree_that_is_gone_do_no_harm(repo: Repository) -> None:
    start = repo.git("rev-parse", "HEAD")
    tree = repo.git("rev-parse", "HEAD^{tree}")
    repo.git("branch", "t-1", repo.git("commit-tree", "-m", "alone", tree))
    repo.git("worktree", "add", "--quiet", "-b", "t-2", str(repo.path / "gone"))
    for path in sorted((repo.path / "gone").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert list_seen(Git(repo.path), start, IDS, (), TRACKERS) == {}
