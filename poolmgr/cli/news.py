"""What a holder has not been told yet, at its next command from inside its slot."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from poolmgr.cli.output import safe, say

if TYPE_CHECKING:
    from poolmgr.services.ground.pool import Pool


def tell_news(pool: Pool) -> None:
    """Said once, on stderr; a holder who could not be told is told again."""
    if pool.around is None or not pool.around.news:
        return
    from poolmgr.core.errors import PoolError
    from poolmgr.core.owning import current_news
    from poolmgr.store.tables.leases import drop_news

    for each in current_news(pool.around.news, pool.snapshot().leases):
        say(f"note: {safe(each.words)}")
    with suppress(PoolError, OSError), pool.engine.write() as session:
        drop_news(session, pool.around.id)
