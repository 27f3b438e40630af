"""Drives one pool of poolmgr through its command line, as a user would."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.processes import BenchFailed, Shell

READY_WITHIN = 1800.0
POLL = 0.1
SETTINGS = """\
pool:
  min: {size}
  max: {size}
  initial: {size}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Where a branch was put."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The pool of one checkout."""

    shell: Shell
    program: Path
    checkout: Path

    def run(self, *args: str) -> str:
        return self.shell.run(self.program, *args, cwd=self.checkout)

    def time_acquire(self, branch: str, *words: str) -> float:
        """Seconds of the command as people type it: the whole process, without --json."""
        return self.shell.time(
            self.program, "acquire", "--agent", "bench", "--branch", branch, *words, cwd=self.checkout
        )[0]

    def require_slot(self, branch: str) -> Slot:
        """The slot that has the branch."""
        for slot in self.read_slots():
            if slot["branch"] == branch:
                return Slot(name=slot["name"], path=Path(slot["path"]))
        raise BenchFailed(f"status lists no slot with branch {branch}")

    def time_release(self, slot: str) -> float:
        """Seconds until `release` returns; recycling may go on behind it."""
        return self.shell.time(self.program, "release", slot, cwd=self.checkout)[0]

    def is_held(self, slot: Slot) -> bool:
        return any(each["name"] == slot.name and each["lease"] for each in self.read_slots())

    def wait_until_queued(self) -> None:
        """Waits until somebody stands in the queue."""
        deadline = time.monotonic() + READY_WITHIN
        while not self.read_status()["queue"]:
            if time.monotonic() > deadline:
                raise BenchFailed("nobody came to wait in the queue")
            time.sleep(POLL)

    def settle(self, *branches: str) -> None:
        """Waits until every slot is READY again, and deletes branches of earlier rounds."""
        self.wait_until(
            lambda slots: all(slot["state"].upper() == "READY" for slot in slots), "every slot is READY"
        )
        for branch in branches:
            self.shell.run("git", "branch", "--quiet", "-D", branch, cwd=self.checkout)

    def wait_until(self, condition: Callable[[list[dict[str, Any]]], bool], wish: str) -> None:
        """Returns once the slots of `status` fit; not for timing."""
        deadline = time.monotonic() + READY_WITHIN
        while not condition(slots := self.read_slots()):
            if time.monotonic() > deadline:
                states = ", ".join(f"{slot['name']} {slot['state']}" for slot in slots)
                raise BenchFailed(f"gave up waiting until {wish}: {states}")
            time.sleep(POLL)

    def read_status(self) -> dict[str, Any]:
        status: dict[str, Any] = json.loads(self.run("status", "--json"))
        return status

    def read_slots(self) -> list[dict[str, Any]]:
        slots: list[dict[str, Any]] = self.read_status()["slots"]
        return slots


def make_pool(shell: Shell, program: Path, checkout: Path, *, size: int) -> Pool:
    """A pool of exactly that many READY slots in a fresh checkout: it neither grows nor shrinks."""
    (checkout / "poolmgr.yaml").write_text(SETTINGS.format(size=size))
    pool = Pool(shell=shell, program=program, checkout=checkout)
    pool.run("init", "--size", str(size))
    pool.wait_until(
        lambda slots: len(slots) >= size and all(slot["state"].upper() == "READY" for slot in slots),
        f"{size} slots are READY",
    )
    return pool
