"""Names and surroundings that want to do harm, or are merely strange."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.e2e.pooled import Pooled, variables
from tests.fixtures.patience import await_that
from tests.fixtures.repositories import Repositories, Repository

HOSTILE = [
    "--force", "-D", "a..b", "a b", "HEAD", "@", "refs/heads/x", "a.lock", "a\nb", "a\x1b[31mb", "a:b", "a~1",
    ".a", "a/",
    "", "0" * 40, "x" * 300, os.fsdecode(b"\xff"),
]  # fmt: skip


def test_a_hostile_branch_name_is_refused_before_anything_happens(pool: Pooled) -> None:
    for name in HOSTILE:
        error = pool.refused("acquire", f"--branch={name}", code=2)
        assert error["code"] == "bad_name", name
    assert "\x1b" not in pool.run("acquire", "--branch=a\x1b[31mb", check=False).stderr
    assert pool.ask("status")["queue"] == []
    assert pool.repo.git("for-each-ref", "--format=%(refname)", "refs/heads") == "refs/heads/main"


def test_a_hostile_agent_name_or_request_id_is_refused(pool: Pooled) -> None:
    for name in ("", "--help", "a b", "../up", "$(touch x)", "a\nb", "é", "x" * 129):
        assert pool.refused("acquire", f"--agent={name}", code=2)["code"] == "bad_name"
        assert pool.refused("acquire", f"--request-id={name}", code=2)["code"] == "bad_name"


def test_a_slot_that_does_not_exist_is_told(pool: Pooled) -> None:
    for name in ("pool-wt-9", "9", "..", "/", "", "-1", "pool-wt-1/../..", "\x1b[2J", "*"):
        for command in ("release", "reclaim"):
            result = pool.run(command, "--json", "--", name, check=False)
            assert result.code == 1, result
            assert result.json()["error"]["code"] in {"no_such_slot", "wrong_state"}
    assert [slot["state"] for slot in pool.slots().values()] == ["READY", "READY"]
    assert pool.refused("acquire", "--timeout", "nan", code=2)["code"] == "usage"
    inside = pool.acquire()["path"]
    assert pool.refused("release", "", cwd=inside)["code"] == "no_such_slot"


def test_a_rescue_that_does_not_exist_is_told(pool: Pooled) -> None:
    for name in ("1", "x-1", "1-1-1", "-1-1", "../1-1", "\u0661-\u0661", "1-" + "9" * 40):
        for command in ("show", "drop"):
            result = pool.run("rescue", command, "--json", "--", name, check=False)
            assert (result.code, result.json()["error"]["code"]) == (1, "no_such_rescue")


def test_what_others_wrote_cannot_paint_on_the_terminal(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/\u202elogin")
    Path(lent["path"], "\x1b[31mred\x07\u202e").write_text("x")
    refusal = pool.run("release", lent["slot"], check=False)
    for text in (
        pool.run("status").stdout,
        refusal.stderr,
        pool.run("events").stdout,
        pool.run("branches").stdout,
    ):
        assert not set(text) & {"\x1b", "\x07", "\u202e"}


def test_cleaning_the_checkout_with_git_takes_nothing_of_the_pool(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/login")
    Path(lent["path"], "new.txt").write_text("new\n")
    pool.repo.git("clean", "-ffdx")
    assert Path(lent["path"], "new.txt").read_text() == "new\n"
    assert pool.slot(lent["slot"])["state"] == "LEASED"
    pool.release(lent["slot"], "--rescue")
    pool.run("doctor")


def test_slots_inside_the_checkout_survive_an_ordinary_clean(unpooled: Pooled) -> None:
    unpooled.cli.variables["POOLMGR_POOL_DIR"] = ".agent-worktrees"
    unpooled.init(1)
    lent = unpooled.acquire("--branch", "fix/login")
    Path(lent["path"], "new.txt").write_text("new\n")
    assert unpooled.repo.git("status", "--porcelain") == ""
    unpooled.repo.git("clean", "-fdx")
    assert Path(lent["path"], "new.txt").read_text() == "new\n"


def test_a_clean_that_takes_slots_inside_the_checkout_is_noticed(unpooled: Pooled) -> None:
    unpooled.cli.variables["POOLMGR_POOL_DIR"] = ".agent-worktrees"
    unpooled.init(2)
    lent = unpooled.acquire("--branch", "fix/login")
    pool = unpooled
    pool.git(lent["path"], "commit", "--quiet", "--allow-empty", "--message", "Kept.")
    head = pool.git(lent["path"], "rev-parse", "HEAD")
    pool.repo.git("clean", "-ffdx")
    pool.run("status")
    pool.run("doctor", "--fix", check=False)
    pool.cli.settle()
    assert pool.repo.git("rev-parse", "fix/login") == head
    other = pool.acquire("--timeout", "60", agent="bob")
    assert pool.git(other["path"], "status", "--porcelain") == ""


def test_it_works_from_inside_the_git_directory(pool: Pooled) -> None:
    for place in (".git", ".git/refs", ".git/worktrees/pool-wt-1"):
        assert pool.ask("status", cwd=pool.repo.path / place)["pool"]["size"] == 2
    assert pool.acquire(cwd=pool.repo.path / ".git")["slot"] == "pool-wt-1"


def test_it_works_from_a_hook_whatever_git_put_into_the_environment(pool: Pooled) -> None:
    hook = pool.repo.path / ".git/hooks/pre-commit"
    hook.write_text(
        "#!/bin/sh\nenv | grep ^GIT_ > hook-env\n"
        "exec $PYTHON -m poolmgr acquire --agent hook --json > lent.json\n"
    )
    hook.chmod(0o755)

    pool.repo.write({"a.txt": "a\n"})
    pool.repo.git("add", "a.txt")
    subprocess.run(
        ("git", "commit", "--quiet", "-m", "From a hook."), cwd=pool.repo, check=True, timeout=60,
        env={**pool.environment(), "PYTHON": sys.executable},
    )  # fmt: skip
    assert "GIT_INDEX_FILE" in (pool.repo.path / "hook-env").read_text()
    slot = pool.slot("pool-wt-1")
    assert slot["agent"] == "hook"
    assert pool.git(slot["path"], "status", "--porcelain") == ""
    assert pool.repo.git("log", "-1", "--format=%s") == "From a hook."
    assert set(pool.repo.git("status", "--porcelain").split("\n")) == {"?? hook-env", "?? lent.json"}


def test_git_variables_that_point_elsewhere_are_not_followed(pool: Pooled, make_repo: Repositories) -> None:
    other = make_repo("other")
    env = {
        "GIT_DIR": str(other.path / ".git"), "GIT_WORK_TREE": str(other.path),
        "GIT_INDEX_FILE": str(other.path / "index"),
        "GIT_OBJECT_DIRECTORY": str(other.path / "objects"), "GIT_COMMON_DIR": str(other.path / ".git"),
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.bare", "GIT_CONFIG_VALUE_0": "true",
        "GIT_NAMESPACE": "x", "GIT_CEILING_DIRECTORIES": "/",
    }  # fmt: skip
    lent = pool.acquire("--branch", "fix", env=env)
    assert lent["path"].startswith(str(pool.repo.path.with_name("repo.worktrees")))
    assert pool.ask("where", cwd=lent["path"], env=env)["name"] == lent["slot"]
    pool.run("release", lent["slot"], env=env)
    assert other.git("status", "--porcelain") == ""
    assert other.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_a_copied_repository_may_only_be_looked_at(pool: Pooled, tmp_path: Path) -> None:
    lent = pool.acquire("--branch", "fix/login")
    Path(lent["path"], "new.txt").write_text("new\n")
    shutil.copytree(pool.repo.path, tmp_path / "copy", symlinks=True)
    copy = Pooled(Repository(tmp_path / "copy"), pool.cli)
    assert copy.ask("status")["pool"]["size"] == 2
    for words in (
        ("acquire",),
        ("release", "pool-wt-1"),
        ("reclaim", "pool-wt-1"),
        ("cleanup", "--rescue"),
        ("pool", "refresh"),
        ("init",),
    ):
        assert copy.refused(*words)["code"] == "pool_elsewhere", words
    assert Path(lent["path"], "new.txt").read_text() == "new\n"
    assert pool.slot(lent["slot"])["lease"] == lent["lease"]


def test_a_worktree_made_by_hand_is_never_touched(pool: Pooled, tmp_path: Path) -> None:
    room = tmp_path / "repo.worktrees"
    pool.repo.git("worktree", "add", "--quiet", "-b", "mine", str(room / "pool-wt-3"))
    (room / "pool-wt-3/new.txt").write_text("new\n")
    for command in ("release", "reclaim"):
        assert pool.refused(command, str(room / "pool-wt-3"))["code"] == "no_such_slot"
    for command in ("adopt", "retire"):
        assert pool.refused("pool", command, str(room / "pool-wt-3"))["code"] == "no_such_slot"
    pool.cli.variables["POOLMGR_POOL_MAX"] = "4"
    pool.run("pool", "resize", "4")
    assert (room / "pool-wt-3/new.txt").read_text() == "new\n"
    assert "pool-wt-3" not in pool.slots()


def test_a_directory_in_the_way_is_left_alone(unpooled: Pooled, tmp_path: Path) -> None:
    place = tmp_path / "repo.worktrees/pool-wt-1"
    place.mkdir(parents=True)
    (place / "mine.txt").write_text("mine\n")
    unpooled.init(1)
    assert (place / "mine.txt").read_text() == "mine\n"
    assert unpooled.acquire()["path"] != str(place)


def test_a_symlink_in_the_way_is_not_followed(unpooled: Pooled, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "repo.worktrees").mkdir()
    (tmp_path / "repo.worktrees/pool-wt-1").symlink_to(tmp_path / "target")
    unpooled.init(1)
    assert list((tmp_path / "target").iterdir()) == []


def test_a_branch_with_a_file_where_our_env_file_goes_keeps_it(pool: Pooled, tmp_path: Path) -> None:
    (tmp_path / "target").write_text("outside\n")
    pool.repo.git("checkout", "--quiet", "-b", "tracked")
    pool.repo.write({".env.worktree": "tracked\n"})
    pool.repo.git("add", "--force", ".env.worktree")
    pool.repo.git("commit", "--quiet", "--message", "Track it.")
    pool.repo.git("checkout", "--quiet", "-b", "linked", "main")
    (pool.repo.path / ".env.worktree").symlink_to(tmp_path / "target")
    pool.repo.git("add", "--force", ".env.worktree")
    pool.repo.git("commit", "--quiet", "--message", "Link it.")
    pool.repo.git("checkout", "--quiet", "main")
    for branch in ("tracked", "linked"):
        lent = pool.acquire("--branch", branch, agent=branch)
        pool.release(lent["slot"], "--rescue")
        pool.await_ready(2)
    assert (tmp_path / "target").read_text() == "outside\n"
    assert pool.repo.git("show", "tracked:.env.worktree") == "tracked"


def test_from_a_directory_that_is_gone_one_can_still_ask(pool: Pooled, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    command = f'cd {gone} && rmdir {gone} && exec "$PYTHON" -m poolmgr --repo {pool.repo.path} status --json'

    answer = subprocess.run(
        ("sh", "-c", command),
        env={**pool.environment(), "PYTHON": sys.executable},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert answer.returncode == 0, answer.stderr


def test_a_reader_that_goes_away_is_no_bug(pool: Pooled) -> None:
    following = pool.start("events", "--follow")
    assert following.stdout
    following.stdout.readline()
    following.stdout.close()
    pool.acquire()
    await_that(lambda: following.poll() is not None, "events --follow has ended")
    assert following.stderr
    with following.stderr:
        assert b"Traceback" not in following.stderr.read()
    assert following.returncode in {0, 1}  # typer ends so when nobody reads


def test_the_home_of_nobody_is_written_to(unpooled: Pooled, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    unpooled.cli.variables |= {"HOME": str(home), **variables(AGENT="robot")}
    unpooled.init(1)
    unpooled.acquire()
    assert list(home.iterdir()) == []
