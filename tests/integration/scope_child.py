"""A process that fills or unfills a slot, and ends as kill -9 ends before its step number N."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from isolation.git.program import Git
from isolation.guards.install import worktree_config
from isolation.scope.change import change_view
from isolation.scope.ground import require_ground
from isolation.scope.refill import Wanted, refill, undo_refill
from tests.faults.killer import Points
from tests.integration.scoped import CONE, OTHER


def main() -> None:
    """`fill`, `undo` or `change`, the step (0: none), slot, aside; prints how many steps there were."""
    what, at, slot, aside = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
    git = Git(slot)
    wanted = Wanted(
        git.run("rev-parse", "later").text, CONE, worktree_config(require_ground(slot).admin, CONE.mode)
    )
    from isolation.scope import torn  # noqa: F401 - compiled now, not at a step

    sys.dont_write_bytecode = True
    points = Points(at, lambda _: os.kill(os.getpid(), signal.SIGKILL))
    sys.addaudithook(points.audit)
    if what == "fill":
        refill(git, slot, aside, wanted)
    elif what == "change":
        change_view(git, slot, OTHER)
    else:
        undo_refill(git, slot, aside)
    sys.stdout.write(f"{len(points.seen)}\n")


if __name__ == "__main__":
    main()
