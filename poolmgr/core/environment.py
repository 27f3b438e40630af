"""The variables a slot gives its holder: templates over its facts, and the lines they make. Pure.

A line means the same to sh, direnv and every dotenv library, or it is not written: plain where it
can be, else in single quotes; a quote, a backslash, a dollar and a line break cannot be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

Environment = Mapping[str, str | Mapping[str, str]]
"""Variables by name, and files by path with the variables of each; the values are templates."""

NAME = r"[A-Za-z_][A-Za-z0-9_]*"
PIECE = r"\{\{|\}\}|\{([^{}]*)\}|[{}]"
PORT = r"port(0|[1-9][0-9]{0,3})?"
OF_SLOT = ("slot", "name", "lease")
OF_DATABASE = ("database", "user", "password", "host", "dbport", "url")
PLAIN = r"[A-Za-z0-9_./:@%+,-][A-Za-z0-9_./:@%+,=?-]*|"
UNWRITABLE = r"['\\$\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
# One assignment of a dotenv file, a value of several lines in quotes included. It and the others
# are texts, compiled where they are first used: a lease without templates needs two of them.
ASSIGNMENT = (
    r"""(?ms)^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_.]*)[ \t]*=[ \t]*"""
    r"""(?P<value>'(?:\\'|[^'])*'|"(?:\\.|[^"\\])*"|[^\r\n]*)[^\n]*(?:\n|\Z)"""
)


def require_writable(value: str) -> str:
    """The value, if a line can hold it."""
    found = re.search(UNWRITABLE, value)
    if found:
        raise ValueError(f"{found[0]!r} cannot be written so that sh and dotenv read the same")
    return value


def list_fields(template: str) -> tuple[str, ...]:
    """The fields of a template in their order; ValueError for one that does not exist."""
    fields = []
    for piece in re.finditer(PIECE, template):
        name = piece[1]
        if name is None and piece[0] in "{}":
            raise ValueError(f"a single {piece[0]} means nothing; write {piece[0] * 2} for itself")
        if name is not None and name not in OF_SLOT + OF_DATABASE and not re.fullmatch(PORT, name):
            known = ", ".join(f"{{{each}}}" for each in (*OF_SLOT, "port", "port0", *OF_DATABASE))
            raise ValueError(f"{{{name}}} is none of {known}")
        if name is not None:
            fields.append(name)
    return tuple(fields)


def filled(template: str, fields: Mapping[str, str]) -> str:
    """The template with its fields in place; KeyError names one that there is not."""
    return re.sub(PIECE, lambda piece: piece[0][0] if piece[1] is None else fields[piece[1]], template)


def port_of(field: str) -> int | None:
    """The number of a port field, counted from 0; None for another field."""
    found = re.fullmatch(PORT, field)
    return int(found[1] or 0) if found else None


def list_templates(setting: Environment) -> Iterator[tuple[str, str]]:
    """Every template with its name, those in files too."""
    for key, value in setting.items():
        if isinstance(value, str):
            yield key, value
        else:
            yield from ((f"{key}: {name}", template) for name, template in value.items())


def list_ports(setting: Environment) -> dict[int, str]:
    """The ports that templates name, each with the variable that does."""
    return {
        port: name
        for name, template in list_templates(setting)
        for port in map(port_of, list_fields(template))
        if port is not None
    }


def line_of(name: str, value: str) -> str:
    """One line, with its end."""
    require_writable(value)
    return f"{name}={value}\n" if re.fullmatch(PLAIN, value) else f"{name}='{value}'\n"


def parse_lines(text: str) -> dict[str, str]:
    """The variables of lines as they are written here; `export` before one is its writer's habit."""
    lines = (line.removeprefix("export ") for line in text.splitlines() if not line.startswith("#"))
    pairs = (line.partition("=") for line in lines)
    return {name: unquoted(value) for name, is_set, value in pairs if is_set and re.fullmatch(NAME, name)}


def list_assignments(text: str) -> Iterator[tuple[str, str]]:
    """Name and value of what a dotenv file of anybody's sets."""
    for found in re.finditer(ASSIGNMENT, text):
        value = found["value"]
        yield found["name"], unquoted(value) if value[:1] in "'\"" else value.split(" #")[0].strip()


def unquoted(value: str) -> str:
    """Without the quotes around it."""
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value


def merged(text: str, variables: Mapping[str, str]) -> str:
    """A dotenv file in which these variables stand once; the rest of it as it was.

    Ours come first: a quote that somebody left open swallows what comes after it.
    """
    rest = re.sub(ASSIGNMENT, lambda found: "" if found["name"] in variables else found[0], text)
    return written(variables.items()) + rest


def merged_own(text: str, variables: Mapping[str, str]) -> str:
    """The same for a file of ours, in which each of these has a line: it is one, whatever quote it opens."""
    names = "|".join(map(re.escape, variables))
    line = rf"^[ \t]*(?:export[ \t]+)?(?:{names})[ \t]*=[^\n]*(?:\n|\Z)"
    either = ASSIGNMENT.replace("(?ms)", f"(?ms){line}|", 1)
    rest = re.sub(either, lambda found: found[0] if found["name"] else "", text)
    return written(variables.items()) + rest


def is_written(text: str) -> bool:
    """Whether a file is lines of ours and nothing else."""
    with suppress(ValueError):
        return written(parse_lines(text).items()) == text
    return False


def written(variables: Iterable[tuple[str, str]]) -> str:
    """A file of these variables alone."""
    return "".join(line_of(name, value) for name, value in variables)
