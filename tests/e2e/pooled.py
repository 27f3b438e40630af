"""A repository with a pool, asked and told only through the command line."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from poolmgr.core.records import Slot, Snapshot
from poolmgr.store.snapshot import read_snapshot
from poolmgr.store.sqlite import SqliteEngine
from tests.fixtures.commands import Commands, Result
from tests.fixtures.patience import await_that
from tests.fixtures.repositories import Repository

Json = dict[str, Any]


@dataclass(slots=True)
class Pooled:
    """One pool; `cli` runs in its repository."""

    repo: Repository
    cli: Commands

    def init(self, size: int, *, most: int | None = None) -> None:
        """The pool, with a maximum that is its size unless told."""
        self.cli.variables |= {"POOLMGR_POOL_MIN": "1", "POOLMGR_POOL_MAX": str(most or size)}
        self.cli("init", "--size", str(size), cwd=self.repo)

    def run(self, *args: str | os.PathLike[str], **how: Any) -> Result:
        """A command in the repository."""
        return self.cli(*args, **{"cwd": self.repo, **how})

    def environment(self) -> dict[str, str]:
        """What commands started by other means should see."""
        return {**os.environ, **self.cli.variables}

    def start(self, *args: str, **how: Any) -> subprocess.Popen[bytes]:
        """A command left running."""
        return self.cli.start(*args, **{"cwd": self.repo, **how})

    def ask(self, *args: str | os.PathLike[str], **how: Any) -> Json:
        """What a command answers with --json."""
        answer: Json = self.run(*args, "--json", **how).json()
        assert answer["contract_version"] == 1
        return answer

    def refused(self, *args: str | os.PathLike[str], code: int = 1, **how: Any) -> Json:
        """The error a command ends with."""
        result = self.run(*args, "--json", check=False, **how)
        assert result.code == code, f"{result.args}: {result.code}\n{result.stdout}\n{result.stderr}"
        answer: Json = result.json()
        assert answer["contract_version"] == 1
        assert answer["error"]["message"]
        error: Json = answer["error"]
        return error

    def acquire(self, *args: str, agent: str = "alice", **how: Any) -> Json:
        """A lease."""
        return self.ask("acquire", "--agent", agent, *args, **how)

    def release(self, slot: str, *args: str, **how: Any) -> Json:
        """A slot given back, its recycling done."""
        answer = self.ask("release", slot, *args, **how)
        self.cli.settle()
        return answer

    def slots(self) -> dict[str, Json]:
        """What `status` says of each slot."""
        return {slot["name"]: slot for slot in self.ask("status")["slots"]}

    def slot(self, name: str) -> Json:
        """What `status` says of one slot."""
        return self.slots()[name]

    def snapshot(self) -> Snapshot:
        """The state as it is stored; for waiting, where a command would take too long."""
        engine = SqliteEngine(self.repo.state / "state.db")
        try:
            with engine.read() as session:
                return read_snapshot(session)
        finally:
            engine.close()

    def stored(self, name: str) -> Slot | None:
        """One slot as it is stored."""
        return next((slot for slot in self.snapshot().slots if slot.name == name), None)

    def await_queue(self, *agents: str) -> None:
        """Wait until exactly these agents wait, in whatever order."""
        await_that(
            lambda: sorted(each.agent for each in self.snapshot().queue) == sorted(agents),
            f"the queue is {agents}",
        )

    def await_state(self, name: str, *states: str) -> None:
        """Wait until a slot is in one of these states."""
        await_that(lambda: (slot := self.stored(name)) and slot.state in states, f"{name} is {states}")

    def await_ready(self, count: int) -> None:
        """Wait until the pool has these many slots and all of them are free."""
        await_that(
            lambda: [slot.state.value for slot in self.snapshot().slots] == ["READY"] * count,
            f"{count} slots are READY",
        )

    def git(self, path: str | Path, *args: str, check: bool = True) -> str:
        """What git answers in a slot."""
        return self.repo.git(*args, cwd=Path(path), check=check)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command that was left running ended."""

    code: int
    stdout: str
    stderr: str


def end_of(process: subprocess.Popen[bytes], *, patience: float = 40.0) -> Ended:
    """Wait for a command that was left running."""
    try:
        stdout, stderr = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, stderr = process.communicate()
        raise AssertionError(f"{process.args!r} did not end: {os.fsdecode(stdout + stderr)}") from None
    return Ended(process.returncode, os.fsdecode(stdout), os.fsdecode(stderr))


def variables(**values: str) -> Mapping[str, str]:
    """Settings for one command: POOL_MAX="3"."""
    return {f"POOLMGR_{name}": value for name, value in values.items()}
