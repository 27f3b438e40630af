"""Which words of a server that ended at its start prove that its data are damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from isolation.database.embedded.damage import start_failure
from isolation.database.errors import DatabaseError, DataDamaged, DiskFull, EndedAtStart

DAMAGED = (
    'PANIC:  could not read file "global/pg_control": read 0 of 296',
    "PANIC:  could not locate a valid checkpoint record at 0/1528C88",
    'FATAL:  could not open file "base/5/1259": No such file or directory',
    (
        "FATAL:  could not access status of transaction 700\n"
        '2026-01-01 [2] DETAIL:  Could not open file "pg_xact/0000": No such file or directory.'
    ),
    "FATAL:  incorrect checksum in control file",
    'FATAL:  "/a b/data" is not a valid data directory',
    "PANIC:  WAL contains references to invalid pages",
    (
        'postgres: could not find the database system\nExpected to find it in the directory "/data",\n'
        'but could not open file "/data/global/pg_control": No such file or directory'
    ),
)
SOUND = (
    'FATAL:  data directory "/data" has invalid permissions',
    'FATAL:  data directory "/data" has wrong ownership',
    'FATAL:  could not open file "global/pg_control": Permission denied',
    'PANIC:  could not open file "pg_wal/000000010000000000000001": Permission denied',
    'PANIC:  could not write to file "pg_wal/xlogtemp.9": Disk quota exceeded',
    (
        "FATAL:  could not access status of transaction 700\n"
        '2026-01-01 [2] DETAIL:  Could not open file "pg_xact/0000": Permission denied.'
    ),
    'FATAL:  could not open file "base/5/1259": Too many open files',
    "FATAL:  could not map anonymous shared memory: Cannot allocate memory",
    "FATAL:  could not create semaphores: Invalid argument",
    'FATAL:  configuration file "/data/postgresql.conf" contains errors',
    "LOG:  invalid magic number 0000 in WAL segment 1\nLOG:  redo done\nFATAL:  could not create locks",
    "postgres: error while loading shared libraries: libpq.so.5",
    "LOG:  startup process (PID 9) was terminated by signal 11: Segmentation fault",
    "",
)


def failure_of(words: str) -> DatabaseError:
    """What becomes of the words."""
    return start_failure(f"2026-01-01 [1] {words}\n", Path("/data"), Path("/log"))


@pytest.mark.parametrize("words", DAMAGED)
def test_words_about_the_data_themselves_prove_damage(words: str) -> None:
    assert isinstance(failure_of(words), DataDamaged)


@pytest.mark.parametrize("words", SOUND)
def test_words_about_anything_else_prove_nothing(words: str) -> None:
    assert type(failure_of(words)) is EndedAtStart


def test_a_full_disk_is_no_damage() -> None:
    words = (
        "PANIC:  could not write: No space left on device\nPANIC:  WAL contains references to invalid pages"
    )
    assert isinstance(failure_of(words), DiskFull)
