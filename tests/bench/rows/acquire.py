"""Handing over a full slot of a large repository, against making one and against the peer."""

from __future__ import annotations

from pathlib import Path

from tests.bench.bench import Bench
from tests.bench.figures import Check, Row, Series, ratio
from tests.bench.peer import make_warmtree
from tests.bench.pool import Pool
from tests.bench.processes import BenchFailed, Shell
from tests.bench.rounds import Contender, interleave

NAME = "acquire"
TITLE = "acquire, full slot, whole process"
GIT, PEER, OURS = "git worktree add", "warmtree take", "poolmgr acquire"
GIT_BUDGET, PEER_BUDGET = 0.2, 0.7
LARGE, SMALL = 50_000, 2_000


def measure(bench: Bench) -> Row:
    """The three take turns, each in a clone of its own."""
    files = SMALL if bench.quick else LARGE
    contenders = [git_contender(bench.shell, bench.checkout("git", files=files))]
    notes, failure = [], None
    try:
        contenders.append(peer_contender(bench, files=files))
    except BenchFailed as error:
        notes.append(f"{PEER}: not run here ({error})")
    try:
        contenders.append(pool_contender(OURS, bench.pool(files=files)))
    except BenchFailed as error:
        failure = str(error)
    series = interleave(tuple(contenders), rounds=bench.rounds)
    return Row(
        name=NAME,
        title=f"{TITLE}, {files:,} files",
        series=series,
        checks=list_checks(series, judged=not bench.quick),
        notes=tuple(notes),
        failure=failure,
    )


def list_checks(series: tuple[Series, ...], *, judged: bool) -> tuple[Check, ...]:
    """Ours against each of the others that ran."""
    by_label = {each.label: each for each in series}
    return tuple(
        Check(
            name=f"{OURS} / {other}",
            value=ratio(by_label[OURS], by_label[other]),
            budget=budget,
            judged=judged,
        )
        for other, budget in ((GIT, GIT_BUDGET), (PEER, PEER_BUDGET))
        if {OURS, other} <= by_label.keys()
    )


def git_contender(shell: Shell, checkout: Path) -> Contender:
    """A worktree made and thrown away in every round."""
    place = checkout.parent / "added"

    def add(turn: int) -> float:
        return shell.time(
            "git", "worktree", "add", "--quiet", "-b", f"bench/{turn}", place, "main", cwd=checkout
        )[0]

    def remove(turn: int) -> None:
        shell.run("git", "worktree", "remove", "--force", place, cwd=checkout)
        shell.run("git", "branch", "--quiet", "-D", f"bench/{turn}", cwd=checkout)

    return Contender(label=GIT, measure=add, after=remove)


def peer_contender(bench: Bench, *, files: int) -> Contender:
    """A slot taken and released in every round."""
    program = bench.warmtree_program()
    warmtree = make_warmtree(bench.shell, program, bench.checkout("warmtree", files=files), size=2)
    return Contender(
        label=PEER,
        measure=lambda turn: warmtree.take(f"bench/{turn}"),
        after=lambda turn: warmtree.release(f"bench/{turn}"),
    )


def pool_contender(label: str, pool: Pool) -> Contender:
    """A slot acquired in every round; released and recycled before the next contender's turn."""
    prefix = label.replace(" ", "-").replace(",", "")

    def give_back(turn: int) -> None:
        branch = f"{prefix}/{turn}"
        pool.time_release(pool.require_slot(branch).name)
        pool.settle(branch)

    return Contender(label=label, measure=lambda turn: pool.time_acquire(f"{prefix}/{turn}"), after=give_back)
