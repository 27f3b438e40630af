"""A process that stands still in the middle of its work: nobody takes it from it, nobody waits in silence."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.e2e.batteries.test_kill_points import sample
from tests.e2e.pooled import end_of
from tests.faults.ordeal import list_wrong
from tests.faults.scenes import Scene
from tests.faults.stage import Stage
from tests.fixtures.dwellers import Dwellers, await_state

PATIENCE = 60.0
HOLDS = "import fcntl; lock = open({!r}, 'a'); fcntl.flock(lock, fcntl.LOCK_EX)"


@pytest.mark.timeout(1800)
def test_work_of_a_frozen_process_is_left_to_it(used: Scene, share: float) -> None:
    stage = Stage(used.root)
    stage.save()
    words = ("release", used.name, "--rescue")
    points = used.launcher.list_points(*words)
    stood = 0
    for at in sample(len(points), share, "frozen"):
        stage.restore()
        with used.launcher.frozen(at, *words) as frozen:
            assert used.pool.ask("status")["slots"]
            answer = used.pool.run("doctor", "--fix", check=False)
            assert answer.code in {0, 1}, (points[at - 1], answer)
            if frozen.poll() is None:
                stood += 1
                is_named = str(frozen.pid) in answer.stdout
                assert is_named or not is_holding(used, frozen.pid), (points[at - 1], answer)
                os.kill(frozen.pid, signal.SIGCONT)
            output, _ = frozen.communicate(timeout=PATIENCE)
            assert frozen.returncode == 0, (points[at - 1], output)
        assert list_wrong(used) == [], points[at - 1]
    assert stood, "nothing was ever frozen"


def is_holding(used: Scene, pid: int) -> bool:
    """Whether anybody has to wait for a process: an intent is open, or a lock that bars others is its."""
    locks = Path("/proc/locks").read_text().splitlines()
    return bool(used.pool.snapshot().ops) or any("WRITE" in lock and f" {pid} " in lock for lock in locks)


@pytest.mark.parametrize(("lock", "words"), [
    ("git.lock", ("pool", "scale-up")),
    ("gate.lock", ("acquire", "--branch", "more")),
])  # fmt: skip
def test_a_frozen_holder_of_a_lock_is_named_and_waited_for(
    lock: str, words: tuple[str, ...], used: Scene, dwellers: Dwellers
) -> None:
    holder = dwellers(setup=HOLDS.format(str(used.pool.repo.state / lock)))
    os.kill(holder.pid, signal.SIGSTOP)
    await_state(holder.pid, "T")
    waiting = used.pool.start(*words)
    assert used.pool.ask("status")["slots"]
    found = used.pool.run("doctor", check=False)
    assert str(holder.pid) in found.stdout, found
    assert waiting.poll() is None
    holder.kill()
    assert end_of(waiting).code == 0
    assert list_wrong(used) == []


def test_a_frozen_holder_of_the_gate_ends_in_an_error_in_the_end(
    used: Scene, dwellers: Dwellers, share: float
) -> None:
    if share < 1:
        pytest.skip("waits for half a minute: --all runs it")
    holder = dwellers(setup=HOLDS.format(str(used.pool.repo.state / "gate.lock")))
    os.kill(holder.pid, signal.SIGSTOP)
    result = used.pool.run("acquire", "--branch", "more", check=False)
    assert result.code == 75, result
    assert "hint: poolmgr doctor" in result.stderr
    assert list_wrong(used)
    holder.kill()
    assert list_wrong(used) == []
