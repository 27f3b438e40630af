"""A pool whose repository was moved or copied gets its place again, or the copy one of its own."""

from __future__ import annotations

from poolmgr.core.errors import PoolError
from poolmgr.services.site import Facts, Site


def rebind_pool(site: Site, facts: Facts) -> str:
    """What was done, in words."""
    raise PoolError(
        f"the pool of {facts.common} cannot be bound to {site.common} yet",
        hint=f"move the repository back to where it was, {facts.common}",
    )
