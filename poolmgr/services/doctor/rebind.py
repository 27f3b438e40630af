"""A pool whose repository was moved or copied: the moved one keeps it, the copy gets its own.

Only a person decides this (`doctor --rebind`); what is found decides which of the two it is.
`pool.json` is written last, so that a killed rebind is simply done again.
"""

from __future__ import annotations

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import assert_never

from poolmgr.core.errors import PoolElsewhere
from poolmgr.services.doctor.part import part_from
from poolmgr.services.doctor.registered import list_registered
from poolmgr.services.doctor.relocate import relocate
from poolmgr.services.ground.site import STATE, Facts, Site
from resources.probes.processes import host_id


class Rebinding(StrEnum):
    """What happened to the repository."""

    MOVED = "moved"
    COPIED = "copied"
    MOUNTED = "mounted"


def rebind_pool(site: Site, facts: Facts) -> str:
    """What was done, in words."""
    match read_rebinding(site, facts):
        case Rebinding.MOVED:
            return relocate(site, facts)
        case Rebinding.COPIED:
            return part_from(site, facts)
        case Rebinding.MOUNTED:
            raise PoolElsewhere(
                f"this is {facts.common} itself under another name; two names would be two pools",
                hint=f"cd {facts.checkout}",
            )
        case other:
            assert_never(other)


def read_rebinding(site: Site, facts: Facts) -> Rebinding:
    """Whether the original is still where it was; what cannot be read is refused."""
    if facts.common == os.fspath(site.common):
        return Rebinding.MOVED  # the machine got another identity, the repository stayed
    original = Path(facts.common) / STATE / site.facts_file.name
    try:
        found = json.loads(original.read_bytes())
        is_same = os.path.samefile(original, site.facts_file)
    except (FileNotFoundError, NotADirectoryError):
        is_left = any(each.pool_id == facts.pool_id for each in list_registered(Path(facts.common)))
        return Rebinding.COPIED if is_left or facts.host != host_id() else Rebinding.MOVED
    except (OSError, ValueError) as error:
        raise PoolElsewhere(
            f"nobody can tell whether {facts.common} still has this pool: {error}",
            hint=f"mend {original}, or remove what is left of it",
        ) from error
    if is_same:
        return Rebinding.MOUNTED
    is_original = isinstance(found, dict) and found.get("pool_id") == facts.pool_id
    return Rebinding.COPIED if is_original else Rebinding.MOVED
