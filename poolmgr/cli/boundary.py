"""From errors to words and exit codes: 0 done, 1 refused, 2 usage, 3 a bug, 75 busy, 130 interrupted.

Who is told to end (SIGTERM, SIGHUP) undoes what it began, as after Ctrl-C, and then ends by that signal.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from isolation.errors import IsolationError
from poolmgr.cli.hot import find_hot
from poolmgr.cli.invocation import Invocation, parse_invocation
from poolmgr.cli.output import emit, safe_lines, say
from poolmgr.core.errors import PoolError
from resources.errors import ResourcesError

DONE, REFUSED, USAGE, BUG, INTERRUPTED = 0, 1, 2, 3, 130
ENDS = (signal.SIGTERM, signal.SIGHUP)
ROOM = {errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.EDQUOT}


class Ended(KeyboardInterrupt):
    """Somebody told this process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(f"told to end by {signal.Signals(number).name}")
        self.number = number


def run(argv: list[str]) -> int:
    """The exit code of one command line, its answer written; some end by a signal instead."""
    ensure_streams()
    heard = heed_ends()
    invocation, rest = parse_invocation(argv)
    try:
        code = answer(invocation, rest, heard)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return DONE
    except OSError as error:  # the answer's own road is gone; what is left to say goes the other one
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        with suppress(OSError):
            say(f"poolmgr: the answer could not be written: {error.strerror}")
        return REFUSED
    if code < 0:
        from poolmgr.services.lending.child import die_like

        die_like(-code)
        return 128 - code  # the first process of a container outlives its own signals
    return code


def heed_ends() -> list[KeyboardInterrupt]:
    """From here on an end is an interruption; a second one does not cut short what the first made us do.

    The list is of those that came: typer makes an exit code of them.
    """
    heard: list[KeyboardInterrupt] = []

    def end(number: int, _frame: object) -> None:
        for each in ENDS:
            signal.signal(each, lambda *_: None)  # to ignore them would be inherited
        heard.append(Ended(number))
        raise heard[-1]

    def interrupt(*_: object) -> None:
        heard.append(KeyboardInterrupt())
        raise heard[-1]

    for number in ENDS:
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, end)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)
    return heard


def ensure_streams() -> None:
    """The three streams, also where the caller closed them: else the next file opened is taken for one."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "r" if number == 0 else "w", closefd=False))  # noqa: SIM115


def answer(invocation: Invocation, rest: list[str], heard: list[KeyboardInterrupt]) -> int:
    """What the command ends with, its errors told; below zero a signal."""
    try:
        return run_command(invocation, rest, heard)
    except PoolError as error:
        hint = f"{invocation.again(error.again)} {error.hint}".rstrip() if error.again else error.hint
        return tell(invocation, error.code, error.message, hint, error.facts, error.exit_code)
    except IsolationError as error:
        hint = error.hint or "poolmgr doctor"
        return tell(invocation, error.kind, error.message, hint, {}, error.exit_code)
    except KeyboardInterrupt as error:
        code = -error.number if isinstance(error, Ended) else INTERRUPTED
        return tell(invocation, "interrupted", "interrupted", "poolmgr status", {}, code)
    except BrokenPipeError:
        raise
    except ResourcesError as error:
        return tell(invocation, "system", str(error), "poolmgr doctor", {}, REFUSED)
    except OSError as error:
        if error.errno not in ROOM:
            return bug(invocation, error)
        where = f" {error.filename}" if error.filename else ""
        hint = "check free space, permissions and the limit of open files, then try again"
        return tell(invocation, "system", f"the system refused{where}: {error.strerror}", hint, {}, REFUSED)
    except Exception as error:  # noqa: BLE001 - the boundary: a bug is told, never hidden
        return bug(invocation, error)


def run_command(invocation: Invocation, rest: list[str], heard: list[KeyboardInterrupt]) -> int:
    """Do what is plainly asked; hand everything else to typer."""
    hot = find_hot(rest)
    if hot:
        verb, values = hot
        return verb.run(invocation, values) or DONE
    import typer

    from poolmgr.cli.app import app

    errors = sys.modules[typer.BadParameter.__module__]  # click's, or the click that typer brings

    try:
        done = app(rest, prog_name="poolmgr", obj=invocation, standalone_mode=False)
    except errors.NoArgsIsHelpError as error:
        if not invocation.as_json:
            error.show()
            return USAGE
        command = error.ctx.command_path if error.ctx else "poolmgr"
        return tell(invocation, "usage", f"{command} needs a command", f"{command} --help", {}, USAGE)
    except errors.UsageError as error:
        command = error.ctx.command_path if error.ctx else "poolmgr"
        return tell(invocation, "usage", error.format_message(), f"{command} --help", {}, USAGE)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except errors.ClickException as error:
        return tell(invocation, "usage", error.format_message(), "poolmgr --help", {}, USAGE)
    if heard and done == INTERRUPTED:
        raise heard[0]
    return done if isinstance(done, int) else DONE


def tell(
    invocation: Invocation, code: str, message: str, hint: str, facts: dict[str, object], exit_code: int
) -> int:
    """The error, for programs or for people."""
    if invocation.as_json:
        emit({"error": {"code": code, "message": message, "hint": hint, **facts}})
    else:
        say(f"poolmgr: {safe_lines(message)}")
        if hint:
            say(f"hint: {safe_lines(hint)}")
    return exit_code


def bug(invocation: Invocation, error: BaseException) -> int:
    """A report in a file, and where it lies."""
    import tempfile
    import traceback

    text = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="poolmgr-bug-", suffix=".log", delete=False, errors="backslashreplace"
        ) as log:
            log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {sys.version}\n{sys.argv!r}\n{text}")
            where = str(Path(log.name))
    except OSError:
        say(text)
        where = "above"
    message = f"this is a bug in poolmgr: {type(error).__name__}: {error}"
    return tell(invocation, "bug", message, f"please report it with {where}", {"log": where}, BUG)
