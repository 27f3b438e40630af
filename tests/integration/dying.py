"""A program whose copies do something with a server and die, kill -9, at one of its statements.

A process with one thread, unlike a test run, can be copied at any instant; it is told on stdin what
the next copy does, and answers how that ended.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import psycopg

from isolation.database.session import Session, compose, open_session
from tests.integration.grounds import Ground
from tests.integration.works import WORKS

TOP = Path(__file__).parents[2]
MOMENTS = ("before", "during", "after")
PATIENCE = 60
DOING = """
SELECT pid, usename::text, datname::text, state, wait_event, query_start::text, left(query, 80)
FROM pg_catalog.pg_stat_activity WHERE pid <> pg_backend_pid() AND usesysid IS NOT NULL
"""


class Mortals:
    """The program, running."""

    def __enter__(self) -> Self:
        self.program = subprocess.Popen(
            (sys.executable, "-m", "tests.integration.dying"),
            cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self.program.pid, signal.SIGKILL)  # its copy has the pipes, too
        self.program.communicate()

    def die_in(self, name: str, ground: Ground, step: int, moment: str) -> bool:
        """Whether the copy died: it does unless it was done before that statement."""
        assert self.program.stdin
        assert self.program.stdout
        pickle.dump((name, ground[1:], step, moment), self.program.stdin)
        self.program.stdin.flush()
        if not select.select([self.program.stdout], [], [], PATIENCE)[0]:
            doing = ground.session.rows(DOING)
            raise AssertionError(f"{name} goes on {moment} statement {step}: {doing}")
        code = int(self.program.stdout.readline())
        assert code in (0, -signal.SIGKILL), f"{name} failed, its traceback is in stderr"
        return code != 0


def count_statements(work: Callable[[], object]) -> int:
    """How many statements it takes."""
    rows, counted = Session.rows, []

    def counting(self: Session, *args: Any, **names: str) -> list[tuple[Any, ...]]:
        counted.append(args)
        return rows(self, *args, **names)

    Session.rows = counting  # type: ignore[method-assign,assignment]
    try:
        work()
    finally:
        Session.rows = rows  # type: ignore[method-assign]
    return len(counted)


def arm(step: int, moment: str) -> None:
    """From here on the process dies at its statement number `step`."""
    rows, count = Session.rows, 0

    def deadly(self: Session, query: str, params: Any = (), /, **names: str) -> list[tuple[Any, ...]]:
        nonlocal count
        count += 1
        if count == step and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        if count == step and moment == "during":
            with psycopg.ClientCursor(self._connection) as cursor:
                text = cursor.mogrify(compose(query, names, with_values=bool(params)), params or None)
            self._connection.pgconn.send_query(text.encode())
            self._connection.pgconn.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        answer = rows(self, query, params, **names)
        if count == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    Session.rows = deadly  # type: ignore[method-assign,assignment]


def live_once(name: str, place: tuple[Any, ...], step: int, moment: str) -> int:
    """The exit code of a copy that does the work in a session of its own."""
    child = os.fork()
    if child == 0:
        try:
            arm(step, moment)
            with open_session(place[1]) as session:
                WORKS[name].do(Ground(session, *place))
            os._exit(0)
        finally:
            # Nothing of the program's own may happen in the copy.
            traceback.print_exc()
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    """A copy for each line, until there are no more."""
    while True:
        try:
            told = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the tests, which started us
        except EOFError:
            return
        sys.stdout.write(f"{live_once(*told)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
