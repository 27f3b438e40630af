"""The door to PostgreSQL's programs: who runs them, how they are run, how the server is let go.

argv only, an allow-listed environment without PG*, stdin closed, an own session, a time-out. What
`keep_open` names is inherited: a server, or an initdb that outlives us, keeps the lock it was given.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import NamedTuple

from isolation.database.errors import NoBinaries, ServerFailed
from isolation.git.program import stop_group

Process = subprocess.Popen[bytes]
TIMEOUT = 120.0
KEPT_VARIABLES = ("PATH", "HOME", "TMPDIR", "TZ", "XDG_RUNTIME_DIR")


class Account(NamedTuple):
    """Who the server runs as: we ourselves, through another program, or another user."""

    name: str
    wrap: tuple[str, ...] = ()
    user: str | None = None


class Output(NamedTuple):
    """How a program ended, and all it said."""

    code: int
    text: str


OURSELVES = Account("self")
# PostgreSQL refuses root. In a user namespace root is nobody to it, while the files stay root's own.
UNSHARED = Account("unshare", wrap=("unshare", "--user", "--map-user=65534", "--"))


def run(
    argv: tuple[str | Path, ...],
    account: Account = OURSELVES,
    *,
    keep_open: tuple[int, ...] = (),
    timeout: float = TIMEOUT,
) -> Output:
    """A program's exit code and words; one that cannot be started is NoBinaries."""
    process = start(argv, account, subprocess.PIPE, keep_open)
    try:
        text, _ = process.communicate(timeout=timeout)
    except BaseException as error:
        stop_group(process)
        if isinstance(error, subprocess.TimeoutExpired):
            raise ServerFailed(f"{Path(argv[0]).name} did not end within {timeout:.0f} s") from error
        raise
    return Output(process.returncode, text.decode(errors="replace").strip())


def launch(argv: tuple[str | Path, ...], account: Account, log: int, keep_open: tuple[int, ...]) -> Process:
    """A program that goes on when we end; its words go to `log`."""
    return start(argv, account, log, keep_open)


def let_go(process: Process) -> None:
    """Nobody waits for this child: without it, Python warns of a process it believes forgotten."""
    process.returncode = 0


def start(argv: tuple[str | Path, ...], account: Account, output: int, keep_open: tuple[int, ...]) -> Process:
    words = tuple(os.fspath(word) for word in (*account.wrap, *argv))
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    try:
        return subprocess.Popen(
            words, cwd="/", env={"PATH": os.defpath, **kept, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True, pass_fds=keep_open,
            user=account.user, group=group_of(account), extra_groups=None if account.user is None else (),
        )  # fmt: skip
    except OSError as error:
        raise NoBinaries(f"{words[0]} cannot be started: {error.strerror}") from error


def group_of(account: Account) -> int | None:
    """The first group of the user the program runs as."""
    if account.user is None:
        return None
    import pwd

    return pwd.getpwnam(account.user).pw_gid
