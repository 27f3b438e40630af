"""Random histories: what the rule lets pass changes nothing outside when it is merged into the base.

The judge is `git merge-tree`: contents are unique lines, so two sides that differ either conflict
or one of them wins.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from isolation.git.program import Git
from isolation.guards import rule
from poolmgr.services.scoping.outside import runner
from tests.fixtures.repositories import Repositories, Repository

OUTSIDE = ("docs/a", "docs/b", "top")
INSIDE = ("src/a", "src/b")
STEPS = 18
SEEDS = 40


def owns(path: bytes) -> bool:
    return path.startswith(b"src/")


@dataclass(slots=True)
class Story:
    """Three branches made of objects alone, without a working tree: main, a side line, and the agent's."""

    repo: Repository
    dice: random.Random
    heads: dict[str, str] = field(default_factory=dict)
    past: list[str] = field(default_factory=list)
    count: int = 0
    is_honest: bool = True

    def git(self, *args: str, stdin: str | None = None, check: bool = True) -> str:
        return self.repo.git(*args, stdin=stdin, check=check)

    def begin(self) -> None:
        lines = [f"100644 blob {self.blob()}\t{path}" for path in (*OUTSIDE, *INSIDE)]
        self.git("read-tree", "--empty")
        self.git("update-index", "--add", "--index-info", stdin="\n".join(lines) + "\n")
        first = self.git("commit-tree", self.git("write-tree"), "-m", "First.")
        self.heads = dict.fromkeys(("main", "line", "work"), first)
        self.past.append(first)

    def blob(self) -> str:
        self.count += 1
        return self.git("hash-object", "-w", "--stdin", stdin=f"{self.count}\n")

    def entry(self, commit: str, path: str) -> str:
        return self.git("rev-parse", f"{commit}:{path}")

    def move(self, branch: str, tree: str, *parents: str) -> None:
        self.count += 1
        given = [word for parent in dict.fromkeys(parents) for word in ("-p", parent)]
        self.heads[branch] = self.git("commit-tree", tree, *given, "-m", f"{self.count}")
        self.past.append(self.heads[branch])

    def change(self, branch: str, path: str, oid: str) -> None:
        self.git("read-tree", self.heads[branch])
        self.git("update-index", "--add", "--cacheinfo", f"100644,{oid},{path}")
        self.move(branch, self.git("write-tree"), self.heads[branch])

    def merged(self, ours: str, theirs: str) -> str | None:
        """The tree of a merge; None where it conflicts."""
        tree = self.git("merge-tree", "--write-tree", ours, theirs, check=False).split("\n")
        return tree[0] if len(tree) == 1 else None

    def merge(self, branch: str, other: str) -> None:
        tree = self.merged(self.heads[branch], other)
        if tree and not self.is_ancestor(other, self.heads[branch]):
            self.move(branch, tree, self.heads[branch], other)

    def is_ancestor(self, one: str, other: str) -> bool:
        return one in self.git("rev-list", other).split("\n")

    def of_main(self) -> str:
        """A commit that main has, a late one rather."""
        listed = self.git("rev-list", "--max-count=6", self.heads["main"]).split("\n")
        return self.dice.choice(listed)

    def step(self) -> None:
        people: list[Callable[[], None]] = [
            lambda: self.change("main", self.dice.choice(OUTSIDE + INSIDE), self.blob()),
            lambda: self.change("line", self.dice.choice(OUTSIDE + INSIDE), self.blob()),
            lambda: self.merge("main", self.heads["line"]),
            lambda: self.merge("main", self.heads["line"]),
            lambda: self.merge("line", self.heads["main"]),
        ]
        agent: list[Callable[[], None]] = [
            lambda: self.change("work", self.dice.choice(INSIDE), self.blob()),
            lambda: self.merge("work", self.of_main()),
            lambda: self.merge("work", self.heads["main"]),
            self.squash,
        ]
        evil: list[Callable[[], None]] = [
            lambda: self.change("work", self.dice.choice(OUTSIDE), self.blob()),
            self.bring_back,
            self.keep_ours,
            self.keep_ours,
            self.keep_ours,
            lambda: self.merge("work", self.heads["line"]),
        ]
        if self.dice.random() < 0.5:
            self.dice.choice(people)()
        elif self.dice.random() < 0.7:
            self.dice.choice(agent)()
        else:
            self.is_honest = False
            self.dice.choice(evil)()

    def squash(self) -> None:
        tree = self.merged(self.heads["work"], self.heads["main"])
        if tree and self.is_honest:
            self.move("work", tree, self.heads["work"])

    def bring_back(self) -> None:
        path = self.dice.choice(OUTSIDE)
        self.change("work", path, self.entry(self.dice.choice(self.past), path))

    def keep_ours(self) -> None:
        other = self.dice.choice([self.of_main(), self.heads["line"], self.heads["main"]])
        self.move("work", self.git("rev-parse", f"{self.heads['work']}^{{tree}}"), self.heads["work"], other)

    def outside(self) -> list[str]:
        run = runner(Git(self.repo.path))
        found = rule.find_outside(run, None, self.heads["work"], [self.heads["main"]], owns)
        return [change.path.decode() for change in found]

    def check(self) -> None:
        named = self.outside()
        if self.is_honest:
            assert named == []
        tree = self.merged(self.heads["main"], self.heads["work"])
        for path in OUTSIDE if tree else ():
            if path not in named:
                assert self.entry(str(tree), path) == self.entry(self.heads["main"], path), path


@pytest.mark.battery
@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_passes_changes_nothing_outside_once_it_is_merged(seed: int, make_repo: Repositories) -> None:
    story = Story(make_repo("repo", files={}, commits=0), random.Random(seed))
    story.begin()
    for _ in range(STEPS):
        story.step()
        story.check()
