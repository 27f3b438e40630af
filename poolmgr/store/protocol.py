"""What an engine has to offer so that the tables work on it.

A session lives inside one transaction. `one` and `all` answer rows as mappings. A broken
constraint raises ConstraintBroken with the constraint's words, so that a lost race is a typed
error on every engine. Nothing slow, and no git, happens inside a transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

Row = Mapping[str, object]


class ConstraintBroken(Exception):
    """A rule of the schema refused a row: somebody else was first."""


class Session(Protocol):
    """One transaction."""

    def one(self, query: str, **values: object) -> Row | None:
        """The first row of a named query."""
        ...

    def all(self, query: str, **values: object) -> list[Row]:
        """All rows of a named query."""
        ...


class Engine(Protocol):
    """A place where the state lives."""

    def read(self) -> AbstractContextManager[Session]:
        """A transaction that sees one moment and writes nothing."""
        ...

    def write(self) -> AbstractContextManager[Session]:
        """A transaction that alone may write; it ends with the block, or undoes all on an error."""
        ...

    def close(self) -> None:
        """Let go of the files or the connection."""
        ...
