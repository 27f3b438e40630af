"""What `config check` finds beyond a value's form: a database address that nobody can follow.

Other commands find it when they go there; a repository whose address is in the environment of some
shells only goes on in the others.
"""

from __future__ import annotations

from collections.abc import Iterator

from poolmgr.core.settings import Problem, SettingsError
from poolmgr.core.settings_layers import Loaded

DSN = "database.dsn"


def check_database(loaded: Loaded) -> tuple[str, ...]:
    """The keys that nobody here can check; SettingsError with what is wrong."""
    from isolation.database.errors import DriverMissing

    problems = [*list_missing(loaded)]
    try:
        problems += list_wrong(loaded)
    except DriverMissing:
        unchecked: tuple[str, ...] = (DSN,)
    else:
        unchecked = ()
    if problems:
        raise SettingsError(tuple(problems))
    return unchecked


def list_missing(loaded: Loaded) -> Iterator[Problem]:
    """A server of the user's that nothing says how to reach."""
    from isolation.database.address import FORM

    if loaded.settings.database.mode != "server" or loaded.settings.database.dsn:
        return
    place = loaded.origin("database.mode").place
    skipped = next((each.place for each in loaded.skipped if each.key == DSN), "")
    way = f"set it, or: export POOLMGR_DATABASE_DSN={FORM}"
    if skipped:
        way = f"what {skipped} says is skipped until you trust it: poolmgr trust"
    yield Problem(place=place, key="database.mode", message=f"is server, and {DSN} names none; {way}")


def list_wrong(loaded: Loaded) -> Iterator[Problem]:
    """Addresses that nobody can follow, those that are not trusted yet too."""
    from isolation.database.address import parse_dsn
    from isolation.database.errors import AddressWrong

    given = {each.place: each.value for each in loaded.skipped if each.key == DSN}
    given[loaded.origin(DSN).place] = loaded.settings.database.dsn
    for place, text in given.items():
        try:
            if isinstance(text, str):
                parse_dsn(text)
        except AddressWrong as error:
            yield Problem(place=place, key=DSN, message=error.reason)
