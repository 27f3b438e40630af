"""Which task a branch or a commit's message names: by its id, as a word of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

EDGE = re.compile(r"[^A-Za-z0-9]+")
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
TELLING = re.compile(r"[0-9._-]")  # an id without any of these is a word like others


class Names:
    """The ids of tasks, to be found in text; case does not matter, as in branch names."""

    def __init__(self, ids: Iterable[str]) -> None:
        known = {each.lower(): each for each in ids}
        self._ids = {text: each for text, each in known.items() if TELLING.search(each)}
        self._plain = {text: each for text, each in known.items() if text not in self._ids}

    def in_branch(self, branch: str) -> str | None:
        """The task a branch is about, the longest id in its name; a plain word has to be a part of it."""
        text = branch.lower()
        starts = [0, *(edge.end() for edge in EDGE.finditer(text))]
        ends = [*(edge.start() for edge in EDGE.finditer(text)), len(text)]
        spans = ((start, end) for start in starts for end in ends if start < end)
        found = [text[start:end] for start, end in spans if text[start:end] in self._ids]
        if found:
            return self._ids[max(found, key=len)]
        parts = (text, *reversed(text.split("/")))
        return next((self._plain[part] for part in parts if part in self._plain), None)

    def in_message(self, message: str) -> str | None:
        """The one task a message names; None for none, and for several."""
        found = {self._ids[word] for word in words_of(message) if word in self._ids}
        return found.pop() if len(found) == 1 else None


def words_of(message: str) -> Iterator[str]:
    """The words that could be ids."""
    for word in WORD.findall(message):
        yield word.rstrip("._-").lower()
