"""What the settings say that tasks of a label, type or title touch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from tracks.footprints.claim import Claim, Layer
from tracks.globs import parse_glob
from tracks.tasks.task import Task

CONFIDENCE = 0.6
FIELDS = ("label", "type", "title")
BLANK = re.compile(r"(?<!\\)\s+")


class Rule(NamedTuple):
    """Tasks whose field fits a pattern touch these globs; patterns are a shell's, in any case."""

    field: str
    pattern: str
    globs: tuple[str, ...]

    def fits(self, task: Task) -> bool:
        """Whether the rule speaks of this task."""
        texts = task.labels if self.field == "label" else (getattr(task, self.field),)
        return any(fnmatchcase(text.lower(), self.pattern) for text in texts)


def parse_rules(mapping: Mapping[str, str]) -> tuple[Rule, ...]:
    """Rules as `label:web` with globs, blanks between them; ValueError says what is wrong."""
    rules = []
    for key, text in mapping.items():
        field, colon, pattern = key.partition(":")
        if not colon or field not in FIELDS or not pattern.strip():
            raise ValueError(f"{key!r} is none of label:NAME, type:NAME, title:PATTERN")
        globs = tuple(glob for glob in BLANK.split(text.strip()) if glob)
        if not globs:
            raise ValueError(f"{key!r} names no glob")
        for glob in globs:
            parse_glob(glob)
        rules.append(Rule(field, pattern.strip().lower(), globs))
    return tuple(rules)


def configured_claims(task: Task, rules: tuple[Rule, ...]) -> Iterator[Claim]:
    """A claim per rule that speaks of the task."""
    for rule in rules:
        if rule.fits(task):
            why = f"tracks.paths {rule.field}:{rule.pattern}"
            yield Claim(rule.globs, Layer.CONFIGURED, CONFIDENCE, why)
