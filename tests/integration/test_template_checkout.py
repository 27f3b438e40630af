"""The checkout of a template's build: the commit's files, and after a kill at any step nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from poolmgr.services.databases.builds import checked_out, list_builds, list_left, lock_file, try_clear
from poolmgr.services.ground.pool import Pool
from poolmgr.store import gate
from poolmgr.wiring import open_pool
from resources.probes.inside import list_inside
from tests.fixtures.commands import Commands
from tests.fixtures.patience import await_that
from tests.fixtures.repositories import Repositories, Repository

TOP = Path(__file__).parents[2]
FP = "0123456789abcdef"


@pytest.fixture(scope="module")
def commands(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Commands:
    return Commands(tmp_path_factory.mktemp("templates"), background=("worker*.lock",))


@pytest.fixture(scope="module")
def repo(commands: Commands) -> Repository:
    made = Repositories(commands.root)("repo")
    commands("init", "--size", "1", cwd=made)
    commands.finish()
    return made


@pytest.fixture
def pool(repo: Repository) -> Pool:
    return open_pool(repo.path)


def words(repo: Repository, at: int, command: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "tests.integration.template_child", str(repo.path), FP, str(at), command)


def run_child(repo: Repository, at: int) -> int | None:
    """Build in a process that dies before its step number `at`; how many it took, None when it died."""
    done = subprocess.run(
        words(repo, at, "mkdir sealed && touch sealed/file && chmod 500 sealed"),
        cwd=TOP, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode in (0, -9), done.stderr.decode()
    return None if done.returncode else int(done.stdout.split()[0])


def require_nothing(repo: Repository, pool: Pool) -> None:
    """No checkout, no record of one, no intent."""
    assert [each.name for each in Path(pool.facts.slots_dir).iterdir()] == ["pool-wt-1"]
    assert [each.name for each in (repo.path / ".git/worktrees").iterdir()] == ["pool-wt-1"]
    assert list_builds(pool) == []
    assert list_left(pool) == []


def test_it_has_the_files_of_the_commit_and_goes_with_all_that_commands_left(
    repo: Repository, pool: Pool
) -> None:
    before = repo.git("rev-parse", "HEAD")
    with gate.held(lock_file(pool, FP)) as lock, checked_out(pool, FP, before, lock) as place:
        assert place.name.startswith(".template-")
        assert repo.git("rev-parse", "HEAD", cwd=place) == before
        assert repo.git("status", "--porcelain", cwd=place) == ""
        assert (place / "src/app.py").is_file()
        assert list_builds(pool) == [FP]
        assert list_left(pool) == []
        assert not try_clear(pool, FP, patience=0)
        (place / "left by a command").write_text("nobody's")
    require_nothing(repo, pool)


def test_a_failure_inside_leaves_nothing_either(repo: Repository, pool: Pool) -> None:
    def fail() -> None:
        with gate.held(lock_file(pool, FP)) as lock, checked_out(pool, FP, "HEAD", lock):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    require_nothing(repo, pool)


def test_a_build_killed_at_any_step_is_cleared_by_the_next(
    repo: Repository, pool: Pool, share: float
) -> None:
    count = run_child(repo, 0)
    assert count
    require_nothing(repo, pool)
    for at in range(1, count + 1, 1 if share == 1 else 4):
        assert run_child(repo, at) is None
        for left in list_left(pool):
            assert try_clear(pool, left)
        require_nothing(repo, pool)


def test_a_build_goes_over_what_a_killed_one_left(repo: Repository, pool: Pool) -> None:
    count = run_child(repo, 0)
    assert count
    for at in (3, count // 2, count - 1):
        assert run_child(repo, at) is None
        assert run_child(repo, 0)
        require_nothing(repo, pool)


def test_the_commands_of_a_killed_builder_are_ended_before_its_checkout_goes(
    repo: Repository, pool: Pool
) -> None:
    child = subprocess.Popen(words(repo, 0, "sleep 300 & sleep 301"), cwd=TOP, stdout=subprocess.PIPE)
    place = Path(pool.facts.slots_dir) / f".template-{pool.facts.pool_id[:8]}-{FP}"
    try:
        await_that(lambda: len(sleepers(place)) == 2, "the commands run")
        os.kill(child.pid, signal.SIGKILL)
    finally:
        child.kill()
        child.communicate()
    assert len(sleepers(place)) == 2
    assert list_left(pool) == [FP]
    assert try_clear(pool, FP)
    assert sleepers(place) == []
    require_nothing(repo, pool)


def sleepers(place: Path) -> list[int]:
    """The commands that run in a checkout."""
    return [each.pid for each in list_inside(place).processes if each.name == "sleep"]


def test_somebodys_worktree_in_its_place_is_left_alone(repo: Repository, pool: Pool) -> None:
    place = Path(pool.facts.slots_dir) / f".template-{pool.facts.pool_id[:8]}-{FP}"
    repo.git("worktree", "add", "--quiet", "--detach", str(place))
    (place / "mine.txt").write_text("mine")
    assert run_child_refused(repo)
    assert (place / "mine.txt").read_text() == "mine"
    repo.git("worktree", "remove", "--force", str(place))
    require_nothing(repo, pool)


def run_child_refused(repo: Repository) -> bool:
    """Whether a build says whose place that is."""
    done = subprocess.run(words(repo, 0, "true"), cwd=TOP, capture_output=True, check=False, timeout=60)
    return done.returncode == 1 and b"did not make" in done.stderr


def test_the_next_worker_doctor_and_cleanup_clear_what_a_killed_build_left(
    repo: Repository, pool: Pool, commands: Commands
) -> None:
    count = run_child(repo, 0)
    assert count
    for by in (("doctor", "--fix"), ("pool", "refresh"), ("cleanup",)):
        assert run_child(repo, count // 2) is None
        assert list_left(pool) == [FP]
        commands(*by, cwd=repo)
        commands.settle()
        if by != ("cleanup",):
            require_nothing(repo, pool)
    assert not Path(pool.facts.slots_dir).exists()
    assert repo.git("worktree", "list").count("\n") == 0
