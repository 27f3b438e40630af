"""A command as our child that behaves as if we were not there.

It has our process group, terminal, stdin and stdout. What was sent to the whole group reaches it
by itself and is not sent twice; what came to us alone is passed on; when it is stopped so are we,
for the shell to see. After it ended, signals have no effect until the process ends.
"""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from poolmgr.core.errors import CommandNotFound, CommandUnusable
from poolmgr.services.lending.bell import Bell, listening
from poolmgr.services.lending.witness import Witness, call_witness

# Those that a terminal sends: who left our group is not meant by them.
KEYBOARD = frozenset({signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGWINCH})
PASSED = KEYBOARD | {
    signal.SIGHUP, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGCONT,
}  # fmt: skip
BACKGROUND = (signal.SIGTTIN, signal.SIGTTOU)


def run(command: Sequence[str], cwd: Path, variables: Mapping[str, str]) -> int:
    """Start the command and wait for its end: its exit code, or the signal's number below zero."""
    with listening(PASSED) as bell, call_witness() as witness:
        process = start(command, cwd, variables)
        let_go()
        process.returncode = os.waitstatus_to_exitcode(await_end(process.pid, bell, witness))
    for number in BACKGROUND:
        signal.signal(number, signal.SIG_DFL)
    return process.returncode


def start(command: Sequence[str], cwd: Path, variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """The command as our child; a file without a first line is a script of sh, as in every shell."""
    try:
        try:
            return subprocess.Popen(command, cwd=cwd, env=variables, close_fds=False)
        except OSError as error:
            if error.errno != errno.ENOEXEC:
                raise
            return subprocess.Popen(as_script(command, variables), cwd=cwd, env=variables, close_fds=False)
    except OSError as error:
        raise unstarted(command, error) from error


def replace(command: Sequence[str], cwd: Path, variables: Mapping[str, str]) -> NoReturn:
    """Become the command."""
    os.chdir(cwd)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores, and a program would inherit
        signal.signal(number, signal.SIG_DFL)
    try:
        try:
            os.execvpe(command[0], tuple(command), variables)  # noqa: S606 - to become it is the purpose
        except OSError as error:
            if error.errno != errno.ENOEXEC:
                raise
            os.execve("/bin/sh", as_script(command, variables), variables)  # noqa: S606 - the same
    except OSError as error:
        raise unstarted(command, error) from error


def as_script(command: Sequence[str], variables: Mapping[str, str]) -> tuple[str, ...]:
    """The words that make sh read the command."""
    import shutil

    return ("/bin/sh", shutil.which(command[0], path=variables.get("PATH")) or command[0], *command[1:])


def unstarted(command: Sequence[str], error: OSError) -> CommandNotFound | CommandUnusable:
    """Why the command did not start, with the exit code shells have for it."""
    words = f"{command[0]}: {error.strerror}"
    if error.errno == errno.ENOENT:
        return CommandNotFound(words, hint="the command is looked for in PATH, and from the slot's top")
    return CommandUnusable(words, hint="the command must be a program that may be executed")


def let_go() -> None:
    """The command alone has stdin and stdout from here on: who reads or writes them sees it end."""
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for number, stream in ((0, sys.stdin), (1, sys.stdout)):
        if stream is not None:  # closed from the start, the number may be another file's
            os.dup2(nothing, number, inheritable=False)
    os.close(nothing)
    for number in BACKGROUND:
        signal.signal(number, signal.SIG_IGN)


def await_end(child: int, bell: Bell, witness: Witness) -> int:
    """The status the child ended with; meanwhile signals and stops are passed to and fro.

    Signals first: once we were stopped and continued, the witness knows no more who stopped us.
    """
    while True:
        number = bell.wait()
        if number in PASSED:
            pass_on(child, number, bell, witness)
            continue
        found, status = os.waitpid(child, os.WNOHANG | os.WUNTRACED)
        while found:
            if not os.WIFSTOPPED(status):
                return status
            stop_too(os.WSTOPSIG(status))
            found, status = os.waitpid(child, os.WNOHANG | os.WUNTRACED)


def pass_on(child: int, number: int, bell: Bell, witness: Witness) -> None:
    """The child gets what we got, unless the whole group did and the child is in it."""
    was_for_all = witness.saw(number)
    while was_for_all and bell.absorb(number):
        witness.saw(number)  # for it, too, both were one, or the second is still to be forgotten
    if number == signal.SIGTSTP and not was_for_all:
        was_for_all = witness.saw(signal.SIGCONT)  # which made the stop a thing of the past
    with suppress(ProcessLookupError, PermissionError):
        if was_for_all and (number in KEYBOARD or os.getpgid(child) == os.getpgrp()):
            return
        os.kill(child, number)


def stop_too(number: int) -> None:
    """Stopped like the child, where a shell can wake us; in an orphaned group nothing happens.

    SIGSTOP would stop us there as well, and for ever.
    """
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return
    own = number if number in BACKGROUND else signal.SIGTSTP
    # Held up until ours is there: the group's, which may reach us only now, is one with it and not a
    # second stop after `fg`.
    signal.pthread_sigmask(signal.SIG_BLOCK, {own})
    before = signal.signal(own, signal.SIG_DFL)
    os.kill(os.getpid(), own)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {own})
    signal.signal(own, before)


def die_like(number: int) -> None:
    """End this process by the signal that ended the command: a shell tells Ctrl-C from an exit code."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    with suppress(OSError, ValueError):  # KILL has no disposition
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
