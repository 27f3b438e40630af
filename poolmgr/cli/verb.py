"""Commands as values: one definition that both the typer command and the quick parser come from.

typer alone takes as long to load as lending a slot takes. So what agents type at every turn is
parsed here when it is plainly right; anything else, help and mistakes included, goes to typer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from poolmgr.cli.invocation import Invocation

Values = Mapping[str, Any]


class Word(NamedTuple):
    """An option, or with `is_argument` the one thing a command may be given."""

    name: str
    help: str
    kind: type[str | int | float | bool] = str
    default: object = None
    metavar: str | None = None
    low: float | None = None
    high: float | None = None
    short: str | None = None
    is_argument: bool = False
    is_required: bool = False
    many: bool = False  # may be typed several times; its value is a tuple

    @property
    def flag(self) -> str:
        """As it is typed."""
        return "--" + self.name.replace("_", "-")


class Verb(NamedTuple):
    """A command: its words, its help, and what it does."""

    name: str
    help: str
    words: tuple[Word, ...]
    run: Callable[[Invocation, Values], int | None]  # the exit code; None: done
    usage: str = "[OPTIONS]"  # how its usage line shows what it takes


def try_parse(verb: Verb, typed: list[str]) -> dict[str, Any] | None:
    """The values of a command line that is plainly right; None for everything else."""
    values: dict[str, Any] = {word.name: absent(word) for word in verb.words}
    several = {word.name for word in verb.words if word.many}
    flags = {word.flag: word for word in verb.words if not word.is_argument}
    arguments = [word for word in verb.words if word.is_argument]
    rest = iter(typed)
    for text in rest:
        found = try_word(text, flags, arguments, rest)
        if found is None:
            return None
        name, value = found
        values[name] = (*values[name], value) if name in several else value
    missing = any(word.is_required and values[word.name] is None for word in verb.words)
    return None if missing else values


def absent(word: Word) -> Any:  # noqa: ANN401 - of the word's kind
    """The value of a word that was not typed."""
    return () if word.many else False if word.kind is bool else word.default


def try_word(
    text: str, flags: Mapping[str, Word], arguments: list[Word], rest: Iterator[str]
) -> tuple[str, Any] | None:
    """One word and its value."""
    if not text.startswith("-"):
        word = arguments.pop(0) if arguments and text else None
        return None if word is None else (word.name, text)
    flag, is_joined, joined = text.partition("=")
    word = flags.get(flag)
    if word is None or (word.kind is bool and is_joined):
        return None
    if word.kind is bool:
        return word.name, True
    value = try_value(word, joined if is_joined else next(rest, "-"))
    return None if value is None else (word.name, value)


def try_value(word: Word, text: str) -> Any:  # noqa: ANN401 - of the word's kind
    """The value of a text; None where typer would have something to say."""
    if text.startswith("-") or not text:
        return None
    if word.kind is str:
        return text
    try:
        value: float = word.kind(text)  # type: ignore[assignment] # str went before
    except ValueError:
        return None
    too_low = word.low is not None and not value >= word.low  # what is no number is neither
    too_high = word.high is not None and value > word.high
    return None if too_low or too_high else value
