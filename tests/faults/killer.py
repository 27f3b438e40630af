"""Runs poolmgr in this process and kills it before the N-th thing it does to the world.

The points are found by the code: an audit hook sees every file opened for writing, rename,
removal, directory, process and signal, SQLite's own trace every COMMIT, and our one door to
PostgreSQL every statement that changes something. Started by its path under `python -P`, so that
nothing of the tests is imported beside the program.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import re
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from isolation.database.session import Session

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
ACTIONS = frozenset(
    {
        "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.link", "os.symlink", "os.truncate",
        "os.utime", "os.kill", "os.killpg", "os.posix_spawn", "sqlite3.connect",
    }
)  # fmt: skip
# Git's commands that change nothing: a kill before one is the kill before the next point.
READING = frozenset(
    {
        "cat-file", "check-ignore", "diff", "diff-index", "for-each-ref", "list", "ls-files",
        "merge-base", "rev-list", "rev-parse", "show", "status", "version", "--get",
    }
)  # fmt: skip
# The same of statements, unless they end a session.
ASKING = ("SELECT", "SET LOCAL", "SHOW")
ENDING = "pg_terminate_backend"


class Points:
    """Counts what the process does from now on, and calls `act` at the chosen number."""

    def __init__(self, chosen: int, act: Callable[[str], None]) -> None:
        self.chosen = chosen
        self.act = act
        self.seen: list[str] = []
        self.main = threading.get_ident()

    def audit(self, event: str, args: tuple[object, ...]) -> None:
        """The interpreter's hook."""
        if event == "open" and is_writing(args):
            self.reach(f"open {as_text(args[0])}")
        elif event == "subprocess.Popen":
            words = as_text(args[1])
            if not READING & set(words.split()):
                self.reach(words)
        elif event in ACTIONS:
            self.reach(f"{event} {as_text(args[0])}")

    def watched(self, connect: Callable[..., sqlite3.Connection]) -> Callable[..., sqlite3.Connection]:
        """SQLite's own connect, with our trace on what it opens."""

        def connect_traced(*args: object, **options: object) -> sqlite3.Connection:
            connection = connect(*args, **options)
            connection.set_trace_callback(self.trace)
            return connection

        return connect_traced

    def trace(self, statement: str) -> None:
        """SQLite's hook: what a transaction did becomes true at its COMMIT."""
        if statement == "COMMIT":
            self.reach("sqlite COMMIT")

    def watch_sessions(self) -> None:
        """PostgreSQL's statements and ends of transactions are seen from here on."""
        rows, transaction = Session.rows, Session.transaction

        def rows_traced(session: Session, query: object, *args: Any, **names: str) -> list[tuple[Any, ...]]:
            words = " ".join(str(query).split())
            if not words.startswith(ASKING) or ENDING in words:
                self.reach(f"sql {words}")
            return rows(session, query, *args, **names)  # type: ignore[arg-type]

        @contextmanager
        def transaction_traced(session: Session) -> Iterator[None]:
            with transaction(session):
                yield
                self.reach("sql COMMIT")

        Session.rows = rows_traced  # type: ignore[method-assign,assignment]
        Session.transaction = transaction_traced  # type: ignore[method-assign,assignment]

    def reach(self, what: str) -> None:
        """One more point."""
        self.seen.append(what)
        if len(self.seen) == self.chosen:
            self.act(what)


def is_writing(args: Sequence[object]) -> bool:
    """Whether a file is opened to change it."""
    path, _, flags = args
    if isinstance(path, int) or re.match("/dev/(?!shm/)", as_text(path)):
        return False
    return isinstance(flags, int) and bool(flags & WRITING)


def as_text(value: object) -> str:
    """An audit event's argument, for the report."""
    if isinstance(value, str | bytes | os.PathLike):
        return os.fsdecode(value)
    return " ".join(map(as_text, value)) if isinstance(value, list | tuple) else repr(value)


def kill_me(report: int, what: str) -> None:
    """Say at which point, and end as kill -9 ends."""
    os.write(report, json.dumps(what).encode() + b"\n")
    os.kill(os.getpid(), signal.SIGKILL)


def kill_tree_soon(report: int, what: str, delay: float) -> None:
    """Let the action begin, then end this process and every git below it; a server goes on by itself."""

    def strike() -> None:
        threading.Event().wait(delay)
        for pid in list_children(os.getpid()):
            end_tree(pid)
        kill_me(report, what)

    threading.Thread(target=strike, daemon=True).start()


def list_children(pid: int) -> list[int]:
    """The direct children of a process."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            if (
                entry.isdigit()
                and int(Path("/proc", entry, "stat").read_text().rpartition(") ")[2].split()[1]) == pid
            ):
                found.append(int(entry))
        except OSError:
            continue
    return found


def end_tree(pid: int) -> None:
    """A process and all below it, at one instant as far as they can tell: each is stopped first."""
    try:
        os.kill(pid, signal.SIGSTOP)
        for child in list_children(pid):
            end_tree(child)
        (os.killpg if os.getpgid(pid) == pid else os.kill)(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def parse_arguments() -> argparse.Namespace:
    """What to do, and poolmgr's own words after `--`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--at", type=int, default=0, help="the point; 0: none")
    parser.add_argument(
        "--after", type=float, help="take the children along, so many seconds after the point"
    )
    parser.add_argument("--stop", action="store_true", help="freeze there instead")
    parser.add_argument("--alone", action="store_true", help="start no background workers")
    parser.add_argument("--report", required=True, help="where the points go")
    parser.add_argument("words", nargs=argparse.REMAINDER)
    return parser.parse_args()


def forbid_workers() -> None:
    """No background worker is started from here on, wherever the module lies."""
    import poolmgr.services

    modules = pkgutil.walk_packages(poolmgr.services.__path__, "poolmgr.services.")
    name = next(module.name for module in modules if module.name.endswith(".background"))
    background = vars(importlib.import_module(name))
    assert background["MOST"]
    background["MOST"] = 0


def main() -> None:
    """Run the command to its end, or to the point."""
    asked = parse_arguments()
    sys.dont_write_bytecode = True
    from poolmgr.cli import boundary

    if asked.alone:
        forbid_workers()
    report = os.open(asked.report, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def act(what: str) -> None:
        if asked.stop:
            os.write(report, json.dumps(what).encode() + b"\n")
            os.kill(os.getpid(), signal.SIGSTOP)
        elif asked.after is None:
            kill_me(report, what)
        else:
            kill_tree_soon(report, what, asked.after)

    points = Points(asked.at, act)
    sqlite3.connect = points.watched(sqlite3.connect)  # type: ignore[assignment]
    points.watch_sessions()
    sys.addaudithook(points.audit)
    code = boundary.run(asked.words[1:])
    if not asked.at:
        os.write(report, b"".join(json.dumps(what).encode() + b"\n" for what in points.seen))
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
