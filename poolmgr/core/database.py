"""The database that goes with a lease, as its holder reaches it."""

from __future__ import annotations

from typing import NamedTuple


class Facts(NamedTuple):
    """Where a slot's database is and who may use it; the password shows in no repr."""

    server: str  # embedded, server
    host: str
    port: int
    name: str
    role: str
    password: str
    options: tuple[tuple[str, str], ...] = ()  # how the server wants to be reached: sslmode and the like

    def __repr__(self) -> str:
        return f"Facts({self.name} on {self.host}:{self.port} as {self.role})"
