"""Too few descriptors, files that may not grow, sockets and FIFOs denied: clear errors, nothing lost."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.e2e.pooled import end_of
from tests.faults.ordeal import list_wrong
from tests.faults.scenes import Scene
from tests.faults.starving import list_rudeness, start_starved, starve, starve_pool

FILES = tuple(range(6, 26))
BYTES = (0, 512, 4096, 16384, 32768, 65536, 131072, 1 << 20)
COMMANDS = ("acquire --branch more --timeout 3", "release {slot} --rescue", "reclaim {slot}", "pool scale-up")


@pytest.mark.battery
@pytest.mark.timeout(300)
@pytest.mark.parametrize("files", FILES)
@pytest.mark.parametrize("command", COMMANDS)
def test_few_descriptors_are_said_and_nothing_is_lost(command: str, files: int, used: Scene) -> None:
    result = starve_pool(used.pool, ("--files", str(files)), *command.format(slot=used.name).split())
    assert list_rudeness(result) == []
    used.pool.ask("status")
    assert list_wrong(used) == []


@pytest.mark.battery
@pytest.mark.timeout(300)
@pytest.mark.parametrize("most", BYTES)
@pytest.mark.parametrize("command", COMMANDS)
def test_files_that_may_not_grow_are_said_and_nothing_is_lost(command: str, most: int, used: Scene) -> None:
    options = ("--bytes", str(most))
    result = starve_pool(used.pool, options, *command.format(slot=used.name).split())
    looked = starve_pool(used.pool, options, "status")
    assert list_rudeness(result) == []
    assert looked.code == 0, looked
    assert list_wrong(used) == []


@pytest.mark.parametrize("denied", [("socket",), ("mknod", "mknodat"), ("socket", "mknod", "mknodat")])
def test_who_waits_is_served_where_sockets_and_fifos_are_denied(denied: tuple[str, ...], used: Scene) -> None:
    options = tuple(word for name in denied for word in ("--deny", name))
    used.pool.run("acquire", "--branch", "second", "--agent", "bob")
    used.pool.cli.variables |= {"POOLMGR_POOL_MAX": "2"}
    words = ("acquire", "--branch", "third", "--agent", "carol", "--wait")
    waiting = start_starved(used.pool, options, *words)
    used.pool.await_queue("carol")
    released = starve_pool(used.pool, options, "release", used.name, "--rescue")
    assert released.code == 0, released
    ended = end_of(waiting)
    assert ended.code == 0, ended
    assert Path(ended.stdout.strip()).is_dir()
    assert list_wrong(used) == []


@pytest.mark.parametrize("command", [COMMANDS[1], pytest.param(COMMANDS[2], marks=pytest.mark.battery)])
def test_a_git_that_memory_runs_out_for_breaks_no_slot(command: str, used: Scene, tmp_path: Path) -> None:
    real, dying = os.environ["PATH"], tmp_path / "git"
    dying.write_text(
        f'#!/bin/sh\ncase "$*" in *for-each-ref*|*read-tree*) kill -9 $$;; esac\nPATH={real} exec git "$@"\n'
    )
    dying.chmod(0o755)
    env = {"PATH": f"{tmp_path}:{real}"}
    result = used.pool.run(*command.format(slot=used.name).split(), env=env, check=False)
    assert "killed by signal 9" in result.stderr, result
    assert list_rudeness(result) == []
    for _ in range(3):  # as often as a slot's own fault is tried again
        used.pool.run("doctor", "--fix", env=env, check=False)
    assert "BROKEN" not in {slot["state"] for slot in used.pool.ask("status")["slots"]}
    assert list_wrong(used) == []


def test_the_limits_are_what_the_tests_say_they_are(tmp_path: Path) -> None:
    tries = {
        ("--files", "6"): "[open('/dev/null') for _ in range(9)]",
        (
            "--bytes",
            "512",
        ): "open('file', 'wb', 0).write(bytes(513)) == 512 or exit('all'); open('file', 'ab', 0).write(b'1')",
        ("--deny", "socket"): "import socket; socket.socket()",
        ("--deny", "mknodat", "--deny", "mknod"): "import os; os.mkfifo('fifo')",
    }
    for options, code in tries.items():
        result = starve(options, sys.executable, "-c", code, cwd=tmp_path)
        assert "OSError" in result.stderr or "PermissionError" in result.stderr, (options, result)


def test_a_denied_call_is_denied_to_git_too(tmp_path: Path) -> None:
    code = (
        "import subprocess; subprocess.run(['python3', '-c', 'import socket; socket.socket()'], check=True)"
    )
    assert "PermissionError" in starve(("--deny", "socket"), sys.executable, "-c", code, cwd=tmp_path).stderr
