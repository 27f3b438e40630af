"""The zoo: every kind of unsaved work, each as a function that makes it in a linked worktree.

`STATES` is the list, `make_repository` the repository they need, `snapshot_of` what must come
back.
"""

from tests.zoo import commits, hidden, loose, nested, operations, tracked
from tests.zoo.repository import FILES, git, make_repository
from tests.zoo.snapshot import Snapshot, is_disposable, snapshot_of
from tests.zoo.state import STATES, Cage, State, make_cage

MODULES = (tracked, hidden, loose, commits, operations, nested)

__all__ = [
    "FILES",
    "MODULES",
    "STATES",
    "Cage",
    "Snapshot",
    "State",
    "git",
    "is_disposable",
    "make_cage",
    "make_repository",
    "snapshot_of",
]
