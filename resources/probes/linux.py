"""Linux: processes, namespaces and the boot, read from /proc with the standard library alone.

A process that ends while it is read is a ProcessLookupError; one that may not be read is a
PermissionError. The two are never mixed up: the first is gone, of the second nothing is known.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from resources.errors import NoProcessTable
from resources.probes.record import Record

FIRST_PID_NAMESPACE = "4026531836"  # PROC_PID_INIT_INO, fixed in the kernel since 3.8
KERNEL_THREAD = 0x00200000  # PF_KTHREAD
COMMAND_LIMIT = 4096


def list_pids() -> tuple[int, ...]:
    """Every process this /proc shows."""
    try:
        return tuple(int(name) for name in os.listdir("/proc") if name.isdigit())
    except OSError as error:
        raise NoProcessTable(f"/proc: {error.strerror}") from error


def find_record(pid: int) -> Record | None:
    """The process, or None when no process has that number; PermissionError when it is hidden."""
    if not is_own_table():
        raise PermissionError(f"process {pid} is hidden: /proc belongs to another pid namespace")
    try:
        with reading():
            text = read_bytes(f"/proc/{pid}/stat")
    except ProcessLookupError:
        if is_number_taken(pid):  # hidepid=2 hides whole directories
            raise PermissionError(f"process {pid} is hidden") from None
        return None
    return parse_stat(pid, text)


def parse_stat(pid: int, text: bytes) -> Record:
    """The fields of /proc/PID/stat; the name may itself contain parentheses and newlines."""
    opening, closing = text.index(b"("), text.rindex(b")")
    fields = text[closing + 2 :].split()
    state = fields[0]
    return Record(
        pid=pid,
        name=text[opening + 1 : closing].decode(errors="replace"),
        parent=int(fields[1]),
        session=int(fields[3]),
        terminal=int(fields[4]),
        start=int(fields[19]),
        is_alive=state not in (b"Z", b"X", b"x") or has_living_thread(pid),
        is_stopped=state in (b"T", b"t"),
        is_kernel=bool(int(fields[6]) & KERNEL_THREAD),
    )


def has_living_thread(pid: int) -> bool:
    """Whether a process whose first thread has ended goes on in another."""
    return bool(list_other_threads(pid))


def list_other_threads(pid: int) -> tuple[int, ...]:
    """The threads of a process but the first, none when it is gone or hidden.

    Each can be asked for places and maps by its number, as a process can.
    """
    try:
        return tuple(int(name) for name in os.listdir(f"/proc/{pid}/task") if int(name) != pid)
    except OSError:
        return ()


def list_places(pid: int) -> Iterator[tuple[str, bytes]]:
    """Where a process lives: its directory, root, program and open files."""
    home = b"/proc/%d" % pid
    with reading():
        yield "cwd", os.readlink(home + b"/cwd")
        yield "root", os.readlink(home + b"/root")
        try:
            yield "exe", os.readlink(home + b"/exe")
        except FileNotFoundError:
            return  # a kernel thread, or ended just now
        for number in os.listdir(home + b"/fd"):
            try:
                yield "file", os.readlink(home + b"/fd/" + number)
            except FileNotFoundError:
                continue


def read_maps(pid: int) -> bytes:
    """The files a process has mapped into its memory, as the kernel lists them."""
    with reading():
        return read_bytes(f"/proc/{pid}/maps")


def read_command(pid: int) -> str:
    """A process's command line, empty when it has none or may not be read."""
    try:
        text = read_bytes(f"/proc/{pid}/cmdline")[:COMMAND_LIMIT]
    except OSError:
        return ""
    return text.rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")


def read_variables(pid: int) -> tuple[bytes, ...]:
    """The environment a process was started with, as NAME=value."""
    with reading():
        return tuple(read_bytes(f"/proc/{pid}/environ").split(b"\0"))


def read_owner(pid: int) -> int:
    """The user a process belongs to; one that may not be inspected counts as root's."""
    with reading():
        return os.stat(f"/proc/{pid}").st_uid


def read_boot() -> str:
    """This boot's identity, empty where the kernel does not tell."""
    return read_line("/proc/sys/kernel/random/boot_id")


def read_host() -> str:
    """This machine's identity, or its name where none was ever written."""
    for place in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        text = read_line(place)
        if len(text) == 32:  # an image not yet started says "uninitialized" or nothing
            return text
    return os.uname().nodename


def read_namespaces() -> tuple[str, str]:
    """The namespaces in which this process's pids and start times have their meaning."""
    return read_namespace("pid"), read_namespace("time")


def read_namespace(kind: str) -> str:
    """A namespace's number, `-` where the kernel has none of that kind."""
    try:
        return os.readlink(f"/proc/self/ns/{kind}").partition("[")[2].rstrip("]")
    except OSError:
        return "-"


def read_ticks() -> int:
    """The present on the clock of `Record.start`, which counts suspended time, too."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))


def ticks_of(_wall: float, mono: float) -> int:
    """An earlier time of this boot on that clock; too early by as long as the machine slept."""
    return int(mono * os.sysconf("SC_CLK_TCK"))


def why_partial() -> str:
    """Why processes of this machine may be out of sight; empty when all are in sight."""
    if not is_own_table():
        return "/proc belongs to another pid namespace"
    if read_namespace("pid") != FIRST_PID_NAMESPACE:
        return "poolmgr runs in a pid namespace of its own and does not see the host's processes"
    try:
        os.stat("/proc/1/stat")
    except OSError:
        return "/proc hides other users' processes (hidepid)"
    return ""


def is_own_table() -> bool:
    """Whether /proc numbers processes as this process does (`unshare --pid` alone does not)."""
    try:
        return os.readlink("/proc/self") == str(os.getpid())
    except OSError:
        return False


def is_number_taken(pid: int) -> bool:
    """Whether some process has that number, asked past /proc."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


@contextmanager
def reading() -> Iterator[None]:
    """One spelling for `gone` while a process is read."""
    try:
        yield
    except (FileNotFoundError, ProcessLookupError) as error:
        raise ProcessLookupError(str(error)) from error


def read_bytes(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.read()


def read_line(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
