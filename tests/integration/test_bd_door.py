"""A program in bd's place answers or does not; what it leaves behind keeps nobody waiting."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from poolmgr.services.planning.answer import NoAnswer, read_answer
from poolmgr.services.planning.bd import Bd, pipes_of, stop_group

LEFT_BEHIND = "#!/bin/sh\nsetsid sleep 600 &\necho $! >pid\n"


@pytest.fixture
def bd(tmp_path: Path) -> Iterator[Bd]:
    """A program that leaves somebody behind in a group of their own, and waits if it is told to."""
    program = tmp_path / "bd"
    program.write_text(f'{LEFT_BEHIND}echo "[]"\n[ "$1" = wait ] && exec sleep 600\nexit 0\n')
    program.chmod(0o755)
    yield Bd(str(program), tmp_path)
    with suppress(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def started(bd: Bd, *words: str) -> subprocess.Popen[bytes]:
    """The program, started as `Bd.run` does it."""
    return subprocess.Popen(
        (bd.program, *words), cwd=bd.cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def test_an_answer_is_taken_though_a_child_keeps_the_pipes_open(bd: Bd) -> None:
    assert bd.run("list") == "[]\n"


def test_what_does_not_end_is_ended_though_a_child_keeps_the_pipes_open(bd: Bd) -> None:
    with started(bd, "wait") as process:
        with pytest.raises(NoAnswer, match="did not answer within 0 s"):
            read_answer(pipes_of(process), lambda: process.poll() is not None, 0.5)
        stop_group(process)
        assert process.returncode == -signal.SIGKILL


def test_what_never_stops_talking_is_not_listened_to_for_ever(tmp_path: Path) -> None:
    with started(Bd("yes", tmp_path)) as process:
        with pytest.raises(NoAnswer, match="more than 1 MiB"):
            read_answer(pipes_of(process), lambda: process.poll() is not None, 30, longest=1 << 20)
        stop_group(process)
