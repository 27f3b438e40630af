"""The server's first process: does it answer, which one is it, and ending it and nobody else.

A pid file proves nothing: the number may be somebody else's by now. A process is the server when
it listens on our socket (the kernel says who), or works in our data directory with PostgreSQL's program.
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from isolation.database.embedded.program import run

PATIENCE = 2.0


def is_answering(path: str) -> bool:
    """Whether somebody listens on the socket."""
    return find_listener(path) is not None


def find_listener(path: str) -> int | None:
    """The process that listens on the socket, None when nobody does; 0 when it may not be known."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as end:
        end.settimeout(PATIENCE)
        try:
            end.connect(path)
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            return None
        except (BlockingIOError, TimeoutError):
            return 0  # so many wait to be let in that there is no place in the queue
        if sys.platform == "linux":
            pid: int = struct.unpack("3i", end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
            return pid
        return int(end.getsockopt(0, 2))  # SOL_LOCAL, LOCAL_PEERPID


def read_status(data: Path) -> str:
    """What the server last said of itself in its pid file: starting, ready, stopping, or nothing."""
    lines = read_pid_file(data)
    return lines[7].strip() if len(lines) > 7 else ""


def find_postmaster(data: Path) -> int | None:
    """The process the pid file names, if it is proven to be the server of this data."""
    lines = read_pid_file(data)
    number = lines[0].strip() if lines else ""
    if not (number.isascii() and number.isdigit()):
        return None
    return int(number) if is_at_work(int(number), data) else None


def list_left(data: Path) -> list[int]:
    """Processes of a PostgreSQL that work in this data directory, as far as the system shows them."""
    if sys.platform != "linux":
        found = find_postmaster(data)
        return [found] if found else []
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and is_at_work(int(name), data)]


def is_at_work(pid: int, data: Path) -> bool:
    """Whether the process is PostgreSQL's and uses this data directory."""
    if sys.platform != "linux":
        # A name cannot be taken for another: the whole path ends where the next word begins.
        return f" -D {data} " in run(("ps", "-ww", "-o", "command=", "-p", str(pid))).text + " "
    try:
        program = os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")
        return os.path.basename(program) == "postgres" and os.path.samefile(f"/proc/{pid}/cwd", data)
    except OSError:
        return False


def read_pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text(errors="replace").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []


def end_listener(path: str, number: signal.Signals) -> bool:
    """Send a signal to whoever listens on our socket; False when nobody does."""
    pid = find_listener(path)
    if not pid:
        return False
    with suppress(ProcessLookupError):
        signal_if(pid, number, lambda: find_listener(path) == pid)
    return True


def end_worker(pid: int, data: Path, number: signal.Signals) -> None:
    """Send a signal to a process that works in our data directory."""
    with suppress(ProcessLookupError):
        signal_if(pid, number, lambda: is_at_work(pid, data))


def signal_if(pid: int, number: signal.Signals, is_it: Callable[[], bool]) -> None:
    """Signal a process that is proven once more after its number can no longer become another's."""
    handle = open_handle(pid)
    try:
        if not is_it():
            return
        if handle is None or sys.platform != "linux":
            os.kill(pid, number)
        else:
            signal.pidfd_send_signal(handle, number)
    finally:
        if handle is not None:
            os.close(handle)


def open_handle(pid: int) -> int | None:
    """A handle of the process, None where the system has none: macOS, old kernels, strict containers."""
    if sys.platform != "linux":
        return None
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        raise
    except OSError:
        return None
