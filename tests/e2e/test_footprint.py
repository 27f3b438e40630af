"""The user's own things are the same before and after everything the pool does."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from tests.e2e.pooled import Pooled
from tests.fixtures.repositories import Repository

# What git writes for every object and every branch somebody asked for; all else must not appear.
MAY_COME = (
    "objects/",
    "refs/heads/",
    "logs/refs/heads/",
    "refs/poolmgr/",
    "packed-refs",
    "poolmgr/",
    "worktrees/",
)
EXCLUDE = "# mine\n*.local\nno newline at the end"


@pytest.fixture
def lived_in(repo: Repository, tmp_path: Path) -> Repository:
    """A checkout in the middle of a day's work."""
    repo.write({"notes.txt": "first\n"})
    repo.git("stash", "push", "--quiet", "--include-untracked", "--message", "later")
    repo.git("branch", "side", "main~1")
    repo.git("tag", "v1")
    repo.git("pack-refs", "--all")
    repo.git("branch", "loose")
    repo.git("config", "alias.st", "status")
    repo.git("config", "branch.side.description", "a side branch")
    hook = repo.path / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\ntouch hook-ran\n")
    hook.chmod(0o755)
    (repo.path / ".git/info/exclude").write_text(EXCLUDE)
    repo.git("worktree", "add", "--quiet", "-b", "mine", str(tmp_path / "by hand"))
    (tmp_path / "by hand/README.md").write_text("dirty\n")
    repo.write({"staged.txt": "staged\n"})
    repo.git("add", "staged.txt")
    repo.write({"README.md": "unstaged\n", "untracked.txt": "untracked\n", "debug.log": "ignored\n"})
    os.utime(repo.path / "src/app.py", (1, 1))  # whoever refreshes the index writes this into it
    return repo


def look(root: Path) -> dict[str, str]:
    """Every file below a directory: its kind, mode and content."""
    seen = {}
    for folder, folders, names in os.walk(root):
        for name in (*names, *folders):
            place = Path(folder, name)
            mode = place.lstat().st_mode
            content = (
                os.readlink(place) if stat.S_ISLNK(mode) else place.read_bytes() if stat.S_ISREG(mode) else ""
            )
            text = content if isinstance(content, str) else hashlib.sha256(content).hexdigest()
            seen[str(place.relative_to(root))] = f"{mode:o} {text}"
    return seen


def changes(before: dict[str, str], after: dict[str, str], *, besides: tuple[str, ...] = ()) -> list[str]:
    """What is gone, other, or new beyond what may come."""
    changed = [name for name, value in before.items() if after.get(name) != value]
    allowed = tuple(f".git/{name}" for name in MAY_COME)
    new = [name for name in after.keys() - before.keys() if not f"{name}/".startswith(allowed)]
    return sorted(name for name in (*changed, *new) if name not in besides)


def live_a_day(pool: Pooled) -> None:
    """Everything a pool is for."""
    first = pool.acquire("--branch", "fix/login")
    second = pool.acquire("--branch", "side", agent="bob")
    Path(first["path"], "new.txt").write_text("new\n")
    pool.git(first["path"], "add", "--all")
    pool.git(first["path"], "-c", "core.hooksPath=/dev/null", "commit", "--quiet", "--message", "New.")
    Path(second["path"], "unsaved.txt").write_text("unsaved\n")
    pool.refused("release", second["slot"])
    pool.run("status")
    pool.run("where", cwd=first["path"])
    pool.run("branches")
    pool.release(first["slot"])
    pool.release(second["slot"], "--rescue")
    pool.await_ready(2)
    third = pool.acquire(agent="carol")
    pool.run("reclaim", third["slot"])
    pool.run("pool", "refresh")
    pool.run("doctor", check=False)
    pool.cli.settle()


def test_while_the_pool_lives_only_two_recorded_lines_differ(
    lived_in: Repository, unpooled: Pooled, tmp_path: Path
) -> None:
    before, by_hand = look(lived_in.path), look(tmp_path / "by hand")
    unpooled.init(2)
    live_a_day(unpooled)
    after = look(lived_in.path)
    assert changes(before, after, besides=(".git/config", ".git/info/exclude")) == []
    assert look(tmp_path / "by hand") == by_hand
    config = (lived_in.path / ".git/config").read_text()
    assert "worktreeConfig = true" in config
    assert (lived_in.path / ".git/info/exclude").read_text().startswith(EXCLUDE)


