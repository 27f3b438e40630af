"""The states of a slot and the only table of how it may move between them.

The store derives its guards from TRANSITIONS and refuses any other move; the schema's CHECK and
the README's table are compared with it by a test. There is no way to force a state.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a slot is in its life."""

    CREATING = "CREATING"  # its worktree is being made
    READY = "READY"  # clean, at its base, free to lend
    ASSIGNING = "ASSIGNING"  # claimed; the branch is being set
    LEASED = "LEASED"  # lent to a holder
    SUSPECT = "SUSPECT"  # lent, but nothing has been seen of the holder for long
    RELEASING = "RELEASING"  # given back; its work is being proven clean or kept
    RECYCLING = "RECYCLING"  # proven; being cleaned for the next holder
    PARKED = "PARKED"  # work that could not be proven kept; the directory is kept instead
    BROKEN = "BROKEN"  # three attempts failed; nothing was deleted
    RETIRING = "RETIRING"  # leaving the pool
    RETIRED = "RETIRED"  # gone


TRANSITIONS: dict[State, frozenset[State]] = {
    State.CREATING: frozenset({State.READY, State.BROKEN}),
    State.READY: frozenset({State.ASSIGNING, State.RECYCLING, State.RETIRING}),
    State.ASSIGNING: frozenset({State.LEASED, State.RECYCLING, State.BROKEN}),
    State.LEASED: frozenset({State.SUSPECT, State.RELEASING}),
    State.SUSPECT: frozenset({State.LEASED, State.RELEASING}),
    State.RELEASING: frozenset({State.RECYCLING, State.PARKED, State.BROKEN}),
    State.RECYCLING: frozenset({State.READY, State.BROKEN}),
    State.PARKED: frozenset({State.RELEASING, State.RETIRING}),
    State.BROKEN: frozenset({State.RELEASING, State.RETIRING}),
    State.RETIRING: frozenset({State.RETIRED, State.BROKEN}),
    State.RETIRED: frozenset(),
}

# A slot enters the store in one of these: made, or found again by a rebuild from git.
ENTRANCES = frozenset({State.CREATING, State.LEASED, State.RELEASING})

# Only in these is the file system touched, always between an intent and a done record.
OP_STATES = frozenset({State.CREATING, State.ASSIGNING, State.RELEASING, State.RECYCLING, State.RETIRING})

# Lent out: exactly one live lease.
HELD = frozenset({State.ASSIGNING, State.LEASED, State.SUSPECT})

# In a holder's hands; what a release or a reclaim ends.
LENT = frozenset({State.LEASED, State.SUSPECT})

# Kept aside: they do not count against the maximum.
ASIDE = frozenset({State.PARKED, State.BROKEN, State.RETIRING, State.RETIRED})

MAX_ATTEMPTS = 3


def sources(target: State) -> frozenset[State]:
    """Every state from which `target` may be reached."""
    return frozenset(state for state, targets in TRANSITIONS.items() if target in targets)


def is_allowed(source: State | None, target: State) -> bool:
    """Whether a slot may move so; None is the outside."""
    return target in (ENTRANCES if source is None else TRANSITIONS[source])
