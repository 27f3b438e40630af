"""Starts git from a hook, without the cost of importing `subprocess` (half of what a hook may cost).

Git's errors are not shown: what cannot be judged is told in one line by the hook's script.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from isolation.guards.rule import Run


class Unanswered(Exception):
    """Git ended with an exit code that is no answer."""


def starter(environment: Mapping[str, str], room: str) -> Run:
    """Git in the current directory; its input passes through a file in `room`: two pipes could block."""

    def run(*args: str, stdin: bytes | None = None) -> bytes:
        feed = os.open(os.devnull, os.O_RDONLY) if stdin is None else store(stdin, room)
        reading, writing = os.pipe()
        try:
            actions = [
                (os.POSIX_SPAWN_DUP2, feed, 0),
                (os.POSIX_SPAWN_DUP2, writing, 1),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ]
            pid = os.posix_spawnp("git", ("git", *args), environment, file_actions=actions)
        finally:
            os.close(feed)
            os.close(writing)
        answer = drain(reading)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if code not in (0, 1):
            raise Unanswered(args, code)
        return answer

    return run


def store(content: bytes, room: str) -> int:
    """A descriptor of a nameless file with this content, at its start; in memory where that can be."""
    if hasattr(os, "memfd_create"):
        feed = os.memfd_create("poolmgr")
    else:
        name = f"{room}/.input.{os.getpid()}"
        feed = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.unlink(name)
    while content:
        content = content[os.write(feed, content) :]
    os.lseek(feed, 0, os.SEEK_SET)
    return feed


def drain(reading: int) -> bytes:
    """All that comes out of a pipe."""
    parts = []
    while part := os.read(reading, 1 << 16):
        parts.append(part)
    os.close(reading)
    return b"".join(parts)


def ask(program: Sequence[str], environment: Mapping[str, str], seconds: float) -> bytes:
    """What another program answers in time, nothing when it fails."""
    import subprocess

    try:
        done = subprocess.run(
            tuple(program),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return b""
    return done.stdout if done.returncode == 0 else b""