def test_after_cleanup_everything_is_byte_for_byte_as_before(
    lived_in: Repository, unpooled: Pooled, tmp_path: Path
) -> None:
    before, by_hand = look(lived_in.path), look(tmp_path / "by hand")
    unpooled.init(2)
    live_a_day(unpooled)
    unpooled.run("cleanup")
    after = look(lived_in.path)
    assert changes(before, after) == []
    assert look(tmp_path / "by hand") == by_hand
    assert not (tmp_path / "repo.worktrees").exists()
    assert {place.name for place in (lived_in.path / ".git/worktrees").iterdir()} == {"by-hand"}
    assert len(unpooled.ask("rescue", "list")["rescues"]) == 1


@pytest.mark.parametrize("exclude", [None, "", "*.local\n", EXCLUDE])
def test_the_exclude_file_comes_back_whatever_it_was(unpooled: Pooled, exclude: str | None) -> None:
    file = unpooled.repo.path / ".git/info/exclude"
    file.unlink()
    if exclude is not None:
        file.write_text(exclude)
    else:
        file.parent.rmdir()
    before = look(unpooled.repo.path)
    unpooled.init(1)
    unpooled.run("cleanup")
    assert changes(before, look(unpooled.repo.path)) == []


def test_the_extension_stays_where_the_user_had_set_it(unpooled: Pooled) -> None:
    unpooled.repo.git("config", "extensions.worktreeConfig", "true")
    before = look(unpooled.repo.path)
    unpooled.init(1)
    unpooled.run("cleanup")
    assert changes(before, look(unpooled.repo.path)) == []


def test_what_the_user_added_to_his_files_meanwhile_stays(unpooled: Pooled) -> None:
    unpooled.init(1)
    exclude = unpooled.repo.path / ".git/info/exclude"
    with exclude.open("a") as file:
        file.write("*.mine\n")
    unpooled.repo.git("config", "alias.new", "log")
    unpooled.run("cleanup")
    assert exclude.read_text().endswith("*.mine\n")
    assert ".env.worktree" not in exclude.read_text()
    assert unpooled.repo.git("config", "alias.new") == "log"


def test_a_tracked_branch_leaves_no_section_behind(
    remote_repo: Repository, unpooled: Pooled, tmp_path: Path
) -> None:
    remote_repo.git("push", "--quiet", "origin", "main:feature")
    remote_repo.git("fetch", "--quiet")
    pool = Pooled(remote_repo, unpooled.cli)
    before = look(remote_repo.path)
    pool.init(1)
    lent = pool.acquire("--branch", "feature", "--track")
    pool.release(lent["slot"])
    pool.run("cleanup")
    assert changes(before, look(remote_repo.path)) == []


def test_cleanup_refuses_while_somebody_has_unsaved_work(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/login")
    Path(lent["path"], "new.txt").write_text("new\n")
    error = pool.refused("cleanup")
    assert error["code"] == "unsaved_work"
    assert "alice" in error["message"]
    assert pool.slot(lent["slot"])["state"] == "LEASED"
    assert Path(lent["path"], "new.txt").read_text() == "new\n"


def test_cleanup_with_rescue_keeps_the_work_and_names_the_holder(pool: Pooled, tmp_path: Path) -> None:
    lent = pool.acquire("--branch", "fix/login")
    Path(lent["path"], "new.txt").write_text("new\n")
    result = pool.run("cleanup", "--rescue")
    assert "alice" in result.stderr + result.stdout
    (rescue,) = pool.ask("rescue", "list")["rescues"]
    pool.run("rescue", "restore", rescue["id"], "--to", tmp_path / "back")
    assert (tmp_path / "back/new.txt").read_text() == "new\n"


def test_after_cleanup_a_pool_can_be_made_again(pool: Pooled) -> None:
    first = pool.acquire()
    Path(first["path"], "new.txt").write_text("new\n")
    pool.release(first["slot"], "--rescue")
    pool.run("cleanup")
    assert pool.refused("status")["code"] == "no_pool"
    pool.init(2)
    again = pool.acquire()
    assert again["fence"] > first["fence"]


def test_cleanup_leaves_a_worktree_and_a_directory_made_by_hand(pool: Pooled, tmp_path: Path) -> None:
    room = tmp_path / "repo.worktrees"
    pool.repo.git("worktree", "add", "--quiet", "-b", "mine", str(room / "pool-wt-7"))
    (room / "notes").mkdir()
    (room / "notes/a.txt").write_text("a\n")
    pool.run("cleanup")
    assert (room / "pool-wt-7/README.md").exists()
    assert (room / "notes/a.txt").read_text() == "a\n"
    assert pool.repo.git("rev-parse", "mine")
