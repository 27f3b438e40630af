"""The one door to the `bd` program: it only ever reads, and its exit codes are not believed alone.

Variables that name another place are dropped, so that it looks where we say, and it starts no daemon.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, NamedTuple

from poolmgr.services.planning.answer import NoAnswer, read_answer
from tracks.ready.rules import FIRST_OF_THE_NEW, parse_version
from tracks.tasks.beads import BadAnswer, Parsed, Sign, found_json, parse_answer, parse_issues
from tracks.tasks.json_text import loaded

TIMEOUT = 30.0  # also for thousands of issues it takes a few seconds
ELSEWHERE = ("GIT_", "BEADS_DIR", "BEADS_DB", "BD_DB")  # beginnings of what names another place
LIST = ("--readonly", "list", "--all", "--json", "--limit", "0")
# What `list` leaves out and others can wait for; older ones do not know all of the words.
HIDDEN = ("--include-gates", "--include-templates", "--include-infra")

DATELESS = ((0, 43), (0, 49))  # from the first to before the second, `list` does not say until when
AT_ONCE = 200  # ids on one command line
LONGEST_WORDS = 200  # characters of what it says that are told


class BdFailed(Exception):
    """`bd` gave no answer; the message is its own, or says what happened to it."""


class BdSilent(BdFailed):
    """It did not answer in time, or never stops, and is not asked anything else."""


class Bd(NamedTuple):
    """The program, where it works, and the directory of its data if that is not the usual one."""

    program: str
    cwd: Path
    data: Path | None = None

    def run(self, *args: str) -> str:
        """What it prints; BdFailed where it says that it failed, or prints nothing but an error."""
        try:
            process = subprocess.Popen(
                (self.program, *args), cwd=self.cwd, env=self.environment(), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise BdFailed(f"{self.program} cannot be started: {error.strerror}") from error
        try:
            answer = read_answer(pipes_of(process), lambda: process.poll() is not None, TIMEOUT)
        except NoAnswer as error:
            stop_group(process)
            words = next(word for word in args if not word.startswith("-"))
            raise BdSilent(f"bd {words} {error}") from error
        except BaseException:
            stop_group(process)
            raise
        finally:
            for pipe in pipes_of(process):
                pipe.close()
        text, said = (part.decode(errors="replace") for part in answer)
        if process.returncode or (not text.strip() and said.strip()):
            raise BdFailed(complaint(said) or complaint(text) or f"it ended with {process.returncode}")
        return text

    def environment(self) -> dict[str, str]:
        """Everything it knows when somebody types it: its server's password, proxies."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ELSEWHERE)}
        place = {"BEADS_DIR": str(self.data)} if self.data else {}
        return kept | place | {"LC_ALL": "C", "NO_COLOR": "1", "BEADS_NO_DAEMON": "1"}


def complaint(text: str) -> str:
    """What it says went wrong: the error in an answer of JSON, else the first line; "" for other JSON."""
    with suppress(ValueError):
        value = loaded(found_json(text))
        return str(value["error"])[:LONGEST_WORDS] if isinstance(value, dict) and value.get("error") else ""
    return text.strip().split("\n")[0][:LONGEST_WORDS]


def pipes_of(process: subprocess.Popen[bytes]) -> list[IO[bytes]]:
    """Its stdout and stderr."""
    return [pipe for pipe in (process.stdout, process.stderr) if pipe]


def stop_group(process: subprocess.Popen[bytes]) -> None:
    """End it and its children."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=1)


def find_bd(cwd: Path, data: Path | None) -> Bd | None:
    """The `bd` on the PATH; None where there is none."""
    program = shutil.which("bd")
    return Bd(os.path.abspath(program), cwd, data) if program else None


def find_version(bd: Bd) -> tuple[int, ...] | None:
    """Its version; None where it tells none, which may be another program of this name."""
    try:
        return parse_version(bd.run("version"))
    except BdSilent:
        raise
    except BdFailed:
        return None


def read_issues(bd: Bd, version: tuple[int, ...] | None) -> Parsed:
    """All issues with their edges, also those that `list` hides by itself."""
    words = HIDDEN if version is None or version >= FIRST_OF_THE_NEW else HIDDEN[:2]
    try:
        parsed = parsed_answer(bd.run(*LIST, *words))
    except BdSilent:
        raise
    except BdFailed:
        parsed = parsed_answer(bd.run(*LIST))
    if Sign.EDGES_COUNTED not in parsed.signs:
        return with_dates(bd, parsed, version)
    # Before 0.50 `list` counts the edges and does not tell them; `export` does.
    exported = parse_issues(bd.run("--readonly", "export").encode(), "bd export")
    known = {task.id for task in exported.tasks}
    others = tuple(task for task in parsed.tasks if task.id not in known)
    return with_dates(bd, exported._replace(tasks=exported.tasks + others), version)


def with_dates(bd: Bd, parsed: Parsed, version: tuple[int, ...] | None) -> Parsed:
    """The same with the dates until which tasks are put off, where `list` and `export` leave them out."""
    if not is_dateless(version):
        return parsed
    deferred = [task.id for task in parsed_answer(bd.run(*LIST, "--deferred")).tasks]
    until: dict[str, datetime] = {}
    for start in range(0, len(deferred), AT_ONCE):
        shown = parsed_answer(bd.run("--readonly", "show", "--json", *deferred[start : start + AT_ONCE]))
        until.update((task.id, task.defer_until) for task in shown.tasks if task.defer_until)
    tasks = (task._replace(defer_until=until.get(task.id, task.defer_until)) for task in parsed.tasks)
    return parsed._replace(tasks=tuple(tasks)) if until else parsed


def is_dateless(version: tuple[int, ...] | None) -> bool:
    """Whether its `list` and its files leave out until when a task is put off."""
    return version is not None and DATELESS[0] <= version < DATELESS[1]


def parsed_answer(text: str) -> Parsed:
    """An answer's tasks; BdFailed for a text that is none. Even where it has no issues `bd` says so."""
    if not text.strip():
        raise BdFailed("bd list answered nothing")
    try:
        return parse_answer(text, "bd list")
    except BadAnswer as error:
        raise BdFailed(str(error)) from error
