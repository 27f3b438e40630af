"""Which tests belong to an owned source path, and the other way round. Pure.

A pair maps directory to directory: `src/**` to `tests/**`. A `*` for a whole component stands for
the same name on both sides, in order. An owned glob is read component by component: at or below
one side, what comes after it is the same below the other; above one side, it has all of the
other. A file's name becomes `*name*`, without the marks of a test, so that `login.py` and
`test_login.py` find each other. Globs that float or begin with `**` have no mirror.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest

REST = "**"
ANY = "*"
SPECIAL = re.compile(r"[*?\[\\]")
FILE = re.compile(r"[^.*?\[\\]+\.[^*?\[\\]+")
MARKS = re.compile(r"^tests?[_-]|[_-](?:tests?|spec)$|(?<=[a-z0-9])(?:Tests?|Spec)$|^Test(?=[A-Z])")

Pair = tuple[tuple[str, ...], tuple[str, ...]]


def parse_side(text: str) -> tuple[str, ...]:
    """The components of one side of a pair, without the `/**` at its end."""
    parts = tuple(text.removeprefix("/").split("/"))
    if len(parts) < 2 or parts[-1] != REST:
        raise ValueError(f"{text!r} is no directory of a mirror; write it as src/**")
    if any(part in {"", ".", "..", REST} for part in parts[:-1]) or text.startswith("!"):
        raise ValueError(f"{text!r} is no directory of a mirror; only whole `*` may stand in it")
    if any(part != ANY and SPECIAL.search(part) for part in parts[:-1]):
        raise ValueError(f"{text!r}: only `*` as a whole component may stand in a mirror")
    return parts[:-1]


def parse_pairs(mirror: Mapping[str, str]) -> tuple[Pair, ...]:
    """Every pair in both directions."""
    pairs = [(parse_side(left), parse_side(right)) for left, right in mirror.items()]
    return (*pairs, *((right, left) for left, right in pairs))


def mirrored(owns: Iterable[str], mirror: Mapping[str, str]) -> tuple[str, ...]:
    """The globs that mirror what is owned, anchored, each once."""
    pairs = parse_pairs(mirror)
    found = (one for glob in owns for one in mirrors_of(glob, pairs))
    return tuple(dict.fromkeys(found))


def mirrors_of(glob: str, pairs: Iterable[Pair]) -> Iterator[str]:
    """The mirrors of one glob."""
    parts = components_of(glob)
    for here, there in pairs if parts else ():
        reached = across(parts, here, there)
        if reached and reached[: len(parts)] != parts:
            yield "/" + "/".join(reached)


def components_of(glob: str) -> tuple[str, ...]:
    """A glob's components without a `**` at its end; none for what has no place of its own."""
    text = glob.removesuffix("/")
    if text.startswith("!") or ("/" not in text and SPECIAL.search(text)):
        return ()
    parts = tuple(text.removeprefix("/").split("/"))
    parts = parts[:-1] if parts[-1] == REST else parts
    return () if not parts or parts[0] == REST else parts


def across(parts: tuple[str, ...], here: tuple[str, ...], there: tuple[str, ...]) -> tuple[str, ...]:
    """The components on the other side; none where the glob lies elsewhere."""
    pairs = list(zip_longest(here[: len(parts)], parts[: len(here)]))
    if not all(name == wanted or (wanted == ANY and name != REST) for wanted, name in pairs):
        return ()
    caught = iter([name for wanted, name in pairs if wanted == ANY])
    whole = tuple(next(caught, ANY) if part == ANY else part for part in there)
    rest = parts[len(here) :]
    return (*whole, *rest[:-1], *(loose(name) for name in rest[-1:]))


def loose(name: str) -> str:
    """A file's name so that its test or source is matched; directories and patterns stay."""
    if not FILE.fullmatch(name):
        return name
    stem = name.partition(".")[0]
    return f"*{MARKS.sub('', stem) or stem}*"
