"""What the guards add to a commit and to a rebase of ten."""

from __future__ import annotations

from pathlib import Path

from tests.bench.bench import Bench
from tests.bench.figures import Check, Row, Series
from tests.bench.processes import Shell
from tests.bench.rounds import Contender, interleave

NAME = "commit"
TITLE = "commit and rebase in a scoped slot, against a worktree without guards"
FILES = 2_000
COMMITS = 10
PACKAGE = "packages/package-01"
BUDGETS = {"commit": 40.0, f"rebase of {COMMITS}": 200.0}


def measure(bench: Bench) -> Row:
    """The same commits in a worktree that git made and in a slot."""
    bare = bench.checkout("unguarded", files=FILES)
    pool = bench.pool(files=FILES, size=1)
    pool.time_acquire("guarded/work", "--scope", f"/{PACKAGE}/")
    slot = pool.require_slot("guarded/work")
    places = {"without guards": bare, "with guards": slot.path}
    series = interleave(
        tuple(
            Contender(label=f"{what}, {label}", measure=measured)
            for label, place in places.items()
            for what, measured in (
                ("commit", lambda turn, place=place: time_commit(bench.shell, place, f"commit {turn}")),
                (f"rebase of {COMMITS}", lambda turn, place=place: time_rebase(bench.shell, place, turn)),
            )
        ),
        rounds=bench.rounds,
    )
    pool.run("release", slot.name)
    by_label = {each.label: each for each in series}
    checks = tuple(
        Check(
            name=f"{what}, what the guards add", unit="ms", judged=not bench.quick, budget=budget,
            value=added(by_label[f"{what}, with guards"], by_label[f"{what}, without guards"]),
        )
        for what, budget in BUDGETS.items()
    )  # fmt: skip
    return Row(name=NAME, title=TITLE, series=series, checks=checks)


def added(guarded: Series, bare: Series) -> float:
    """Milliseconds between the medians."""
    return (guarded.median - bare.median) * 1000


def time_commit(shell: Shell, place: Path, text: str) -> float:
    """A change of one file, committed."""
    file = place / PACKAGE / "notes.txt"
    with file.open("a") as notes:
        notes.write(f"{text}\n")
    shell.run("git", "add", f"{PACKAGE}/notes.txt", cwd=place)
    return shell.time("git", "commit", "--quiet", "-m", text, cwd=place)[0]


def time_rebase(shell: Shell, place: Path, turn: int) -> float:
    """Ten commits onto the one before them with another message, so that each is made anew."""
    for number in range(COMMITS):
        time_commit(shell, place, f"rebase {turn} {number}")
    return shell.time("git", "rebase", "--quiet", "--force-rebase", f"HEAD~{COMMITS}", cwd=place)[0]
