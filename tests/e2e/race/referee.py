"""Lets the racers start together and hears their answers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.pooled import Pooled

RACER = Path(__file__).with_name("racer.py")
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Referee:
    """The racers, each waiting for its next order."""

    racers: tuple[subprocess.Popen[bytes], ...]

    def round(self, args: Callable[[int], tuple[str, ...]], *, hold: bool) -> list[Answer]:
        """All at once; `hold`: nobody lets go before everybody has an answer."""
        for number, racer in enumerate(self.racers):
            tell(racer, {"agent": f"racer-{number}", "args": args(number), "hold": hold, "shared": False})
        answers = [hear(racer) for racer in self.racers]
        winners = [racer for racer, answer in zip(self.racers, answers, strict=True) if not answer["code"]]
        if hold:
            for racer in winners:
                tell(racer, {})
            answers += [hear(racer) for racer in winners]
        return answers

    def ask_together(self, *args: str) -> list[Answer]:
        """All at once in one name; nobody lets go of what they got."""
        for racer in self.racers:
            tell(racer, {"agent": "alice", "args": args, "hold": False, "shared": True})
        return [hear(racer) for racer in self.racers]


@contextmanager
def racing(pool: Pooled, room: Path, count: int) -> Iterator[Referee]:
    """So many racers in the pool's repository."""
    room.mkdir()
    with ExitStack() as stack:
        racers = []
        for _ in range(count):
            racer = subprocess.Popen(
                (sys.executable, RACER, room),
                cwd=pool.repo, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                env=pool.environment(),
            )  # fmt: skip
            stack.callback(end, racer)
            racers.append(racer)
        yield Referee(tuple(racers))


def end(racer: subprocess.Popen[bytes]) -> None:
    """The racer ends when it hears no more."""
    racer.kill()
    racer.wait()
    for stream in (racer.stdin, racer.stdout):
        if stream:
            stream.close()


def tell(racer: subprocess.Popen[bytes], order: dict[str, Any]) -> None:
    """One line to a racer."""
    assert racer.stdin
    racer.stdin.write(json.dumps(order).encode() + b"\n")
    racer.stdin.flush()


def hear(racer: subprocess.Popen[bytes]) -> Answer:
    """One line from a racer."""
    assert racer.stdout
    line = racer.stdout.readline()
    if not line:
        raise AssertionError(f"a racer ended with {racer.wait()}")
    answer: Answer = json.loads(line)
    return answer
