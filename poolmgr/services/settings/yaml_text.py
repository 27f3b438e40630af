"""A settings file as a tree of nodes with lines: a small and safe part of YAML.

Built from the parser's events, so that depth and number are bounded before anything is made of
them. Tags, anchors, aliases, a second document and a key that stands twice are refused.
"""

from __future__ import annotations

import re

import yaml

from poolmgr.core.settings import Problem, SettingsError
from poolmgr.core.settings_parse import Node, plain
from poolmgr.core.settings_values import Raw

DEEPEST = 8
MOST = 20_000
NULL, BOOLEAN, INTEGER, NUMBER = (f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float"))
SCALARS = {
    NULL: yaml.SafeLoader.construct_yaml_null,
    BOOLEAN: yaml.SafeLoader.construct_yaml_bool,
    INTEGER: yaml.SafeLoader.construct_yaml_int,
    NUMBER: yaml.SafeLoader.construct_yaml_float,
}


def parse_yaml(text: str, label: str, *, most: int = MOST) -> Node:
    """The document, of at most so many nodes; SettingsError names the line that cannot be read."""
    try:
        return Reader(text, label, most).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        # Of what is escaped wrongly it shows a character, which may be a password's.
        problem = re.sub(r"(escape.*?),?( but found)? '.'$", r"\1", str(error.problem or error.context))
        raise refusal(label, line, f"is no YAML: {problem}") from error
    except yaml.YAMLError as error:
        raise refusal(label, 1, f"is no YAML: {str(error).splitlines()[0]}") from error


def parse_flow(text: str) -> Raw:
    """The value of a text such as `[a, b]`; ValueError if it is none."""
    try:
        return plain(parse_yaml(text, ""))
    except SettingsError as error:
        raise ValueError(f"{text!r} {error.problems[0].message}") from error


def refusal(label: str, line: int, message: str) -> SettingsError:
    """The error about one line of a file."""
    return SettingsError((Problem(place=f"{label}:{line}", key="", message=message),))


class Reader:
    """One document on its way from events to nodes."""

    def __init__(self, text: str, label: str, most: int) -> None:
        self.loader = yaml.SafeLoader(text)
        self.label = label
        self.left = most

    def document(self) -> Node:
        """The only document of the text."""
        self._next()
        if isinstance(self._peek(), yaml.StreamEndEvent):
            return Node(line=1, value=None)
        self._next()
        root = self._node(DEEPEST)
        self._next()
        if not isinstance(self._peek(), yaml.StreamEndEvent):
            raise refusal(self.label, self._line(), "a second document begins here; there may be one")
        return root

    def _peek(self) -> yaml.Event:
        return self.loader.peek_event()  # type: ignore[no-any-return, no-untyped-call]

    def _next(self) -> yaml.Event:
        return self.loader.get_event()  # type: ignore[no-any-return, no-untyped-call]

    def _line(self) -> int:
        mark = self._peek().start_mark
        return mark.line + 1 if mark else 1

    def _node(self, depth: int) -> Node:
        """The node that begins here."""
        line = self._line()
        event = self._next()
        self.left -= 1
        if self.left < 0 or depth < 0:
            raise refusal(self.label, line, "is nested too deeply or too long")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise refusal(self.label, line, "anchors and aliases are not taken; write the value out")
        if tag := getattr(event, "tag", None):
            raise refusal(self.label, line, f"tags such as {tag} are not taken")
        match event:
            case yaml.MappingStartEvent():
                return Node(line=line, value=self._mapping(depth))
            case yaml.SequenceStartEvent():
                return Node(line=line, value=self._sequence(depth))
            case yaml.ScalarEvent():
                return Node(line=line, value=self._scalar(event, line), written=event.value)
            case _:
                raise refusal(self.label, line, "is no YAML")

    def _sequence(self, depth: int) -> tuple[Node, ...]:
        items: list[Node] = []
        while not isinstance(self._peek(), yaml.SequenceEndEvent):
            items.append(self._node(depth - 1))
        self._next()
        return tuple(items)

    def _mapping(self, depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        while not isinstance(self._peek(), yaml.MappingEndEvent):
            line, event = self._line(), self._peek()
            self._node(depth - 1)
            if not isinstance(event, yaml.ScalarEvent):
                raise refusal(self.label, line, "a key must be a word")
            if event.value in entries:
                raise refusal(self.label, line, f"the key {event.value} stands here a second time")
            entries[event.value] = self._node(depth - 1)._replace(line=line)
        self._next()
        return entries

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> str | int | float | bool | None:
        tag = self.loader.resolve(yaml.ScalarNode, event.value, event.implicit)  # type: ignore[no-untyped-call]
        if tag not in SCALARS:
            return str(event.value)
        try:
            value: str | int | float | bool | None = SCALARS[tag](
                self.loader, yaml.ScalarNode(tag, event.value)
            )
        except ValueError as error:
            raise refusal(self.label, line, "the number cannot be read") from error
        return value
