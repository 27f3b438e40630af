"""Issues as Beads writes them, in every era: files of one JSON object a line, and answers of `bd --json`.

What is good is used, what is not is named by file and line. A field of the wrong type costs the
field, not the task. Pure: bytes in, values out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from enum import StrEnum
from itertools import islice
from typing import Any, NamedTuple

from tracks.tasks.json_text import DECODER, loaded
from tracks.tasks.record import parse_record
from tracks.tasks.task import Task

LINE_OF_JSON, TRIES = re.compile(r"^[\[{]", re.MULTILINE), 5
MORE_JSON = re.compile(r'^[ \t]*(?:["\]}]|\{[ \t\r]*(?:["}]|$)|\[[ \t\r]*(?:[\[{\]"]|$))', re.MULTILINE)
MARKERS = (b"<<<<<<<", b"|||||||", b"=======", b">>>>>>>")
LONGEST_WORDS = 200  # characters of what is no JSON that are told
OTHER_LINES = ("memory", "header")  # lines of an export that are no issues


class Problem(NamedTuple):
    """What could not be used, and where it stands."""

    file: str
    line: int
    why: str


class Sign(StrEnum):
    """What a text betrays about the `bd` that wrote it."""

    TOMBSTONE = "a tombstone"
    COUNTS = "dependency counts"
    TYPED_LINES = "lines with a _type"
    EDGES_COUNTED = "dependencies that are counted and not told"


class Parsed(NamedTuple):
    """The tasks of a text in its order, an id once; what was wrong; who wrote it."""

    tasks: tuple[Task, ...]
    problems: tuple[Problem, ...] = ()
    signs: frozenset[Sign] = frozenset()


class BadAnswer(ValueError):
    """A text that is no answer of `bd --json`, or one that says what went wrong."""


Record = dict[str, Any]
Numbered = tuple[int, Record]


def parse_issues(content: bytes, name: str) -> Parsed:
    """The tasks of a file of lines."""
    problems: list[Problem] = []
    return parse_records(read_lines(content, name, problems), name, problems)


def parse_answer(text: str, name: str) -> Parsed:
    """The tasks of an answer: a bare array, the envelope, one issue, or the parts of `ready --explain`."""
    problems: list[Problem] = []
    numbered = []
    for line, value in enumerate(listed(text, name), 1):
        if isinstance(value, dict):
            numbered.append((line, value))
        else:
            problems.append(Problem(name, line, "is no issue"))
    return parse_records(numbered, name, problems)


def listed(text: str, name: str) -> list[Any]:
    """What an answer lists; an empty answer lists nothing."""
    if not text.strip():
        return []
    try:
        value = loaded(found_json(text))
    except ValueError as error:
        words = text.strip().split("\n")[0][:LONGEST_WORDS]
        why = error if words.startswith(("[", "{")) else words
        raise BadAnswer(f"{name} is no JSON: {why}") from error
    if isinstance(value, dict) and "data" in value and "id" not in value:
        value = value["data"]
    if isinstance(value, dict) and isinstance(value.get("error"), str) and "id" not in value:
        raise BadAnswer(f"{name}: {value['error']}")
    if isinstance(value, dict) and "id" not in value:
        parts = [value[part] for part in ("issues", "ready", "blocked") if isinstance(value.get(part), list)]
        if not parts:
            raise BadAnswer(f"{name} lists no issues")
        return [each for part in parts for each in part]
    if value is None:
        return []
    if not isinstance(value, list | dict):
        raise BadAnswer(f"{name} lists no issues")
    return value if isinstance(value, list) else [value]


def found_json(text: str) -> str:
    """The JSON in an answer that begins or ends with lines of words, as warnings are; else all of it."""
    for start in islice(LINE_OF_JSON.finditer(text), TRIES):
        with suppress(ValueError, RecursionError):
            begin, end = start.start(), DECODER.raw_decode(text, start.start())[1]
            around = text[:begin], text[end:]
            if around[1][:1] in {"", "\r", "\n"} and not any(map(MORE_JSON.search, around)):
                return text[begin:end]
    return text


def read_lines(content: bytes, name: str, problems: list[Problem]) -> Iterator[Numbered]:
    """The objects of a file that are issues, each with its line."""
    for number, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        line = raw.strip()
        if not line:
            continue
        try:
            value = loaded(line.decode())
        except ValueError as error:
            problems.append(Problem(name, number, reason(line, error)))
            continue
        if not isinstance(value, dict):
            problems.append(Problem(name, number, "is no object"))
            continue
        kind = "header" if "_schema" in value else value.get("_type", "issue")
        if kind == "issue":
            yield number, value
        elif kind not in OTHER_LINES:
            problems.append(Problem(name, number, "has an unknown _type"))


def reason(line: bytes, error: ValueError) -> str:
    """Why a line could not be read."""
    if line.startswith(MARKERS) and line[7:8] in (b"", b" "):
        return "is a conflict marker"
    if isinstance(error, UnicodeDecodeError):
        return "is not UTF-8"
    if line.startswith(b"{") and not line.endswith(b"}"):
        return "ends in the middle"
    return "is no JSON"


def parse_records(numbered: Iterable[Numbered], name: str, problems: list[Problem]) -> Parsed:
    """The tasks of numbered objects; of an id that stands twice the first one counts."""
    tasks: dict[str, Task] = {}
    signs: set[Sign] = set()
    for line, record in numbered:
        faults: list[str] = []
        task = parse_record(record, faults)
        problems.extend(Problem(name, line, why) for why in faults)
        if task is None:
            continue
        if task.id in tasks:
            problems.append(Problem(name, line, f"{task.id} stands here again; the first one counts"))
        tasks.setdefault(task.id, task)
        signs.update(signs_of(record, task))
    problems.sort()
    return Parsed(tuple(tasks.values()), tuple(problems), frozenset(signs))


def signs_of(record: Record, task: Task) -> Iterator[Sign]:
    """What one object betrays."""
    if task.status == "tombstone":
        yield Sign.TOMBSTONE
    if "comment_count" in record:
        yield Sign.COUNTS
    if "_type" in record:
        yield Sign.TYPED_LINES
    if record.get("dependency_count") and "dependencies" not in record:
        yield Sign.EDGES_COUNTED
