"""Keeps everything unsaved in a worktree and brings it back, byte for byte."""

from isolation.rescue.keeping import keep
from isolation.rescue.listing import drop, find_rescue, list_rescues
from isolation.rescue.rescue import Rescue, RescuePlace
from isolation.rescue.restoring import restore, restore_into
from isolation.rescue.showing import Held, Manner, list_held

__all__ = [
    "Held",
    "Manner",
    "Rescue",
    "RescuePlace",
    "drop",
    "find_rescue",
    "keep",
    "list_held",
    "list_rescues",
    "restore",
    "restore_into",
]
