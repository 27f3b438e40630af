"""What can go wrong while looking at the machine, a class per cause."""

from __future__ import annotations


class ResourcesError(Exception):
    """The machine could not be asked."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class NoProcessTable(ResourcesError):
    """The processes of this machine cannot be listed."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the processes of this machine cannot be listed: {reason}",
            hint="mount /proc, or run poolmgr outside this sandbox",
        )
