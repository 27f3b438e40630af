"""`python -m tests.bench`: runs the rows asked for and prints the report.

Exit 0: everything judged is within its budget. 1: something is over, or a row failed.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from tests.bench import __doc__ as description
from tests.bench.bench import Bench
from tests.bench.figures import Row
from tests.bench.processes import BenchFailed, ensure_shell
from tests.bench.report import machine_text, report_json, report_text
from tests.bench.rows import (
    acquire,
    claim,
    commit,
    database,
    growth,
    plan,
    prediction,
    release,
    scope,
    status,
    tracks,
    wake,
)

ROWS: dict[str, ModuleType] = {
    module.NAME: module
    for module in (
        acquire,
        growth,
        scope,
        commit,
        release,
        status,
        wake,
        claim,
        database,
        tracks,
        prediction,
        plan,
    )
}
ROUNDS, QUICK_ROUNDS = 7, 2


def main() -> int:
    """Measures, prints, answers with the exit code."""
    arguments = parse_arguments()
    with make_bench(arguments) as bench:
        machine = machine_text(bench.shell.run("git", "version", cwd=bench.work).strip())
        rows = tuple(measure(ROWS[name], bench) for name in arguments.rows)
    sys.stdout.write((report_json if arguments.json else report_text)(rows, machine))
    return int(any(row.is_over for row in rows))


def measure(module: ModuleType, bench: Bench) -> Row:
    """The row; one that cannot be measured does not keep the others from it."""
    print(f"{module.NAME}: {module.TITLE} …", file=sys.stderr, flush=True)
    try:
        row: Row = module.measure(bench)
    except BenchFailed as error:
        return Row(name=module.NAME, title=module.TITLE, failure=str(error))
    return row


@contextmanager
def make_bench(arguments: argparse.Namespace) -> Iterator[Bench]:
    """A bench whose scratch directory goes when it is done; a work directory of the user's stays."""
    work: Path = arguments.work or Path(tempfile.mkdtemp(prefix="poolmgr-bench-"))
    work = work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="run-", dir=work))
    try:
        yield Bench(
            work=work,
            scratch=scratch,
            shell=ensure_shell(work),
            poolmgr=arguments.poolmgr.resolve(),
            python=Path(sys.executable),
            quick=arguments.quick,
            rounds=arguments.rounds or (QUICK_ROUNDS if arguments.quick else ROUNDS),
            seed=arguments.seed,
            with_peer=not arguments.no_peer,
        )
    finally:
        shutil.rmtree(scratch if arguments.work else work, ignore_errors=True)


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--rows", nargs="+", choices=ROWS, default=list(ROWS), metavar="NAME", help=", ".join(ROWS)
    )
    parser.add_argument(
        "--quick", action="store_true", help="small sizes, few rounds; size-dependent budgets not judged"
    )
    parser.add_argument("--rounds", type=int, help=f"default {ROUNDS}, quick {QUICK_ROUNDS}")
    parser.add_argument(
        "--work", type=Path, help="keeps generated repositories and the peer (default: temporary)"
    )
    parser.add_argument("--no-peer", action="store_true", help="without warmtree, which pip would install")
    parser.add_argument("--json", action="store_true", help="everything measured, as data")
    parser.add_argument("--seed", type=int, default=1, help="of the generated repositories")
    parser.add_argument(
        "--poolmgr",
        type=Path,
        default=Path(sys.executable).with_name("poolmgr"),
        help="the console script to measure",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
