"""macOS: the same answers as `linux`, by psutil and the C library.

There are no namespaces and no second names for a directory. Not run on Linux, where psutil is
never imported.
"""

from __future__ import annotations

import ctypes
import os
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from resources.errors import NoProcessTable
from resources.probes.record import Record

MICROSECONDS = 1_000_000


def list_pids() -> tuple[int, ...]:
    """Every process of the machine."""
    try:
        return tuple(psutil.pids())
    except psutil.Error as error:
        raise NoProcessTable(str(error)) from error


def find_record(pid: int) -> Record | None:
    """The process, or None when no process has that number."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            state = process.status()
            return Record(
                pid=pid,
                name=process.name(),
                parent=process.ppid(),
                session=os.getsid(pid),
                terminal=0,  # a terminal's processes share its session
                start=round(process.create_time() * MICROSECONDS),  # kept by the kernel, not derived
                is_alive=state not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD),
                is_stopped=state == psutil.STATUS_STOPPED,
                is_kernel=pid == 0,
            )
    except (psutil.NoSuchProcess, ProcessLookupError):
        return None
    except psutil.AccessDenied as error:
        raise PermissionError(str(error)) from error


def list_places(pid: int) -> Iterator[tuple[str, bytes]]:
    """Where a process lives: its directory, program and open files."""
    with reading():
        process = psutil.Process(pid)
        yield "cwd", os.fsencode(process.cwd())
        yield "exe", os.fsencode(process.exe())
        for opened in process.open_files():
            yield "file", os.fsencode(opened.path)


def list_other_threads(_pid: int) -> tuple[int, ...]:
    """None: a process whose first thread has ended is shown as living."""
    return ()


def read_maps(_pid: int) -> bytes:
    """Nothing: macOS shows mapped files to root only."""
    return b""


def read_command(pid: int) -> str:
    """A process's command line, empty when it may not be read."""
    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return ""


def read_variables(pid: int) -> tuple[bytes, ...]:
    """The environment a process was started with, as NAME=value."""
    with reading():
        return tuple(os.fsencode(f"{name}={value}") for name, value in psutil.Process(pid).environ().items())


def read_owner(pid: int) -> int:
    """The user a process belongs to."""
    with reading():
        return int(psutil.Process(pid).uids().real)


def read_boot() -> str:
    """This boot's identity, empty where the kernel does not tell."""
    size = ctypes.c_size_t(64)
    text = ctypes.create_string_buffer(size.value)
    library = ctypes.CDLL(None)
    if library.sysctlbyname(b"kern.bootsessionuuid", text, ctypes.byref(size), None, 0) != 0:
        return ""
    return text.value.decode()


def read_host() -> str:
    """This machine's identity."""
    value = (ctypes.c_ubyte * 16)()
    wait = (ctypes.c_long * 2)(1, 0)
    if ctypes.CDLL(None).gethostuuid(value, wait) != 0:
        return os.uname().nodename
    return str(uuid.UUID(bytes=bytes(value)))


def read_namespaces() -> tuple[str, str]:
    """None: macOS has one namespace of each kind."""
    return "-", "-"


def read_ticks() -> int:
    """The present on the clock of `Record.start`."""
    return round(time.time() * MICROSECONDS)


def ticks_of(wall: float, _mono: float) -> int:
    """An earlier time of this boot on that clock."""
    return round(wall * MICROSECONDS)


def why_partial() -> str:
    """Nothing: all processes are listed, and those that may not be read are counted."""
    return ""


def read_view(_pid: int) -> tuple[str, bytes]:
    """The one view of the files that there is."""
    return "", b"/"


def list_aliases(roots: Iterable[bytes], _pid: int) -> dict[bytes, tuple[bytes, ...]]:
    """The directories themselves."""
    return {root: (root,) for root in roots}


def read_kind(path: Path) -> str:
    """The type of the file system a path lies on, empty when unknown."""
    place = os.path.realpath(path)
    best = ""
    kind = ""
    for part in psutil.disk_partitions(all=True):
        point = part.mountpoint.rstrip("/") + "/"
        if f"{place}/".startswith(point) and len(point) >= len(best):
            best, kind = point, part.fstype
    return kind


@contextmanager
def reading() -> Iterator[None]:
    """One spelling for `gone` and `not allowed`."""
    try:
        yield
    except psutil.NoSuchProcess as error:
        raise ProcessLookupError(str(error)) from error
    except psutil.AccessDenied as error:
        raise PermissionError(str(error)) from error
