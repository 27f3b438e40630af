"""A copy of this process that does something with a server and dies, kill -9, at one of its statements."""

from __future__ import annotations

import os
import signal
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import psycopg

from isolation.database.session import Session, compose

MOMENTS = ("before", "during", "after")


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


def die_in(work: Callable[[], object], step: int, moment: str) -> bool:
    """Whether the copy died: it does unless it was done before that statement."""
    with warnings.catch_warnings():
        # From 3.12 on Python warns of threads that a copy does not have; ours needs none.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            arm(step, moment)
            work()
            os._exit(0)
        finally:
            # Nothing of the test run's own may happen in the copy.
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


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
