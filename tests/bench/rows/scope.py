"""Handing over a scoped slot: every turn shows another package than the one before."""

from __future__ import annotations

from tests.bench.bench import Bench
from tests.bench.figures import Check, Row, ratio
from tests.bench.pool import Pool
from tests.bench.rounds import Contender, interleave
from tests.bench.rows.acquire import GIT, LARGE, SMALL, git_contender

NAME = "scope"
TITLE = "acquire, scoped slot, whole process"
CONE, EXACT, HUGE_CONE = "cone", "exact", "cone, four times the files"
BUDGETS = {CONE: 0.2, EXACT: 0.35}
GROWTH_BUDGET = 1.3
# As many files in a large repository as in a small one: 125 in directories, 50 by name.
GLOBS = {
    CONE: "/packages/package-{package:02}/src/module-{module:03}/",
    EXACT: "/packages/package-{package:02}/src/module-{module:03}/file-0*.ts",
}
MODULES = {False: 5, True: 2}  # the smallest repository has no more
PACKAGES = 8


def measure(bench: Bench) -> Row:
    """Git makes a worktree; pools of one slot take turns in showing a package, and other files."""
    files = SMALL if bench.quick else LARGE
    pools = {
        CONE: bench.pool(files=files, size=1),
        EXACT: bench.pool(files=files, size=1),
        HUGE_CONE: bench.pool(files=4 * files, size=1),
    }
    contenders = (
        git_contender(bench.shell, bench.checkout("git", files=files)),
        *(scope_contender(label, pool, MODULES[bench.quick]) for label, pool in pools.items()),
    )
    series = interleave(contenders, rounds=bench.rounds)
    by_label = {each.label: each for each in series}
    checks = [
        Check(
            name=f"{label} / {GIT}", value=ratio(by_label[label], by_label[GIT]),
            budget=budget, judged=not bench.quick,
        )
        for label, budget in BUDGETS.items()
    ]  # fmt: skip
    checks.append(
        Check(
            name=f"{HUGE_CONE} / {CONE}", value=ratio(by_label[HUGE_CONE], by_label[CONE]),
            budget=GROWTH_BUDGET, judged=not bench.quick,
        )
    )  # fmt: skip
    return Row(name=NAME, title=f"{TITLE}, {files:,} files", series=series, checks=tuple(checks))


def scope_contender(label: str, pool: Pool, modules: int) -> Contender:
    """Some modules of another package in every turn, never those that the slot shows already."""
    glob = GLOBS[EXACT if label == EXACT else CONE]
    prefix = label.replace(" ", "-").replace(",", "")

    def acquire(turn: int) -> float:
        globs = (glob.format(package=turn % PACKAGES, module=module) for module in range(modules))
        return pool.time_acquire(f"{prefix}/{turn}", *(word for one in globs for word in ("--scope", one)))

    def give_back(turn: int) -> None:
        branch = f"{prefix}/{turn}"
        pool.time_release(pool.require_slot(branch).name)
        pool.settle(branch)

    return Contender(label=label, measure=acquire, after=give_back)
