"""The commands that fill a template, in a checkout of its commit, with the variables a slot has.

The first that fails ends the build; its output is in a log that the error names.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from isolation.database.embedded.binaries import find_binaries
from isolation.database.errors import TemplateFailed
from poolmgr.core.database import Facts
from poolmgr.core.environment import list_assignments, merged
from poolmgr.core.errors import TimedOut
from poolmgr.core.foreign import list_other_databases
from poolmgr.core.quoting import quoted
from poolmgr.services.databases.checkout import mark_of
from poolmgr.services.environment.copied import LARGEST
from poolmgr.services.environment.variables import database_fields, database_variables, fill
from poolmgr.services.ground.copying import is_plain
from poolmgr.services.ground.pool import ENV_FILE, Pool
from poolmgr.services.ground.running import LIMIT, MARK, Command, run_logged
from poolmgr.services.ground.site import write_private

NAME = "poolmgr:template"
LAST = 2000  # bytes of a log that are shown
SIGN = "poolmgr: "  # before our own last line in a log
# psql goes on after an error unless told: half a schema would be sealed. `psql -X` reads no such file.
PSQLRC = b"\\set ON_ERROR_STOP 1\n"


class Build(NamedTuple):
    """A template on its way: where the commands run, and the database they fill."""

    fp: str
    place: Path
    database: Facts
    binaries: Path | None
    lock: int
    until: float | None = None

    @property
    def is_late(self) -> bool:
        """Whether whoever needs it waits no longer."""
        return patience_of(self.until) <= 0


def patience_of(until: float | None) -> float:
    """How many seconds may be waited for a template by somebody whose time ends then."""
    return LIMIT if until is None else max(0.0, min(LIMIT, until - time.monotonic()))


def too_late(fp: str, what: str, until: float | None) -> TimedOut:
    """A template was not there by the time that its asker set, or that everybody waits at most."""
    return TimedOut(
        f"the database template {fp} {what}",
        hint="poolmgr db template list" if until is None else "waits as long as it takes",
        again=() if until is None else ("--wait",),
        facts={"template": fp},
    )


def log_file(pool: Pool, fp: str) -> Path:
    """Where the output of a template's commands is kept."""
    return pool.site.state / "logs" / f"template-{fp}.log"


def run_commands(pool: Pool, build: Build) -> None:
    """Every command in its turn."""
    template = pool.settings.database.template
    variables = place_variables(pool, build)
    log = log_file(pool, build.fp)
    with log.open("wb") as stream:
        for command in (*template.run, *template.seed):
            pool.tell(f"building the database template {build.fp}: {command}")
            stream.write(f"$ {command}\n".encode(errors="surrogateescape"))
            stream.flush()
            started = Command(command, build.place, variables, stream.fileno(), (build.lock,))
            code = run_logged(started, is_wanted=lambda: not build.is_late)
            if code is None and build.is_late:
                what = f"was not built in time: {' '.join(command.split())} takes longer"
                raise too_late(build.fp, what, build.until)
            if code != 0:
                words = words_of(command, code)
                tell_end(pool, log)
                stream.write(f"\n{SIGN}{words}\n".encode(errors="surrogateescape"))
                raise failed(words, log)


def tell_end(pool: Pool, log: Path) -> None:
    """The last of what a failed command said, for whoever waits."""
    with log.open("rb") as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - LAST))
        for line in stream.read().decode(errors="replace").splitlines()[-5:]:
            pool.tell(f"  {line}")


def words_of(command: str, code: int | None) -> str:
    """What became of a command."""
    how = f"ended with exit code {code}" if code is not None else f"did not end within {LIMIT:.0f} s"
    return f"a command of the database template {how}: {' '.join(command.split())}"


def failed(words: str, log: Path) -> TemplateFailed:
    """The error, and where the output is."""
    return TemplateFailed(f"{words}; its output is in {log}", hint=f"cat {quoted(str(log))}")


def refuse_failed(pool: Pool, fp: str, since: float) -> None:
    """Fail as a build failed that somebody else began or ended since then."""
    log = log_file(pool, fp)
    if log.exists() and log.stat().st_mtime >= since and (words := find_failure(log)):
        raise failed(words, log)


def find_failure(log: Path) -> str:
    """What a build says it failed of; "" where it did not, or was killed, or never was."""
    with suppress(FileNotFoundError):
        last = log.read_bytes().splitlines()[-1:]
        words = "".join(line.decode(errors="surrogateescape") for line in last)
        return words.removeprefix(SIGN) if words.startswith(SIGN) else ""
    return ""


def place_variables(pool: Pool, build: Build) -> dict[str, str]:
    """What the commands see, as a slot's holder does: variables, and files of the user's choice."""
    own = database_variables(build.database, NAME)
    given = fill(pool.settings.env, database_fields(build.database))
    for name, values in {**given.files, ENV_FILE: given.variables | own}.items():
        write_file(build.place, name, values)
    warn_of_others(pool, build)
    psqlrc = log_file(pool, build.fp).with_name("template.psqlrc")
    if not psqlrc.exists() or psqlrc.read_bytes() != PSQLRC:
        write_private(psqlrc, PSQLRC)
    return {
        "LC_ALL": "C.UTF-8",  # migrations are read as they were written
        "PATH": path_with(build.binaries),
        "PSQLRC": str(psqlrc),
        MARK: mark_of(pool, build.fp),
        **given.variables,
        **own,
    }


def warn_of_others(pool: Pool, build: Build) -> None:
    """A tool that lets a copied file win over its environment would migrate the database named there."""
    for name in pool.settings.warm.copy:
        file = build.place / name
        if file.is_file() and file.stat().st_size <= LARGEST:
            variables = dict(list_assignments(os.fsdecode(file.read_bytes())))
            others = ", ".join(list_other_databases(variables, build.database))
            if others:
                pool.tell(f"{name}, a copy from the checkout, names another database: {others}")


def write_file(place: Path, name: str, values: Mapping[str, str]) -> None:
    """A file of variables, over what was copied under its name."""
    file = place / name
    if is_plain(place, file) and (file.is_file() or not file.exists()):
        text = os.fsdecode(file.read_bytes()) if file.exists() else ""
        file.parent.mkdir(parents=True, exist_ok=True)
        write_private(file, os.fsencode(merged(text, values)))


def path_with(binaries: Path | None) -> str:
    """The server's own programs first; where they are not here, at least a psql, last."""
    path = os.environ.get("PATH", os.defpath)
    if binaries:
        return f"{binaries}{os.pathsep}{path}"
    found = None if shutil.which("psql", path=path) else find_binaries()
    return f"{path}{os.pathsep}{found.dir}" if found else path
