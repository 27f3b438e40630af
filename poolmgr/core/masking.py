"""What may be shown of a database's address: all but its password. Pure."""

from __future__ import annotations

import re

# Where a password begins in a DSN; it ends at the last @, else nobody knows where: without one, what
# stands for a port and is none may be it. A URL's parameter may spell its name with %.
SECRETS = (
    (r"(?s)(//[^:]*:|^[^:/=]*:(?!//)).*@", r"\1***@"),
    (r"(?s)(//[^:/@]*:)(?![0-9]{1,5}([/?]|$))[^@]*$", r"\1***"),
    (r"(?si)(password\s*=\s*|[?&][^=&]*%[^=&]*=).*", r"\1***"),
)
LONGEST = 500  # characters of it; what searches longer ones takes its time


def without_password(dsn: str) -> str:
    """A DSN, readable or not, without what may be a password; rather too little than too much."""
    if len(dsn) > LONGEST:
        dsn = f"{dsn[:LONGEST]}…"
    for pattern, rest in SECRETS:
        dsn = re.sub(pattern, rest, dsn)
    return dsn
