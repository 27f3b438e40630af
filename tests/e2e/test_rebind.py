"""A moved repository keeps its pool, a copy gets its own, and the original never notices."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from tests.e2e.pooled import Json, Pooled
from tests.fixtures.repositories import Repository
from tests.invariants import Allowed, require_sound


def move(pool: Pooled, name: str, *, slots: str | None) -> Pooled:
    """The repository under another name; its slots too, unless they stay."""
    pool.cli.settle()
    old, new = pool.repo.path, pool.repo.path.with_name(name)
    old.rename(new)
    if slots:
        old.with_name(f"{old.name}.worktrees").rename(new.with_name(slots))
    return Pooled(Repository(new), pool.cli)


def copy(pool: Pooled, name: str) -> Pooled:
    """A copy of the repository, as `cp -a` makes it."""
    pool.cli.settle()
    new = pool.repo.path.with_name(name)
    subprocess.run(("cp", "-a", str(pool.repo.path), str(new)), check=True, timeout=60)
    return Pooled(Repository(new), pool.cli)


def doctor(pool: Pooled, *args: str, code: int = 0) -> dict[str, Json]:
    """Kind to finding."""
    result = pool.run("doctor", "--json", *args, check=False)
    assert result.code == code, result.stdout + result.stderr
    return {each["kind"]: each for each in result.json()["findings"]}


def picture(root: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below a directory, but for locks and logs that looking at it may touch."""
    found = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                found[str(path.relative_to(root))] = (path.stat().st_mode, path.read_bytes())
    return found


def work_in(pool: Pooled, branch: str) -> Json:
    """A lease with a commit and unsaved files."""
    lent = pool.acquire("--branch", branch)
    pool.git(lent["path"], "commit", "--quiet", "--allow-empty", "--message", "Work.")
    (Path(lent["path"]) / "staged.txt").write_text("staged")
    pool.git(lent["path"], "add", "staged.txt")
    (Path(lent["path"]) / "unsaved.txt").write_text("unsaved")
    return lent


def require_at(pool: Pooled, lent: Json, place: Path) -> None:
    """The lease goes on in this directory, its work untouched."""
    slot = pool.slot(lent["slot"])
    assert (slot["lease"], slot["path"], slot["state"]) == (lent["lease"], str(place), "LEASED")
    assert pool.git(place, "status", "--porcelain").splitlines() == ["A  staged.txt", "?? unsaved.txt"]
    assert pool.git(place, "branch", "--show-current") == lent["branch"]
    pool.release(lent["slot"], "--rescue")
    require_sound(pool.repo, Allowed())


def test_a_moved_repository_is_read_only_until_it_is_bound_again(pool: Pooled) -> None:
    lent = work_in(pool, "fix/one")
    moved = move(pool, "moved", slots="moved.worktrees")
    assert moved.refused("acquire")["code"] == "pool_elsewhere"
    assert "pool_elsewhere" in doctor(moved, code=1)
    assert not doctor(moved, "--fix", code=1)["pool_elsewhere"]["fixed"]
    assert moved.ask("status")["slots"]
    assert doctor(moved, "--rebind")["pool_elsewhere"]["fixed"]
    require_at(moved, lent, moved.repo.path.with_name("moved.worktrees") / lent["slot"])


def test_slots_that_stayed_behind_are_found_at_the_old_place(pool: Pooled) -> None:
    lent = work_in(pool, "fix/two")
    moved = move(pool, "elsewhere", slots=None)
    doctor(moved, "--rebind")
    require_at(moved, lent, Path(lent["path"]))


def test_a_moved_parent_directory_takes_everything_along(pool: Pooled) -> None:
    lent = work_in(pool, "fix/three")
    pool.cli.settle()
    old = pool.repo.path.parent
    inner = old / "home"
    inner.mkdir()
    pool.repo.path.rename(inner / "repo")
    (old / "repo.worktrees").rename(inner / "repo.worktrees")
    moved = Pooled(Repository(inner / "repo"), pool.cli)
    doctor(moved, "--rebind")
    require_at(moved, lent, inner / "repo.worktrees" / lent["slot"])


def test_a_parked_directory_moves_along(pool: Pooled) -> None:
    lent = pool.acquire()
    with (Path(lent["path"]) / "huge.bin").open("wb") as huge:
        huge.truncate(5 * 1024**3)  # more than a rescue may hold
    pool.release(lent["slot"], "--rescue")
    assert pool.slot(lent["slot"])["state"] == "PARKED"
    moved = move(pool, "moved", slots="moved.worktrees")
    doctor(moved, "--rebind")
    path = Path(moved.slot(lent["slot"])["path"])
    assert path.is_relative_to(moved.repo.path)
    assert (path / "huge.bin").exists()
    assert moved.git(path, "rev-parse", "--show-toplevel") == str(path)


