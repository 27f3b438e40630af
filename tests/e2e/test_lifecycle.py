"""From one holder to the next: what a slot still holds, how it is prepared, how the pool changes size."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.pooled import Json, Pooled, end_of, variables
from tests.fixtures.patience import await_that

KEEP = variables(WARM_KEEP="node_modules")
IGNORE = {".gitignore": "*.log\nbuild/\nnode_modules/\n.env\n.cache/\nlocal/\n", "package-lock.json": "1\n"}


@pytest.fixture
def one(unpooled: Pooled) -> Pooled:
    """A pool of one slot, in a repository with a lockfile."""
    unpooled.repo.commit("Ignore and lock.", IGNORE)
    unpooled.init(1)
    return unpooled


def hand_on(pool: Pooled, lent: Json, *args: str, agent: str = "bob") -> Json:
    """The slot given back by one and lent to the next."""
    pool.release(lent["slot"], "--rescue")
    pool.await_state(lent["slot"], "READY")
    return pool.acquire(*args, "--timeout", "60", agent=agent)


def write(lent: Json, files: dict[str, str]) -> None:
    for name, text in files.items():
        place = Path(lent["path"], name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


def test_the_next_holder_finds_nothing_of_the_last_one(one: Pooled) -> None:
    lent = one.acquire("--branch", "first")
    write(
        lent,
        {
            "new.txt": "x",
            "README.md": "x",
            ".env": "x",
            "build/app": "x",
            "local/.git/HEAD": "x",
            ".cache/a": "x",
        },
    )
    one.git(lent["path"], "rm", "--quiet", "--cached", "docs/guide/start.md")
    after = hand_on(one, lent, "--branch", "second")
    assert after["path"] == lent["path"]
    assert one.git(after["path"], "status", "--porcelain", "--ignored") == "!! .env.worktree"
    assert one.git(after["path"], "ls-files", "-s") == one.repo.git("ls-files", "-s")
    names = {place.name for place in Path(after["path"]).iterdir()}
    assert not names & {"new.txt", ".env", "build", "local", ".cache"}


def test_the_next_holder_inherits_no_settings_refs_or_operations(one: Pooled) -> None:
    lent = one.acquire("--branch", "first")
    path = lent["path"]
    hooks = Path(path, "evil-hooks")
    hooks.mkdir()
    one.git(path, "config", "--worktree", "core.hooksPath", str(hooks))
    one.git(path, "config", "--worktree", "user.name", "Somebody Else")
    one.git(path, "update-ref", "refs/worktree/mine", "HEAD")
    one.git(path, "update-index", "--assume-unchanged", "README.md")
    one.git(path, "update-index", "--skip-worktree", "src/app.py")
    write(lent, {"src/app.py": "hidden change\n"})
    one.git(path, "bisect", "start")
    one.git(path, "bisect", "bad")
    after = hand_on(one, lent, "--branch", "second")
    assert one.git(path, "config", "--worktree", "core.hooksPath", check=False) == ""
    assert one.git(path, "config", "user.name") == "Test Person"
    assert one.git(path, "for-each-ref", "refs/worktree", "refs/bisect") == ""
    assert {line[0] for line in one.git(path, "ls-files", "-v").split("\n")} == {"H"}
    assert Path(after["path"], "src/app.py").read_text() == one.repo.git("show", "main:src/app.py") + "\n"
    admin = Path(one.git(path, "rev-parse", "--absolute-git-dir"))
    assert not {"BISECT_LOG", "BISECT_START", "MERGE_HEAD", "rebase-merge"} & {
        p.name for p in admin.iterdir()
    }
    assert one.git(path, "stash", "list") == ""


def test_a_cache_is_handed_on_while_its_lockfile_fits(one: Pooled) -> None:
    lent = one.acquire("--branch", "first")
    write(lent, {"node_modules/x/index.js": "x"})
    after = hand_on(one, lent, "--branch", "second")
    assert Path(after["path"], "node_modules/x/index.js").read_text() == "x"
    assert one.git(after["path"], "status", "--porcelain") == ""


def test_a_cache_goes_when_the_lockfile_is_another(one: Pooled) -> None:
    lent = one.acquire("--branch", "first")
    write(lent, {"node_modules/x/index.js": "x", "package-lock.json": "2\n"})
    one.git(lent["path"], "commit", "--quiet", "--all", "--message", "Upgrade.")
    after = hand_on(one, lent, "--branch", "second")
    assert not Path(after["path"], "node_modules").exists()


def test_a_branch_whose_lockfile_is_another_is_said_at_acquire(one: Pooled) -> None:
    one.repo.git("checkout", "--quiet", "-b", "upgrade")
    one.repo.commit("Upgrade.", {"package-lock.json": "2\n"})
    one.repo.git("checkout", "--quiet", "main")
    lent = one.acquire("--branch", "first")
    write(lent, {"node_modules/x/index.js": "x"})
    after = hand_on(one, lent, "--branch", "upgrade")
    said = " ".join(after["warnings"])
    assert "node_modules" in said or "lockfile" in said or "package-lock.json" in said


def test_files_are_copied_from_the_checkout_and_count_only_when_changed(one: Pooled) -> None:
    one.repo.write({".env": "SECRET=1\n"})
    one.cli.variables |= variables(WARM_COPY=".env")
    lent = one.acquire("--branch", "first")
    after = hand_on(one, lent, "--branch", "second")
    env = Path(after["path"], ".env")
    assert env.read_text() == "SECRET=1\n"
    one.release(after["slot"])
    one.await_ready(1)
    third = one.acquire("--branch", "third")
    env.write_text("SECRET=2\n")
    error = one.refused("release", third["slot"])
    assert [finding["path"] for finding in error["findings"]] == [".env"]
    given = one.release(third["slot"], "--rescue")
    one.await_ready(1)
    assert env.read_text() == "SECRET=1\n"
    back = one.repo.path.with_name("back")
    one.run("rescue", "restore", given["rescue"], "--to", back)
    assert (back / ".env").read_text() == "SECRET=2\n"


def test_copies_are_those_of_the_moment_a_slot_is_lent(one: Pooled) -> None:
    one.cli.variables |= variables(WARM_COPY=".env")
    one.repo.write({".env": "NOW=1\n"})  # the slot was prepared before anybody asked for copies
    lent = one.acquire("--branch", "asked-late")
    assert Path(lent["path"], ".env").read_text() == "NOW=1\n"
    one.release(lent["slot"])
    one.await_ready(1)
    one.repo.write({".env": "NOW=2\n"})
    lent = one.acquire("--branch", "changed-since")
    assert Path(lent["path"], ".env").read_text() == "NOW=2\n"
    one.release(lent["slot"])


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "link", "dir/link/x"])
def test_nothing_is_copied_from_outside_the_checkout(one: Pooled, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("secret\n")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/x").write_text("secret\n")
    (one.repo.path / "link").symlink_to(tmp_path / "secret")
    (one.repo.path / "dir").mkdir()
    (one.repo.path / "dir/link").symlink_to(tmp_path / "out")
    one.cli.variables |= variables(WARM_COPY=name)
    one.run("pool", "refresh", check=False)
    lent = one.run("acquire", "--json", check=False)
    if lent.code == 0:
        one.run("release", "1", check=False)
        one.cli.settle()
    room = tmp_path / "repo.worktrees"
    assert not [place for place in room.rglob("*") if place.is_file() and place.read_bytes() == b"secret\n"]


def test_commands_prepare_a_slot_before_it_is_wanted(unpooled: Pooled) -> None:
    unpooled.repo.commit("Ignore.", IGNORE)
    unpooled.cli.variables |= variables(
        WARM_RUN="mkdir -p node_modules && echo warm > node_modules/made && echo output"
    )
    unpooled.init(1)
    place = unpooled.repo.path.with_name("repo.worktrees") / "pool-wt-1/node_modules/made"
    await_that(place.exists, "the command has run")
    unpooled.await_ready(1)
    lent = unpooled.acquire()
    assert place.read_text() == "warm\n"
    assert "output" in (unpooled.repo.state / "logs/warm-pool-wt-1.log").read_text()
    assert unpooled.git(lent["path"], "status", "--porcelain") == ""
    assert unpooled.release(lent["slot"])["rescue"] is None


def test_a_command_that_fails_is_shown_and_does_not_block_the_slot(unpooled: Pooled) -> None:
    unpooled.cli.variables |= variables(WARM_RUN="echo broken >&2; exit 3")
    unpooled.init(1)
    await_that(lambda: unpooled.slot("pool-wt-1")["warm"] == "failed", "the failure is shown")
    unpooled.await_ready(1)
    assert "pool warm" in unpooled.run("status").stdout
    assert "broken" in (unpooled.repo.state / "logs/warm-pool-wt-1.log").read_text()
    assert unpooled.acquire()["slot"] == "pool-wt-1"
    unpooled.run("release", "1")
    again = unpooled.run("pool", "warm", "pool-wt-1", check=False, env=variables(WARM_RUN="true"))
    assert again.code in {0, 1}


def test_nobody_waits_for_a_command_while_it_runs(unpooled: Pooled, tmp_path: Path) -> None:
    """A command that never ends by itself: who wants the slot gets it all the same."""
    fifo = tmp_path / "never"
    unpooled.init(1)
    warm = variables(WARM_RUN=f"mkfifo {fifo}; cat {fifo}")
    preparing = unpooled.start("pool", "warm", env=warm)
    await_that(fifo.exists, "the command runs")
    assert unpooled.acquire("--timeout", "30", env=warm)["slot"] == "pool-wt-1"
    end_of(preparing)


def test_the_pool_is_resized_within_its_limits(unpooled: Pooled) -> None:
    unpooled.init(2, most=4)
    assert unpooled.ask("pool", "resize", "4")["size"] == 4
    assert unpooled.ask("pool", "resize", "1")["size"] == 1
    assert unpooled.slots().keys() == {"pool-wt-1"}
    assert unpooled.ask("pool", "scale-up")["size"] == 2
    assert unpooled.ask("pool", "scale-down")["size"] == 1
    unpooled.refused("pool", "scale-down")
    assert "maximum" in unpooled.refused("pool", "resize", "5")["message"]
    assert unpooled.repo.git("worktree", "list", "--porcelain").count("worktree ") == 2


def test_scaling_down_takes_free_slots_only(unpooled: Pooled) -> None:
    unpooled.init(3)
    lent = unpooled.acquire("--branch", "fix/login")
    Path(lent["path"], "new.txt").write_text("new\n")
    assert unpooled.ask("pool", "resize", "1")["size"] == 1
    assert unpooled.slots().keys() == {lent["slot"]}
    assert Path(lent["path"], "new.txt").read_text() == "new\n"


def test_scaling_down_keeps_what_somebody_wrote_into_a_free_slot(unpooled: Pooled) -> None:
    unpooled.init(2)
    place = unpooled.repo.path.with_name("repo.worktrees") / "pool-wt-2"
    (place / "stray.txt").write_text("stray\n")
    unpooled.run("pool", "resize", "1")
    (rescue,) = unpooled.ask("rescue", "list")["rescues"]
    assert "stray.txt" in unpooled.run("rescue", "show", rescue["id"]).stdout


def test_idle_slots_above_the_minimum_go_by_themselves(unpooled: Pooled) -> None:
    unpooled.init(3)
    env = variables(SCALE_DOWN_AFTER="0s", POOL_MIN="1")

    def is_small() -> bool:
        unpooled.run("pool", "refresh", env=env)
        return len(unpooled.slots()) == 1

    await_that(is_small, "two slots are gone")


def test_init_may_be_repeated(one: Pooled) -> None:
    lent = one.acquire("--branch", "first")
    one.run("init")
    one.run("init", "--size", "1")
    assert one.slot(lent["slot"])["lease"] == lent["lease"]
    assert one.ask("status")["pool"]["size"] == 1


def test_a_slot_is_retired_only_when_nobody_has_it(one: Pooled) -> None:
    lent = one.acquire()
    assert one.refused("pool", "retire", lent["slot"])["code"] == "wrong_state"
    one.release(lent["slot"])
    one.await_ready(1)
    one.run("pool", "retire", lent["slot"])
    assert lent["slot"] not in one.slots()
    assert not Path(lent["path"]).exists()


def test_branches_are_listed_and_the_merged_ones_pruned(pool: Pooled) -> None:
    for name in ("merged", "squashed", "open"):
        lent = pool.acquire("--branch", name, "--timeout", "60")
        write(lent, {f"{name}.txt": name})
        pool.git(lent["path"], "add", "--all")
        pool.git(lent["path"], "commit", "--quiet", "--message", f"Add {name}.")
        pool.release(lent["slot"])
        pool.await_ready(2)
    held = pool.acquire("--branch", "held")
    pool.repo.git("merge", "--quiet", "--no-edit", "merged")
    pool.repo.git("merge", "--quiet", "--squash", "squashed")
    pool.repo.git("commit", "--quiet", "--message", "Squash.")
    found = {each["branch"]: each for each in pool.ask("branches")["branches"]}
    assert {name: each["state"] for name, each in found.items()} == {
        "merged": "merged", "squashed": "merged", "open": "open", "held": "held",
    }  # fmt: skip
    assert (found["held"]["slot"], found["open"]["ahead"]) == (held["slot"], 1)
    assert sorted(pool.ask("branches", "--prune")["pruned"]) == ["merged", "squashed"]
    assert pool.repo.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split() == [
        "held",
        "main",
        "open",
    ]


def test_a_name_that_an_earlier_pool_gave_a_branch_is_passed_over(one: Pooled) -> None:
    due = [f"alice/1-{fence}" for fence in range(1, 100)]
    for name in due:
        one.git(one.repo.path, "branch", name)
    lent = one.acquire()
    assert lent["branch"] in {f"{name}-2" for name in due}
    one.release(lent["slot"])
