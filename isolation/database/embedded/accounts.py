"""Who the embedded server runs as. PostgreSQL refuses root and whoever has no name.

Nobody is added to the system and no directory of others gets other rights: root becomes nobody in
a user namespace, or, where those are forbidden, an account that is there already.
"""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from isolation.database.embedded.program import OURSELVES, UNSHARED, Account, run
from isolation.database.errors import NoBinaries

OTHERS = ("postgres", "nobody")


def parse_account(name: str) -> Account:
    """The account of that name in the record."""
    return next((known for known in (OURSELVES, UNSHARED) if known.name == name), Account(name, user=name))


def find_account(root: Path, programs: Path, wanted: Account | None = None) -> Account | None:
    """Who can run the programs, and write into `root` or have a place of its own."""
    if wanted is not None:
        return wanted if can_run(wanted, programs) else None
    if os.geteuid() != 0 and has_name(os.geteuid()):
        return OURSELVES
    if can_write(UNSHARED, root) and can_run(UNSHARED, programs):
        return UNSHARED
    if os.geteuid() != 0:
        return None
    others = (Account(name, user=name) for name in OTHERS if is_known(name))
    return next((account for account in others if can_run(account, programs)), None)


def can_write(account: Account, root: Path) -> bool:
    return succeeds(("test", "-w", root), account)


def can_run(account: Account, programs: Path) -> bool:
    return succeeds((programs / "postgres", "--version"), account)


def succeeds(argv: tuple[str | Path, ...], account: Account) -> bool:
    try:
        return run(argv, account, timeout=20).code == 0
    except NoBinaries:
        return False


def has_name(uid: int) -> bool:
    """Whether the system's list of users has this number; initdb asks for the name."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def is_known(name: str) -> bool:
    """Whether the system has a user of this name, and it is not root by another name."""
    try:
        return pwd.getpwnam(name).pw_uid != 0
    except KeyError:
        return False


def uid_of(account: Account) -> int:
    """Whose the server's files are."""
    return os.geteuid() if account.user is None else pwd.getpwnam(account.user).pw_uid
