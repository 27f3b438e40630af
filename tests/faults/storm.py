"""Agents that work while whole trees of processes, git included, are killed under them at random instants.

What an agent was told, or git told it, is remembered; it has to be found again in the end. A killed
command is simply given again, as agents do.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.pooled import Pooled
from tests.faults.killer import end_tree
from tests.fixtures.commands import Result
from tests.invariants.work import Work

CALM = 0.5  # of all commands
TRIES = 60
TORN = 0.2  # of all days: the agent's own git was killed, and its lock file is still there
LOCKS = ("index.lock", "HEAD.lock")
OVER = frozenset({"not_the_holder", "wrong_state", "no_such_slot"})
NAP = 0.03
Json = dict[str, Any]


@dataclass(slots=True)
class Storm:
    """One storm over one pool; `goal` is how many trees are to be killed."""

    pool: Pooled
    goal: int
    seed: str
    work: Work = field(default_factory=Work)
    wrong: list[str] = field(default_factory=list)
    fences: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    killed: list[str] = field(default_factory=list)
    usual: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def rage(self, agents: int) -> None:
        """All agents at work until the goal is reached, then until each has given its slot back."""
        threads = [threading.Thread(target=self.live, args=(f"agent{number}",)) for number in range(agents)]
        hunter = threading.Thread(target=self.hunt)
        for thread in (*threads, hunter):
            thread.start()
        for thread in (*threads, hunter):
            thread.join()

    @property
    def is_over(self) -> bool:
        """Whether enough has been killed, or something is wrong already."""
        return len(self.killed) >= self.goal or bool(self.wrong)

    def live(self, agent: str) -> None:
        """One agent's days."""
        chance = random.Random(f"{self.seed} {agent}")
        day = 0
        while not self.is_over:
            day += 1
            try:
                self.spend(agent, day, chance)
            except (AssertionError, OSError, KeyError, ValueError) as error:
                self.wrong.append(f"{agent} on day {day}: {type(error).__name__}: {error}")

    def spend(self, agent: str, day: int, chance: random.Random) -> None:
        """One day: a slot, work of all kinds, the slot given back."""
        words = (
            "acquire",
            "--agent",
            agent,
            "--branch",
            f"{agent}/{day}",
            "--request-id",
            f"{agent}-{day}",
            "--wait",
        )
        lent = self.insist(chance, *words)
        assert lent["agent"] == agent, lent
        with self.lock:
            self.fences[lent["slot"]].append(lent["fence"])
        path = Path(lent["path"])
        before = self.pool.git(path, "status", "--porcelain", "--ignored")
        assert before.split() in ([], ["!!", ".env.worktree"]), before
        self.toil(path, f"{agent}-{day}")
        assert self.pool.git(path, "symbolic-ref", "--short", "HEAD") == f"{agent}/{day}"
        if chance.random() < TORN:
            locks = (self.pool.git(path, "rev-parse", "--absolute-git-dir"), chance.choice(LOCKS))
            Path(*locks).touch()
        self.insist(chance, "release", lent["slot"], "--rescue", "--lease", lent["lease"])

    def toil(self, path: Path, mark: str) -> None:
        """A commit, one amended away, and files of every kind; all acknowledged."""
        texts = {
            name: f"{name} {mark}\n".encode() for name in ("commit", "amended", "loose", "secret", "edit")
        }
        commits: dict[str, str] = {}
        for name in ("amended", "commit"):
            (path / f"{mark}.txt").write_bytes(texts[name])
            self.pool.git(path, "add", "--", f"{mark}.txt")
            again = ("--amend",) if commits else ()
            self.pool.git(path, "commit", "--quiet", *again, "-m", f"{name} {mark}")
            commits[f"{name} {mark}"] = self.pool.git(path, "rev-parse", "HEAD")
        (path / "loose.txt").write_bytes(texts["loose"])
        (path / ".env").write_bytes(texts["secret"])
        (path / "README.md").write_bytes(texts["edit"])
        with self.lock:
            self.work.contents |= {f"{name} {mark}": text for name, text in texts.items()}
            self.work.commits |= commits

    def insist(self, chance: random.Random, *words: str) -> Json:
        """The answer of a command that is given again as often as it is killed."""
        for _ in range(TRIES):
            result = self.try_once(chance, *words)
            if result is None:
                continue
            answer: Json = json.loads(result.stdout) if result.stdout else {}
            code = answer.get("error", {}).get("code", "")
            if result.code == 0 or (words[0] == "release" and code in OVER):
                return answer
            if result.code != 75:
                raise AssertionError(f"{words} ended with {result.code}: {result.stdout}{result.stderr}")
        raise AssertionError(f"{words} did not come through in {TRIES} tries")

    def try_once(self, chance: random.Random, *words: str) -> Result | None:
        """How a command ended; None when it was killed."""
        process = self.pool.start(*words, "--json")
        patience = self.draw_patience(chance, words[0])
        began = time.monotonic()
        try:
            output, errors = process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            end_tree(process.pid)
            process.communicate()
            if process.returncode < 0:
                self.killed.append(f"{words[0]} after {patience:.3f} s")
            return None
        with self.lock:
            self.usual[words[0]] = 0.8 * self.usual.get(words[0], 0.3) + 0.2 * (time.monotonic() - began)
        return Result(
            args=words, code=process.returncode, stdout=os.fsdecode(output), stderr=os.fsdecode(errors)
        )

    def draw_patience(self, chance: random.Random, verb: str) -> float:
        """For how long a command may live: often not as long as it usually takes."""
        if self.is_over or chance.random() < CALM:
            return 60.0
        return chance.uniform(0.02, max(0.05, 1.2 * self.usual.get(verb, 0.3)))

    def hunt(self) -> None:
        """Kill background workers of this pool, too, now and then."""
        chance = random.Random(f"{self.seed} hunter")
        nap = threading.Event()
        while not self.is_over:
            nap.wait(NAP)
            workers = list_workers(self.pool.repo.path)
            if workers and chance.random() < 0.15:
                end_tree(chance.choice(workers))
                self.killed.append("worker")


def list_workers(repo: Path) -> list[int]:
    """The background workers of one repository's pool."""
    place = [b"--repo", os.fsencode(repo / ".git")]
    found = []
    for entry in os.listdir("/proc"):
        try:
            words = Path("/proc", entry, "cmdline").read_bytes().split(b"\0")[:-1] if entry.isdigit() else []
        except OSError:
            continue
        if words[-2:] == place and b"_work" in words and is_leader(int(entry)):
            found.append(int(entry))
    # A git that is just being started still bears its parent's words, and must not die alone.
    return [pid for pid in found if parent_of(pid) not in found]


def parent_of(pid: int) -> int:
    """The process that started another; 0 when that is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])
    except OSError:
        return 0


def is_leader(pid: int) -> bool:
    """Whether a process began a group of its own, as workers do."""
    try:
        return os.getpgid(pid) == pid
    except ProcessLookupError:
        return False
