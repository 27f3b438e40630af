"""One competitor: a process that loads poolmgr once and runs each command in a child of its own.

It reads a round as a JSON line, answers with one, and proves for itself that nobody else has its
slot, its branch or its path: a file that must not exist yet stands for each of them.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import poolmgr
from poolmgr.__main__ import main

# Loaded here, so that no child has to.
for module in pkgutil.walk_packages(poolmgr.__path__, "poolmgr."):
    importlib.import_module(module.name)


def run(*args: str) -> tuple[int, dict[str, Any]]:
    """A command as a process of its own: a fork instead of a start, all else is the same."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writing, 1)
        os.close(reading)
        try:
            main([*args, "--json"])
        except SystemExit as end:
            sys.stdout.flush()
            os._exit(end.code if isinstance(end.code, int) else 1)
        os._exit(70)
    os.close(writing)
    with open(reading, "rb") as stream:
        text = stream.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code, json.loads(text or b"{}")


@contextmanager
def alone(room: Path, thing: str) -> Iterator[None]:
    """Nobody else has this thing while we do."""
    mark = room / thing.replace("/", "%")
    os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
    try:
        yield
    finally:
        mark.unlink()


def check_slot(lent: dict[str, Any], agent: str) -> list[str]:
    """What is wrong with the slot that was handed over."""
    path = Path(lent["path"])
    faults = [f"found {entry.name} of somebody else" for entry in path.glob("work-*")]
    head = subprocess.run(
        ("git", "symbolic-ref", "HEAD"), cwd=path, capture_output=True, text=True, check=False, timeout=60
    ).stdout.strip()
    if head != f"refs/heads/{lent['branch']}":
        faults.append(f"HEAD is {head!r}, not {lent['branch']}")
    mine = path / f"work-{agent}"
    mine.write_text(agent)
    faults += [f"{entry.name} beside mine" for entry in path.glob("work-*") if entry != mine]
    mine.unlink()
    return faults


def compete(order: dict[str, Any], room: Path) -> dict[str, Any]:
    """Acquire, prove to be alone; release at once, or when the round says so."""
    began = time.monotonic()
    code, lent = run("acquire", "--agent", order["agent"], *order["args"])
    answer: dict[str, Any] = {"code": code, "answer": lent, "seconds": time.monotonic() - began, "faults": []}
    if code or order["shared"]:
        return answer
    with ExitStack() as stack:
        try:
            for thing in (lent["slot"], lent["path"], f"branch {lent['branch']}", f"lease {lent['lease']}"):
                stack.enter_context(alone(room, thing))
        except FileExistsError as error:
            answer["faults"] = [f"held twice: {error.filename}"]
            return answer
        answer["faults"] = check_slot(lent, order["agent"])
        if order["hold"]:
            say(answer)
            sys.stdin.readline()
    code, given = run("release", lent["slot"], "--lease", lent["lease"])
    if code:
        answer["faults"] = [*answer["faults"], f"release: {code} {given}"]
    return answer


def say(answer: dict[str, Any]) -> None:
    """One line to the referee."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    for line in sys.stdin:
        say(compete(json.loads(line), Path(sys.argv[1])))
