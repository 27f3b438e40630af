"""What can go wrong around git and a working tree, a class per cause.

The docstring of a class is its meaning, the fields are the facts, `hint` is the next command.
"""

from __future__ import annotations

from signal import SIGKILL
from typing import ClassVar


class IsolationError(Exception):
    """Something about git or a working tree stopped the work."""

    kind: ClassVar[str] = "git"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def command_of(args: tuple[str, ...]) -> str:
    """Git's own command behind its `-c name=value`."""
    while args[:1] == ("-c",):
        args = args[2:]
    return args[0] if args else ""


class GitFailed(IsolationError):
    """Git ended with an exit code that means failure."""

    def __init__(self, args: tuple[str, ...], code: int, stderr: bytes) -> None:
        words = stderr.decode(errors="replace").strip()
        how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        last = words.splitlines()[-1] if words else how
        hint = "look whether memory ran out (dmesg), then the same command again" if code == -SIGKILL else ""
        super().__init__(f"git {command_of(args)} failed: {last}", hint=hint)
        self.argv = args
        self.code = code
        self.stderr = words

    @property
    def is_killed(self) -> bool:
        """Whether somebody else ended it, as the kernel does where memory runs out."""
        return self.code == -SIGKILL


class GitTimedOut(IsolationError):
    """Git did not end in time and was stopped."""

    def __init__(self, args: tuple[str, ...], seconds: float) -> None:
        super().__init__(f"git {command_of(args)} did not end within {seconds:.0f} s")
        self.argv = args


class GitMissing(IsolationError):
    """The git program cannot be started."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"git cannot be started: {reason}", hint="install git 2.38 or newer")


class ObjectsForged(IsolationError):
    """Commits or trees are not what their names say, so nothing they show can be believed."""


class NotKept(IsolationError):
    """Work could not be proven kept, so nothing may be removed."""


class NotFilled(NotKept):
    """Git cannot write a view's files, wherever that is; what was there before is back."""


class WorktreeChanged(NotKept):
    """Something changed while it was being kept or removed; trying again may succeed."""


class RescueExists(IsolationError):
    """A rescue of this slot and fence holds other work; the next one needs a new fence."""


class RescueDamaged(IsolationError):
    """A rescue's archive or manifest is missing or is not what its ref says."""
