"""Ending processes, and only those."""

from __future__ import annotations

import os
import signal

from resources.probes.processes import Life, judge, parse_identity, read_identity, read_own_identity
from resources.probes.signals import terminate
from tests.fixtures.dwellers import Dwellers, await_state


def identity_of(pid: int) -> str:
    text = read_identity(pid)
    assert text is not None
    return text


def test_a_process_is_asked_to_end_first(dwellers: Dwellers) -> None:
    process = dwellers()
    assert terminate((identity_of(process.pid),), grace=30) == ()
    assert process.wait() == -signal.SIGTERM


def test_one_that_does_not_listen_is_killed_after_the_grace(dwellers: Dwellers) -> None:
    deaf = dwellers(setup="import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    assert terminate((identity_of(deaf.pid),), grace=0.05) == ()
    assert deaf.wait() == -signal.SIGKILL


def test_a_frozen_one_is_killed_too(dwellers: Dwellers) -> None:
    process = dwellers()
    os.kill(process.pid, signal.SIGSTOP)
    await_state(process.pid, "T")
    assert terminate((identity_of(process.pid),), grace=0.05) == ()
    assert process.wait() == -signal.SIGKILL


def test_many_are_ended_together(dwellers: Dwellers) -> None:
    several = [dwellers() for _ in range(3)]
    assert terminate([identity_of(process.pid) for process in several], grace=30) == ()
    assert [process.wait() for process in several] == [-signal.SIGTERM] * 3


def test_one_found_just_now_may_be_named_by_its_number(dwellers: Dwellers) -> None:
    process = dwellers()
    assert terminate((process.pid,), grace=30) == ()
    assert process.wait() == -signal.SIGTERM
    assert terminate((process.pid, 0, 2**22 - 1), grace=0) == ()


def test_who_has_the_number_now_is_left_alone(dwellers: Dwellers) -> None:
    process = dwellers()
    earlier = parse_identity(identity_of(process.pid))
    assert earlier is not None
    assert terminate((str(earlier._replace(start=1)),), grace=0) == ()
    assert process.poll() is None
    assert judge(identity_of(process.pid)) is Life.ALIVE


def test_the_asking_process_and_strangers_of_other_worlds_are_left_alone(dwellers: Dwellers) -> None:
    process = dwellers()
    known = parse_identity(identity_of(process.pid))
    assert known is not None
    foreign = (str(known._replace(host="another")), str(known._replace(pid_namespace="1")), "nonsense")
    assert terminate((read_own_identity(), *foreign), grace=0) == ()
    assert process.poll() is None
