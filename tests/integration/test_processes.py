"""Identity and proof of death, with real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from resources.probes import linux
from resources.probes.processes import (
    Identity,
    Life,
    ancestors,
    describe,
    is_stopped,
    judge,
    own_session,
    parse_identity,
    pid_of,
    read_identity,
    read_own_identity,
    session_of,
)
from tests.fixtures.dwellers import Dwellers, await_state

UNLIKELY_PID = 2**22 - 1


def identity_of(pid: int) -> str:
    text = read_identity(pid)
    assert text is not None
    return text


def changed(**parts: Any) -> str:
    known = parse_identity(read_own_identity())
    assert known is not None
    return str(known._replace(**parts))


def test_this_process_is_alive_and_its_identity_is_always_the_same() -> None:
    assert read_own_identity() == identity_of(os.getpid())
    assert judge(read_own_identity()) is Life.ALIVE
    assert pid_of(read_own_identity()) == os.getpid()


def test_a_process_that_ended_is_dead_also_before_its_parent_took_notice(dwellers: Dwellers) -> None:
    process = dwellers()
    identity = identity_of(process.pid)
    assert judge(identity) is Life.ALIVE
    os.kill(process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert judge(identity) is Life.DEAD, "a zombie"
    assert read_identity(process.pid) is None
    process.wait()
    assert judge(identity) is Life.DEAD, "a free number"
    assert describe(identity) == f"pid {process.pid}"


def test_a_number_given_to_another_process_does_not_revive_the_first() -> None:
    assert judge(changed(start=1)) is Life.DEAD


def test_a_process_of_an_earlier_boot_is_dead() -> None:
    assert judge(changed(boot="00000000-0000-0000-0000-000000000000")) is Life.DEAD


@pytest.mark.parametrize(
    "parts",
    [
        {"host": "another", "pid": UNLIKELY_PID},
        {"host": "another", "boot": "another", "pid": UNLIKELY_PID},
        {"pid_namespace": "1", "pid": UNLIKELY_PID},
        {"time_namespace": "1", "start": 1},
    ],
)
def test_of_another_host_or_namespace_nothing_is_known(parts: dict[str, str | int]) -> None:
    assert judge(changed(**parts)) is Life.UNKNOWN


@pytest.mark.parametrize("text", ["", "4711", "a:b:c:d:e:f", "a:b:c:d:1:-1", "a:b:c:d:²:1", ":" * 5])
def test_a_text_that_is_no_identity_proves_nothing(text: str) -> None:
    assert judge(text) is Life.UNKNOWN
    assert pid_of(text) is None
    assert not is_stopped(text)
    assert describe(text) == "an unknown process"


def test_an_identity_is_read_back_as_it_was_written() -> None:
    text = read_own_identity()
    assert str(parse_identity(text)) == text
    assert isinstance(parse_identity(text), Identity)


def test_nobody_has_no_identity() -> None:
    assert read_identity(UNLIKELY_PID) is None
    assert read_identity(0) is None
    assert read_identity(-1) is None


def test_a_frozen_process_is_alive_and_stopped(dwellers: Dwellers) -> None:
    process = dwellers()
    identity = identity_of(process.pid)
    assert not is_stopped(identity)
    os.kill(process.pid, signal.SIGSTOP)
    await_state(process.pid, "T")
    assert is_stopped(identity)
    assert judge(identity) is Life.ALIVE


def test_a_process_whose_first_thread_ended_goes_on_in_the_others(dwellers: Dwellers) -> None:
    process = dwellers(
        setup="import ctypes, os, threading;"
        "threading.Thread(target=lambda: (print('ready', flush=True), sys.stdin.read())).start();"
        "ctypes.CDLL(None).pthread_exit(0)"
    )
    await_state(process.pid, "Z")
    assert judge(identity_of(process.pid)) is Life.ALIVE


def test_a_name_with_parentheses_spaces_and_newlines_is_read(dwellers: Dwellers, tmp_path: Path) -> None:
    program = tmp_path / "a) R 1 (\nb"
    program.symlink_to(sys.executable)
    process = subprocess.Popen(
        (program, "-S", "-c", "print(flush=True); input()"), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        assert describe(identity_of(process.pid)) == f"pid {process.pid} (a) R 1 (\nb)"
        record = linux.find_record(process.pid)
        process.kill()
    assert record is not None
    assert record.parent == os.getpid()


def test_ancestors_lead_from_the_parent_to_the_first_process() -> None:
    found = ancestors(os.getpid())
    assert found[0] == os.getppid()
    assert ancestors(UNLIKELY_PID) == ()


def test_the_own_session_has_ancestors_and_companions_but_no_strangers(dwellers: Dwellers) -> None:
    companion, stranger = dwellers(session=False), dwellers(session=True)
    found = own_session()
    assert {os.getpid(), *ancestors(os.getpid()), companion.pid} <= found
    assert stranger.pid not in found
    assert session_of(companion.pid) == session_of(os.getpid())
    assert session_of(stranger.pid) == stranger.pid


def test_a_session_opened_outside_the_pid_namespace_is_found_by_descent() -> None:
    """Its number is 0 in there, as it is for every command a container's `exec` runs."""
    script = """
import subprocess, sys
from resources.probes.processes import own_session, session_of
def start(**options):
    return subprocess.Popen(("sleep", "60"), **options)
companion, stranger = start(), start(start_new_session=True)
print(session_of(companion.pid), companion.pid in own_session(), stranger.pid in own_session())
companion.kill(), stranger.kill()
"""
    shell = '"$0" -c "$1" & wait'  # the first process of a namespace is nobody's session
    done = run_in_namespace("--mount-proc", "sh", "-c", shell, sys.executable, script)
    assert done.stdout.split() == ["None", "True", "False"], done.stderr


@pytest.mark.parametrize(
    ("options", "answers"),
    [(("--mount-proc",), ["unknown", "alive"]), ((), ["unknown", "cannot"])],
    ids=["with a /proc of its own", "with the /proc of the outer one"],
)
def test_from_another_pid_namespace_this_process_is_unknown_and_never_dead(
    options: tuple[str, ...], answers: list[str]
) -> None:
    script = """
import sys
from resources.errors import NoProcessTable
from resources.probes.processes import judge, read_own_identity
print(judge(sys.argv[1]))
try:
    print(judge(read_own_identity()))
except NoProcessTable:
    print("cannot")
"""
    done = run_in_namespace(*options, sys.executable, "-c", script, read_own_identity())
    assert done.stdout.split() == answers, done.stderr


def run_in_namespace(*words: str) -> subprocess.CompletedProcess[str]:
    """Options of `unshare`, then the command that it runs in a pid namespace of its own."""
    done = subprocess.run(
        ("unshare", "--user", "--map-root-user", "--pid", "--fork", *words),
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if done.returncode and "unshare" in done.stderr:
        pytest.skip(f"no namespaces here: {done.stderr.strip()}")
    return done
