"""`--repo DIR` and `--json`, which every command takes, before or after its name.

What stands after `--` is another program's and never read, wherever we are asked to run one.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

RUNNING = (["run"], ["db", "psql"])


class Invocation(NamedTuple):
    """How poolmgr was called, whatever the command."""

    directory: Path
    as_json: bool
    command: tuple[str, ...] = ()
    typed: tuple[str, ...] = ()

    def again(self, flags: tuple[str, ...]) -> str:
        """The command line as it was typed, with more flags, or with another value of one."""
        from poolmgr.core.quoting import line_of

        end = len(self.typed) - len(self.command) - 1 if self.command else len(self.typed)
        words = list(self.typed[:end])
        name = flags[0]
        if len(flags) > 1 and name in words:
            at = words.index(name)
            del words[at : at + 2]
        words = [word for word in words if not word.startswith(f"{name}=")]
        return line_of(("poolmgr", *words, *flags, *self.typed[end:]))


def parse_invocation(argv: list[str]) -> tuple[Invocation, list[str]]:
    """The two options wherever they stand, and the words without them."""
    rest: list[str] = []
    directory, as_json = Path.cwd() if cwd_exists() else Path("/"), False
    command: tuple[str, ...] = ()
    words = iter(argv)
    for word in words:
        if word == "--" and any(rest[: len(verb)] == verb for verb in RUNNING):
            command = tuple(words)
        elif word == "--":
            rest += [word, *words]
        elif word == "--json":
            as_json = True
        elif word == "--repo":
            directory = directory / next(words, ".")
        elif word.startswith("--repo="):
            directory = directory / word.removeprefix("--repo=")
        else:
            rest.append(word)
    return Invocation(directory, as_json, command, tuple(argv)), rest


def cwd_exists() -> bool:
    """Whether the directory we were started in is still there."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True
