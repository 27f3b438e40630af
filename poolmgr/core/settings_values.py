"""What a value of each type looks like: strict parsers of what YAML has read.

Each raises ValueError with words that fit behind the key. Values fit into JSON.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Raw = str | int | float | bool | None | tuple["Raw", ...] | dict[str, "Raw"]
Value = str | int | float | bool | None | tuple[str, ...] | Mapping[str, str | Mapping[str, str]]

SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
BYTES = {
    "": 1, "B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip
LONGEST = 10 * 366 * 86400.0
BRANCH_VARIABLES = ("agent", "slot", "fence", "date")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def unfit(wants: str, raw: Raw) -> ValueError:
    """The complaint about a value of the wrong type; a database's address may stand in a wrong place."""
    shown = {"true": True, "false": False}
    words = next((word for word, value in shown.items() if raw is value), None)
    if words is None:
        words = (
            "a list" if isinstance(raw, tuple) else "a mapping" if isinstance(raw, dict) else shown_text(raw)
        )
    return ValueError(f"wants {wants}, not {words}")


def shown_text(raw: str | float | None) -> str:
    """A value as it was written, without a password."""
    if not isinstance(raw, str) or ("://" not in raw and "=" not in raw):
        return repr(raw)
    from poolmgr.core.masking import without_password

    return repr(without_password(raw))


def parse_switch(raw: Raw) -> Value:
    """True or false."""
    if not isinstance(raw, bool):
        raise unfit("true or false", raw)
    return raw


def parse_duration(raw: Raw) -> Value:
    """Seconds."""
    wants = "a duration such as 10s, 30m, 16h or 10d"
    seconds = -1.0
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        seconds = float(raw)
    elif isinstance(raw, str) and re.fullmatch(r"(\d{1,12}(\.\d{1,6})?(ms|[smhdw]))+", raw, re.ASCII):
        parts = re.findall(r"([\d.]+)(ms|[smhdw])", raw)
        seconds = sum(float(number) * SECONDS[unit] for number, unit in parts)
    if not 0 <= seconds <= LONGEST:
        raise unfit(wants, raw)
    return seconds


def parse_size(raw: Raw) -> int:
    """Bytes."""
    wants = "a size such as 50MiB or 2GiB"
    if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0:
        return raw
    found = (
        re.fullmatch(r"(\d{1,12}(?:\.\d{1,6})?) ?([kKMGT]?i?B?)", raw, re.ASCII)
        if isinstance(raw, str)
        else None
    )
    if not found or found[2] not in BYTES:
        raise unfit(wants, raw)
    return int(float(found[1]) * BYTES[found[2]])


def parse_threshold(raw: Raw) -> Value:
    """A share such as `80%`, or a number or size, as text."""
    if isinstance(raw, str) and re.fullmatch(r"(100|\d{1,2})%", raw, re.ASCII):
        return raw
    try:
        parse_size(raw)
    except ValueError:
        raise unfit("a share such as 80%, a number or a size such as 2GiB", raw) from None
    return str(raw)


def parse_line(raw: Raw) -> str:
    """A text on one line."""
    if not isinstance(raw, str) or not raw.strip():
        raise unfit("a text", raw)
    if CONTROL.search(raw):
        raise ValueError(f"{raw!r} has a control character in it")
    return raw


def parse_address(raw: Raw) -> str:
    """A text on one line that may hold a password: what is wrong with it is said without it."""
    if not isinstance(raw, str) or not raw.strip():
        raise unfit("a text", None if isinstance(raw, str) else raw)
    if CONTROL.search(raw):
        raise ValueError("has a control character or a line break in it")
    return raw


def parse_reference(raw: Raw) -> Value:
    """The name of a commit, which git must not take for an option."""
    line = parse_line(raw)
    if line.startswith("-") or any(blank in line for blank in " :?*["):
        raise unfit("the name of a branch, tag or commit", raw)
    return line


def parse_branch_template(raw: Raw) -> Value:
    """A branch name in which {agent}, {slot}, {fence} and {date} are filled in."""
    line = parse_line(raw)
    for name in re.findall(r"\{([^{}]*)\}", line):
        if name not in BRANCH_VARIABLES:
            raise ValueError(
                f"{{{name}}} is none of " + ", ".join(f"{{{each}}}" for each in BRANCH_VARIABLES)
            )
    example = re.sub(r"\{[^{}]*\}", "x", line)
    if re.search(r"[{}\s~^:?*\[\\]|\.\.|//|@\{|^[-/]|[/.]$|(^|/)\.|\.lock(/|$)", example):
        raise ValueError(f"{raw!r} makes no branch name that git takes")
    return line


def parse_mapping(raw: Raw) -> Mapping[str, str]:
    """Names with a text each."""
    if not isinstance(raw, dict):
        raise unfit("a mapping of names to texts", raw)
    for name, value in raw.items():
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise unfit(f"a text for {name} (put it in quotes)", value)
        if "\0" in str(value) or CONTROL.search(name):
            raise ValueError(f"{name!r} has a control character in it")
    return {name: str(value) for name, value in raw.items()}


def parse_mirror(raw: Raw) -> Mapping[str, str]:
    """Source directories and the directories of the tests that go with them."""
    mapping = parse_mapping(raw)
    if mapping:
        from poolmgr.core.mirror import parse_pairs  # only who has a mirror pays for it

        parse_pairs(mapping)
    return mapping


def parse_task_paths(raw: Raw) -> Value:
    """Kinds of tasks and the globs they touch, a list or blanks between them."""
    if not isinstance(raw, dict):
        raise unfit("a mapping of label:NAME, type:NAME or title:PATTERN to globs", raw)
    lists = {name: value for name, value in raw.items() if isinstance(value, tuple)}
    joined = {
        name: " ".join(parse_line(glob).replace(" ", "\\ ") for glob in globs)
        for name, globs in lists.items()
    }
    mapping = parse_mapping({**raw, **joined})
    if mapping:
        from tracks.footprints.configured import parse_rules  # only who has a rule pays for it

        parse_rules(mapping)
    return mapping


def check_glob(text: str) -> None:
    """Raise for a text that is no glob."""
    from tracks.globs import parse_glob  # costs two milliseconds that only a changed file has to pay

    parse_glob(text)


def check_path(text: str) -> None:
    """Raise for a path that leads out of the checkout or into git's own directory."""
    parts = text.split("/")
    if text.startswith(("/", "~")) or ".." in parts:
        raise ValueError(f"{text!r} leads out of the checkout; write a path relative to its root")
    if ".git" in text.lower().split("/"):
        raise ValueError(f"{text!r} lies in git's own directory")


def check_nothing(text: str) -> None:
    """Any text does."""