def test_another_repository_at_the_old_place_is_not_taken_for_the_slots(pool: Pooled) -> None:
    lent = work_in(pool, "fix/four")
    moved = move(pool, "moved", slots="moved.worktrees")
    moved.repo.git("clone", "--quiet", "--no-local", str(moved.repo.path), str(pool.repo.path))
    pool.init(2)
    theirs = {name: slot["path"] for name, slot in pool.slots().items()}
    before = {path: (Path(path) / ".git").read_text() for path in theirs.values()}
    doctor(moved, "--rebind")
    require_at(moved, lent, moved.repo.path.with_name("moved.worktrees") / lent["slot"])
    assert {path: (Path(path) / ".git").read_text() for path in before} == before
    require_sound(pool.repo, Allowed())


def test_a_copy_gets_a_pool_of_its_own_and_the_original_keeps_everything(pool: Pooled) -> None:
    lent = work_in(pool, "fix/five")
    copied = copy(pool, "copy")
    slots = pool.repo.path.with_name("repo.worktrees")
    before = picture(pool.repo.path), picture(slots), pool.repo.git("for-each-ref")
    assert copied.refused("acquire")["code"] == "pool_elsewhere"
    doctor(copied, "--rebind")
    assert (picture(pool.repo.path), picture(slots), pool.repo.git("for-each-ref")) == before

    ids = [json.loads((each.repo.state / "pool.json").read_text())["pool_id"] for each in (pool, copied)]
    assert ids[0] != ids[1]
    assert copied.slots() == {}
    assert "pool-wt" not in copied.repo.git("worktree", "list")
    mine = copied.acquire("--branch", "fix/mine")
    assert Path(mine["path"]).parent == copied.repo.path.with_name("copy.worktrees")
    copied.release(mine["slot"])
    require_sound(copied.repo, Allowed())
    require_at(pool, lent, Path(lent["path"]))


def test_commits_that_only_a_copied_entry_reaches_stay_in_the_copy(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/six")
    pool.git(lent["path"], "switch", "--quiet", "--detach")
    pool.git(lent["path"], "commit", "--quiet", "--allow-empty", "--message", "Nowhere else.")
    commit = pool.git(lent["path"], "rev-parse", "HEAD")
    copied = copy(pool, "copy")
    doctor(copied, "--rebind")
    copied.repo.git("reflog", "expire", "--expire=now", "--all")
    copied.repo.git("gc", "--quiet", "--prune=now")
    assert copied.repo.git("cat-file", "-t", commit) == "commit"
    (rescue,) = copied.ask("rescue", "list")["rescues"]
    back = copied.repo.path.with_name("back")
    copied.run("rescue", "restore", rescue["id"], "--to", back)
    assert copied.git(back, "rev-parse", "HEAD") == commit
    assert pool.repo.git("for-each-ref", "refs/poolmgr") == ""


def test_a_copys_cleanup_gives_the_copy_back_as_it_was_before_any_pool(pool: Pooled) -> None:
    pool.acquire()
    copied = copy(pool, "copy")
    doctor(copied, "--rebind")
    copied.run("cleanup")
    assert "poolmgr" not in (copied.repo.path / ".git/info/exclude").read_text()
    assert copied.repo.git("config", "extensions.worktreeConfig", check=False) == ""
    assert not copied.repo.state.exists()
    require_sound(pool.repo, Allowed())


def test_a_rebind_at_home_changes_nothing(pool: Pooled) -> None:
    lent = work_in(pool, "fix/seven")
    before = (pool.repo.state / "pool.json").read_bytes()
    assert "pool_elsewhere" not in doctor(pool, "--rebind")
    assert (pool.repo.state / "pool.json").read_bytes() == before
    require_at(pool, lent, Path(lent["path"]))


def test_an_original_nobody_can_read_decides_nothing(pool: Pooled) -> None:
    copied = copy(pool, "copy")
    (pool.repo.state / "pool.json").write_text("{")
    before = (copied.repo.state / "pool.json").read_bytes()
    assert copied.refused("doctor", "--rebind")["code"] == "pool_elsewhere"
    assert (copied.repo.state / "pool.json").read_bytes() == before


def test_a_moved_repository_whose_state_is_damaged_too_is_bound_and_rebuilt(pool: Pooled) -> None:
    lent = work_in(pool, "fix/eight")
    moved = move(pool, "moved", slots="moved.worktrees")
    for file in moved.repo.state.glob("state.db*"):
        file.unlink()
    shutil.rmtree(moved.repo.state / "backups", ignore_errors=True)
    found = doctor(moved, "--rebind", "--fix")
    assert found["pool_elsewhere"]["fixed"]
    assert found["database"]["fixed"]
    require_at(moved, lent, moved.repo.path.with_name("moved.worktrees") / lent["slot"])
