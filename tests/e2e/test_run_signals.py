"""run between a command and those who signal it: groups, terminals, job control."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import COMMON
from tests.e2e.pooled import Pooled, end_of
from tests.faults.launch import read_state
from tests.fixtures.patience import await_that
from tests.fixtures.terminal import Terminal

POOLMGR = (sys.executable, "-m", "poolmgr")
# Says each signal it gets, until its stdin ends. It waits for them: a handler of Python's may be
# called only after a read that began when the signal was there already.
LISTENER = """
import os, signal, sys, threading
numbers = [int(word) for word in sys.argv[1:]]
signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
def end_with_stdin():
    while os.read(0, 1):
        pass
    os._exit(0)
threading.Thread(target=end_with_stdin).start()
os.write(1, b"ready\\n")
while True:
    os.write(1, signal.Signals(signal.sigwait(numbers)).name.encode() + b"\\n")
"""
SENT = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1)


def listener(*numbers: int) -> tuple[str, ...]:
    return (sys.executable, "-c", LISTENER, *(str(int(number)) for number in (*numbers, signal.SIGUSR2)))


def start(free: Pooled, *words: str) -> subprocess.Popen[bytes]:
    """Run in a group of its own, which has read `ready`."""
    process = subprocess.Popen(
        (*POOLMGR, "run", "--", *words), cwd=free.repo, env=free.environment(), process_group=0,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert line_of(process) == "ready"
    return process


def heard(process: subprocess.Popen[bytes], *expected: str) -> bool:
    """Whether the command says just these. Who says SIGUSR2 has said all that came before it."""
    said = [line_of(process) for _ in expected]
    os.kill(process.pid, signal.SIGUSR2)
    return [*said, line_of(process)] == [*expected, "SIGUSR2"]


def line_of(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout
    return process.stdout.readline().decode().strip()


def test_a_signal_reaches_the_command_once_whether_we_or_our_group_got_it(free: Pooled) -> None:
    process = start(free, *listener(*SENT))
    for number in SENT:
        os.kill(process.pid, number)
        assert heard(process, number.name)
        os.killpg(process.pid, number)
        assert heard(process, number.name)
    assert end_of(process).code == 0


def test_a_command_that_a_signal_ends_is_given_back_and_we_end_by_the_same(free: Pooled) -> None:
    process = start(free, "sh", "-c", "echo ready; exec tail -f /dev/null")
    process.terminate()
    ended = end_of(process)
    assert ended.code == -signal.SIGTERM
    assert "released pool-wt-" in ended.stderr


def test_a_command_in_a_group_of_its_own_is_told_too(free: Pooled) -> None:
    own = "import os, sys; os.setpgid(0, 0); os.execvp(sys.argv[1], sys.argv[1:])"
    process = start(free, sys.executable, "-c", own, *listener(signal.SIGTERM))
    os.killpg(process.pid, signal.SIGTERM)
    assert heard(process, "SIGTERM")
    assert end_of(process).code == 0


def test_without_the_witness_signals_still_reach_the_command(free: Pooled) -> None:
    process = start(free, *listener(signal.SIGTERM))
    (witness,) = [pid for pid, words in children(process.pid) if "poolmgr run" in words]
    os.kill(witness, signal.SIGKILL)
    process.terminate()
    assert heard(process, "SIGTERM")
    assert end_of(process).code == 0


def test_what_the_caller_ignores_stays_ignored(free: Pooled) -> None:
    told = f"trap '' INT HUP; exec {shlex.join((*POOLMGR, 'run', '--', *listener()))}"
    process = subprocess.Popen(
        ("sh", "-c", told), cwd=free.repo, env=free.environment(), process_group=0,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert line_of(process) == "ready"
    os.killpg(process.pid, signal.SIGINT)
    os.kill(process.pid, signal.SIGHUP)
    assert heard(process)
    assert end_of(process).code == 0


def test_who_waits_for_the_end_of_stdout_does_not_wait_for_us(free: Pooled) -> None:
    process = start(free, "sh", "-c", "echo ready; exec >&-; read line")
    assert process.stdout
    assert process.stdout.read() == b""
    assert process.poll() is None
    end_of(process)


@pytest.fixture
def shell(free: Pooled) -> Iterator[Terminal]:
    """An interactive shell in the repository, in a terminal."""
    with Terminal("bash", "--norc", "--noprofile", "-i", cwd=free.repo, env=free.environment()) as shell:
        shell.await_text("$ ")
        yield shell


def typed(*words: str) -> str:
    return shlex.join((*POOLMGR, "run", "--branch", "work", "--", *words)) + "\n"


def test_ctrl_c_is_for_the_command_and_we_wait_for_what_it_does(shell: Terminal) -> None:
    shell.type(typed(*listener(signal.SIGINT)))
    shell.await_text("ready\r")
    for _ in range(2):
        shell.type("\x03")
        shell.await_text("SIGINT\r")
    shell.type("\x04")
    assert "SIGINT" not in shell.await_text("released pool-wt-")
    shell.type("echo code=$?\n")
    shell.await_text("code=0")
    # Ended by it, the command and we end a line of the shell, as if we were not there.
    shell.type(typed("sh", "-c", "echo rea''dy; exec tail -f /dev/null").strip() + "; echo wr''ong\n")
    shell.await_text("ready")
    shell.type("\x03")
    shell.await_text("released pool-wt-")
    shell.type("echo code=$?\n")
    assert "wrong" not in shell.await_text("code=130")


def test_ctrl_z_stops_both_and_fg_continues_both(shell: Terminal) -> None:
    shell.type(typed("sh", "-c", "echo rea''dy; exec cat"))
    shell.await_text("ready")
    shell.type("\x1a")
    shell.await_text("Stopped")
    shell.await_text("$ ")
    shell.type("echo sh''ell; fg\n")
    shell.await_text("shell")
    shell.type("hello\n")
    shell.await_text("hello\r\n")  # whether it is echoed before or after fg shows the command
    shell.await_text("hello\r\n")
    shell.type("\x04")
    shell.await_text("released pool-wt-")


def test_a_shell_inside_has_the_terminal_its_size_and_its_jobs(shell: Terminal) -> None:
    shell.type(typed("bash", "--norc", "--noprofile", "-i"))
    shell.await_text("pool-wt-")
    shell.await_text("$ ")
    shell.resize(41, 117)
    shell.type("stty size; kill -STOP $$\n")
    shell.await_text("41 117")
    shell.await_text("Stopped")
    shell.await_text("$ ")
    shell.type("echo ou''ter $POOLMGR_SLOT.; fg\n")
    shell.await_text("outer .")
    shell.type("echo in''ner $POOLMGR_SLOT\n")
    shell.await_text("inner pool-wt-")
    shell.type("exit 6\n")
    shell.await_text("released pool-wt-")
    shell.type("echo code=$?\n")
    shell.await_text("code=6")


def test_a_closed_window_ends_the_command_and_the_slot_is_given_back(free: Pooled, shell: Terminal) -> None:
    shell.type(typed("sh", "-c", "echo rea''dy; exec cat"))
    shell.await_text("ready")
    shell.hang_up()
    shell.process.wait(30)
    free.await_ready(COMMON)
    await_that(lambda: not free.snapshot().leases, "the lease is over")
    reasons = [event["reason"] for event in free.ask("events", "--last", "20")["events"]]
    assert "released" in reasons
    assert "its process ended" not in reasons


def test_what_goes_on_hanging_up_does_not_keep_the_slot_from_being_given_back(free: Pooled) -> None:
    process = start(free, "sh", "-c", "trap '' HUP; echo ready; read line")
    (slot,) = [slot.name for slot in free.snapshot().slots if slot.lease_id]
    words = "import os, sys, time\nwhile True: os.killpg(int(sys.argv[1]), 1); time.sleep(0.0002)"
    hammer = subprocess.Popen((sys.executable, "-c", words, str(process.pid)), process_group=0)
    assert process.stdin
    process.stdin.close()
    try:
        free.await_state(slot, "RECYCLING", "READY")
    finally:
        hammer.kill()
        hammer.wait()
    process.stdin = None
    assert f"released {slot}" in end_of(process).stderr


def test_without_a_terminal_a_stopped_command_does_not_stop_us(free: Pooled) -> None:
    process = start(free, "sh", "-c", "echo ready; kill -STOP $$; echo on")
    (child,) = await_that(lambda: stopped_children(process.pid), "the command has stopped")
    os.kill(child, signal.SIGCONT)
    assert line_of(process) == "on"
    assert end_of(process).code == 0


def stopped_children(parent: int) -> list[int]:
    """The children of a process that are stopped."""
    return [pid for pid, _ in children(parent) if read_state(pid) == "T"]


def children(parent: int) -> list[tuple[int, str]]:
    """The children of a process, each with its command line."""
    done = subprocess.run(
        ("ps", "-o", "pid=,args=", "--ppid", str(parent)), capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    pairs = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    return [(int(pid), words) for pid, words in pairs]
