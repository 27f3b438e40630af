"""Commands as typer takes them: groups, and functions whose parameters carry the words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from inspect import Parameter, Signature
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from poolmgr.cli.verb import Verb, Word
from poolmgr.core.errors import BadName, UsageError


def group(name: str, about: str, *, example: str) -> typer.Typer:
    """Commands under one word, which by itself explains them."""
    epilog = f"Example: {example}"
    return typer.Typer(name=name, no_args_is_help=True, rich_markup_mode=None, help=about, epilog=epilog)


def add_verb(app: typer.Typer, verb: Verb) -> None:
    """The verb as a command of the app."""

    def command(**values: Any) -> int | None:  # noqa: ANN401 - of the words' kinds
        context: typer.Context = values.pop("context")
        require_values(verb, values, f"{context.command_path} --help")
        return verb.run(context.obj, values)

    own = Parameter("context", Parameter.KEYWORD_ONLY, annotation=typer.Context)
    parameters = [own, *(parameter_of(word) for word in verb.words)]
    command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    command.__doc__ = verb.help

    class Spreading(TyperCommand):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - as typer has it
            return super().parse_args(ctx, list(spread(verb, args)))

    app.command(name=verb.name, options_metavar=verb.usage, cls=Spreading)(command)


def spread(verb: Verb, typed: Sequence[str]) -> Iterator[str]:
    """`--a x y` as `--a x --a y`, as a shell writes a glob, for flags that a command is all about."""
    many = {word.flag for word in verb.words if word.many and word.is_required and not word.is_argument}
    flag, is_due = "", False
    for text in typed:
        if flag and not is_due and not text.startswith("-"):
            yield flag
        elif not is_due:
            name = text.partition("=")[0]
            flag = name if name in many else ""
        is_due = not is_due and bool(flag) and text == flag
        yield text


def require_values(verb: Verb, values: dict[str, Any], hint: str) -> None:
    """Refuse what is there and says nothing: a shell's unset variable, a time that is no number."""
    for word in verb.words:
        value = values[word.name]
        if value == "" and not word.is_argument:
            raise BadName(f"{word.flag} is empty", hint=hint)
        if value != value:  # noqa: PLR0124 - only what is no number differs from itself
            raise UsageError(f"{word.flag} is not a number", hint=hint)


def shown_as(word: Word) -> str | None:
    """How an argument stands in the usage line."""
    return f"{word.metavar}..." if word.metavar and word.many else word.metavar


def parameter_of(word: Word) -> Parameter:
    """A word as a parameter typer understands."""
    limits: dict[str, Any] = {"min": word.low, "max": word.high} if word.kind in {int, float} else {}
    names = [word.flag, *([word.short] if word.short else [])]
    about = (
        typer.Argument(metavar=shown_as(word), help=word.help, **limits)
        if word.is_argument
        else typer.Option(*names, metavar=word.metavar, help=word.help, **limits)
    )
    kind: Any = word.kind
    default: Any
    if word.many:
        kind, default = list[word.kind], Parameter.empty if word.is_required else []  # type: ignore[name-defined]
    elif word.kind is bool:
        default = False
    elif word.is_required:
        default = Parameter.empty
    else:
        default = word.default
        kind = kind | None if default is None else kind
    return Parameter(word.name, Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, about])
