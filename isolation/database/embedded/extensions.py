"""Extensions that a slot's role may make although PostgreSQL leaves them to a superuser.

First migrations ask for them, and they give nobody a right. A copy of the control file says that they
are trusted, links beside it lead to the scripts; both are made anew at every start.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from isolation.database.embedded.binaries import Binaries
from isolation.database.embedded.place import replace_file
from isolation.database.embedded.program import run
from isolation.database.errors import NoBinaries

FIRST_MAJOR = 18  # the first that looks for extensions elsewhere than in its own place
TRUSTED = ("vector", "moddatetime", "pg_stat_statements")


def ensure_extensions(place: Path, binaries: Binaries) -> str | None:
    """Where the server looks for extensions; None when only in its own place.

    The list of places has no quoting, so no path in it has a colon.
    """
    own = place / "share"
    shutil.rmtree(own, ignore_errors=True)
    if binaries.major < FIRST_MAJOR:
        return None
    system = find_system(binaries)
    if system is None:
        return None
    own.mkdir()
    own.chmod(0o755)
    target = own / "extension"
    target.mkdir()
    target.chmod(0o755)
    for name in TRUSTED:
        control = system / f"{name}.control"
        if control.is_file():
            replace_file(target / control.name, f"{control.read_text()}\ntrusted = true\n", mode=0o644)
            for script in system.glob(f"{name}--*.sql"):
                (target / script.name).symlink_to(script)
    return f"{own}:$system"


def find_system(binaries: Binaries) -> Path | None:
    """Where the programs have their own extensions."""
    try:
        output = run((binaries.dir / "pg_config", "--sharedir"), timeout=20)
    except NoBinaries:
        return None
    return Path(output.text, "extension") if output.code == 0 else None
