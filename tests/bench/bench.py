"""What every row is given: programs, sizes, and checkouts and pools made at first use.

Sources and the peer stay in the work directory; everything made for one run lies in `scratch`,
which the runner removes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.peer import ensure_warmtree
from tests.bench.pool import Pool, make_pool
from tests.bench.processes import BenchFailed, Shell
from tests.bench.repositories import ensure_clone, ensure_source

SLOTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One run of the benchmark."""

    work: Path
    scratch: Path
    shell: Shell
    poolmgr: Path
    python: Path
    quick: bool
    rounds: int
    seed: int
    with_peer: bool
    pools: dict[tuple[int, int], Pool] = field(default_factory=dict)

    def checkout(self, name: str, *, files: int) -> Path:
        """A clone of the generated repository for one contender."""
        source = ensure_source(self.shell, self.work, files=files, seed=self.seed)
        return ensure_clone(self.shell, source, self.scratch / f"{name}-{files}" / "repo")

    def pool(self, *, files: int, size: int = SLOTS) -> Pool:
        """A pool of poolmgr, shared by the rows that want the same one."""
        if (files, size) not in self.pools:
            checkout = self.checkout(f"poolmgr-{size}", files=files)
            self.pools[files, size] = make_pool(self.shell, self.poolmgr, checkout, size=size)
        return self.pools[files, size]

    def warmtree_program(self) -> Path:
        """The peer's console script, or BenchFailed with the reason."""
        if not self.with_peer:
            raise BenchFailed("left out by --no-peer")
        return ensure_warmtree(self.shell, self.work)
