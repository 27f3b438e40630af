"""Runs a program with little of something: descriptors, file size, or system calls that are denied.

Started by its path, like the killer; the limits hold for everything the program starts.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import os
import platform
import resource
import struct

# System calls by machine: socket, mknod, mknodat (None where there is none).
NUMBERS = {
    "x86_64": {"socket": 41, "mknod": 133, "mknodat": 259},
    "aarch64": {"socket": 198, "mknodat": 33},
}
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, FILTER = 38, 22, 2
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERROR = 0x7FFF0000, 0x00050000


class Program(ctypes.Structure):
    """A filter as the kernel takes it."""

    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def deny(names: list[str]) -> None:
    """From now on these system calls fail with EPERM, here and in every child."""
    known = NUMBERS[platform.machine()]
    numbers = [known[name] for name in names if name in known]
    steps = [struct.pack("HBBI", LOAD, 0, 0, 0)]
    for index, number in enumerate(numbers):
        steps.append(struct.pack("HBBI", JUMP_IF_EQUAL, len(numbers) - index, 0, number))
    steps.append(struct.pack("HBBI", RETURN, 0, 0, ALLOW))
    steps.append(struct.pack("HBBI", RETURN, 0, 0, ERROR | errno.EPERM))
    program = Program(len(steps), b"".join(steps))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        PR_SET_SECCOMP, FILTER, ctypes.byref(program), 0, 0
    ):
        raise OSError(ctypes.get_errno(), "system calls cannot be denied here")


def limit(kind: int, most: int | None) -> None:
    """No more than this of something."""
    if most is not None:
        resource.setrlimit(kind, (most, most))


def main() -> None:
    """Take things away, then become the program."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, help="open files at a time")
    parser.add_argument("--bytes", type=int, help="the size of any file written")
    parser.add_argument("--deny", action="append", default=[], help="a system call")
    parser.add_argument("words", nargs=argparse.REMAINDER)
    asked = parser.parse_args()
    words = asked.words[1:]
    if asked.deny:
        deny(asked.deny)
    limit(resource.RLIMIT_FSIZE, asked.bytes)
    limit(resource.RLIMIT_NOFILE, asked.files)
    os.execv(words[0], words)  # noqa: S606 - the limits are the program's, not a child's


if __name__ == "__main__":
    main()
