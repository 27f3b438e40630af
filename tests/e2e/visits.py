"""What tests ask of `doctor`."""

from __future__ import annotations

import os
from pathlib import Path

from resources.probes.processes import read_identity
from tests.e2e.pooled import Json, Pooled

HOUR_AGO = 3600


def findings(pool: Pooled, *args: str, code: int | None = None) -> dict[str, Json]:
    """Kind to finding."""
    result = pool.run("doctor", "--json", *args, check=False)
    assert result.code in ({0, 1} if code is None else {code}), result.stdout + result.stderr
    answer = result.json()["findings"]
    assert all(set(each) == {"kind", "subject", "detail", "fixed", "hint"} for each in answer)
    return {each["kind"]: each for each in answer if each["kind"] != "old_sqlite"}


def mend(pool: Pooled, kind: str) -> Json:
    """Found and not touched without --fix; mended with it; gone afterwards."""
    pool.cli.settle()
    found = findings(pool, code=1)
    assert kind in found, found
    assert not found[kind]["fixed"]
    mended = findings(pool, "--fix", code=0)
    assert mended[kind]["fixed"], mended
    pool.cli.settle()
    assert kind not in findings(pool, code=0)
    return mended[kind]


def admin_of(pool: Pooled, path: str) -> Path:
    """The admin directory of a slot."""
    return Path(pool.git(path, "rev-parse", "--absolute-git-dir"))


def make_old(file: Path) -> None:
    """A file that has lain for an hour."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    then = file.stat().st_mtime - HOUR_AGO
    os.utime(file, (then, then))


def identity_of(pid: int) -> str:
    """A living process as the state names it."""
    identity = read_identity(pid)
    assert identity is not None
    return identity
