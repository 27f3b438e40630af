"""The names of a pool's databases and roles, all within PostgreSQL's 63 bytes.

What a framework makes of a slot's name (`test_…_gw15`) fits, too. A server cuts longer names without
an error, and two that begin alike would be one.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

LIMIT = 63
# 63, less `test_` and `_gw15`, `_wt-1000`, the twist `-abcd` of a taken name and the pool's `-01234567`.
LONGEST_SLUG = 31
OWNER = "_owner"
PUT_ASIDE = "gone"


def slug(text: str) -> str:
    """A checkout's name in plain letters: lower case ASCII, digits and single underscores."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    digest = hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:6]
    if not words:
        return f"pool_{digest}"
    if words.startswith("pg_"):
        # PostgreSQL keeps role names that begin so for itself.
        words = f"db_{words}"
    return words if len(words) <= LONGEST_SLUG else f"{words[: LONGEST_SLUG - 7].rstrip('_')}_{digest}"


def prefix_for(checkout_name: str, pool_id: str, digits: int = 0) -> str:
    """What a pool's names begin with; `digits` of the pool's id tell it from others of that name."""
    mark = hashlib.sha256(pool_id.encode()).hexdigest()[:digits]
    return slug(checkout_name) + (f"-{mark}" if mark else "")


def owner_name(prefix: str) -> str:
    """The role that claims the prefix for a pool and owns its templates."""
    return fitting(prefix + OWNER)


def slot_name(prefix: str, number: int, twist: str = "") -> str:
    """The database of a slot, and its role; the twist is for a name that somebody else has."""
    return fitting(f"{prefix}_wt-{number}" + (f"-{twist}" if twist else ""))


def passing_name(prefix: str, kind: str, twist: str) -> str:
    """A name nobody waits for: of what is being made, waits as a spare, or is put aside."""
    return fitting(f"{prefix}_{kind}-{twist}")


def is_put_aside(name: str) -> bool:
    """Whether a database got that name to be dropped."""
    return re.search(rf"_{PUT_ASIDE}-[0-9a-f]+\Z", name) is not None


def template_name(prefix: str, fingerprint: str, twist: str = "") -> str:
    """The sealed database that slots are copied from."""
    return fitting(f"{prefix}_tpl-{fingerprint[:12]}" + (f"-{twist}" if twist else ""))


def fitting(name: str) -> str:
    """The name, which fits by the way it is made; a cut one would be another's."""
    if len(name.encode()) > LIMIT:
        raise ValueError(f"a name of {len(name.encode())} bytes: {name}")
    return name
