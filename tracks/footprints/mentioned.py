"""Paths that a task's text names and that the tree knows.

A name that the tree does not know is nobody's path, but for a new file in a directory that is
there. The confidences are what such mentions were worth in seven public trackers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from tracks.footprints.claim import Claim, Layer, anchored, path_claim
from tracks.footprints.outline import Outline, Place
from tracks.footprints.tree import ENDING, Tree
from tracks.globs import LONGEST, GlobError, compile_globs, parse_glob
from tracks.tasks.task import Task

# A word with a slash or a dot in it, read once from its beginning.
TOKEN = re.compile(r"(?<![^\s\"'`<>|,;])[^\s\"'`<>|,;./]*+[./][^\s\"'`<>|,;]*+")
PLACE = re.compile(r"(?::\d+(?:[-:,]\d+)*|#L\d+\S*)\Z")
LONGEST_PLACE = 100
REACH = 50_000  # characters that are searched for the first place of every word
OUTER = "()[]{}*_~"
AROUND = OUTER + "\"'`<>|,;!?"
MOST = 0.9
MOST_OF_A_NAME = 4  # more files of one name than this, and the name says nothing
# How often such a mention was really touched; in brackets the number seen.
EXACT, NAMED, NEW, DIRECTORY, TOP_DIRECTORY, GLOB = (
    0.62,
    0.5,
    0.12,
    0.25,
    0.1,
    0.6,
)  # 387, 346, 232, 83, 31, 26
IN_TITLE = 1.2
FACTORS = {
    Place.PROSE: (1.0, ""),
    Place.LISTED: (1.15, ", in a list of files"),
    Place.CODE: (0.3, ", in code"),
}


# Documents and settings are named more often than they are changed.
READ = {"md": 0.75} | dict.fromkeys(("json", "jsonl", "toml", "yaml", "yml"), 0.45)  # 133, 75


class Known(NamedTuple):
    """What a name means in the tree: paths, or a directory, and what a mention of it is worth."""

    paths: tuple[str, ...]
    worth: float
    is_directory: bool = False
    is_glob: bool = False


class Names:
    """Names resolved in one tree; each is looked up once."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.known: dict[str, Known | None] = {}

    def among(self, text: str) -> dict[str, Known]:
        """The names in a text that the tree knows."""
        found = {}
        for token in tokens_of(text, self.tree.plain):
            if token not in self.known:
                self.known[token] = find_known(self.tree, token.strip("`"))
            known = self.known[token]
            if known is not None:
                found[token] = known
        return found


def tokens_of(text: str, plain: Collection[str]) -> Iterator[str]:
    """The words that could name a path; most words could not, and are passed over at once."""
    for word in dict.fromkeys(text.split()):
        if "/" in word or "." in word:
            yield from TOKEN.findall(word)
        elif plain and (name := word.partition(":")[0].strip(AROUND)) in plain:
            yield f"`{name}`" if f"`{name}`" in word else name


def find_known(tree: Tree, token: str) -> Known | None:
    """What a word of a text means in the tree, with or without what stands around it."""
    if "://" in token or len(token) > LONGEST:
        return None
    bare = token.strip(OUTER).rstrip(".:!?")
    link = bare.rpartition("](")[2]
    for text in dict.fromkeys((token, bare, link, without_place(bare).strip(OUTER), without_place(link))):
        known = resolve(tree, text)
        if known is not None:
            return known
    return None


def without_place(text: str) -> str:
    """A word without the line numbers at its end."""
    return text[:-LONGEST_PLACE] + PLACE.sub("", text[-LONGEST_PLACE:])


def resolve(tree: Tree, text: str) -> Known | None:
    """What a path, the end of one, or a file's name means in the tree."""
    path = text.removeprefix("./").strip("/")
    if not path:
        return None
    if path in tree.files:
        return Known((path,), EXACT)
    if "/" not in text:
        is_name = ENDING.search(path) or path in tree.plain
        return several(tree.named.get(path, ())) if is_name else None
    if path in tree.directories:
        return Known((path,), DIRECTORY if "/" in path else TOP_DIRECTORY, is_directory=True)
    if "*" in path:
        return resolve_glob(tree, path)
    return resolve_end(tree, path) if "/" in path else resolve_directory(tree, path, path)


def resolve_glob(tree: Tree, path: str) -> Known | None:
    """A glob that names something that is there."""
    try:
        globs = compile_globs((f"/{path}",))
    except GlobError:
        return None
    start = globs.globs[0].literal.rpartition(b"/")
    found = next(globs.among(tree.below(start[0] + start[1])), None)
    return Known((f"/{path}",), GLOB, is_glob=True) if found else None


def resolve_end(tree: Tree, path: str) -> Known | None:
    """The end of a path, a path below a directory that is not the tree's, or a new file."""
    above, _, name = path.rpartition("/")
    ends = several([file for file in tree.named.get(name, ()) if file.endswith("/" + path)])
    if ends:
        return ends
    rest = path
    while "/" in rest:
        rest = rest.partition("/")[2]
        if rest in tree.files and "/" in rest:
            return Known((rest,), NAMED)
    if ENDING.search(name):
        return Known((path,), NEW) if above in tree.directories and can_be_made(path) else None
    return resolve_directory(tree, path, name)


def resolve_directory(tree: Tree, path: str, name: str) -> Known | None:
    """A directory that alone in the tree has this end."""
    found = [each for each in tree.directories_named.get(name, ()) if f"/{each}".endswith("/" + path)]
    return Known((found[0],), DIRECTORY, is_directory=True) if len(found) == 1 else None


def several(files: list[str] | tuple[str, ...]) -> Known | None:
    """The files of one name, any of which may be meant."""
    if not 0 < len(files) <= MOST_OF_A_NAME:
        return None
    return Known(tuple(files), NAMED / len(files))


def can_be_made(path: str) -> bool:
    """Whether a file that is not there could be meant."""
    try:
        parse_glob(anchored(path))
    except GlobError:
        return False
    return path.isprintable() and ".git" not in path.lower().split("/")


def mentioned_claims(task: Task, names: Names) -> Iterator[Claim]:
    """A claim per path the text names; notes of what is done tell how it went, and are not read."""
    best: dict[tuple[str, ...], Claim] = {}
    fields = [("title", task.title), ("description", task.description), ("design", task.design)]
    fields += [("acceptance criteria", task.acceptance), ("notes", "" if task.is_over else task.notes)]
    for field, text in fields:
        found = names.among(text)
        outline = Outline(text) if found and field != "title" else None
        last = 0
        for token, known in found.items():
            at = text.find(token, 0, REACH)
            if at < 0:  # words stand in order, so what lies further on is read once for all of them
                at = last = text.find(token, last)
            place = outline.place(at) if outline else None
            if is_word(token, known):
                if outline is None or not is_listed(token, text, outline):
                    continue
                place = Place.LISTED
            factor, how = FACTORS[place] if place else (IN_TITLE, "")
            for claim in claims_of(known, min(MOST, known.worth * factor), f"{token} in its {field}{how}"):
                if claim.globs not in best or best[claim.globs].confidence < claim.confidence:
                    best[claim.globs] = claim
    yield from best.values()


def is_word(token: str, known: Known) -> bool:
    """Whether nothing about a file's name tells it from other words: no ending, no capital, no quotes."""
    name = known.paths[0]
    return "/" not in token and "." not in name and name == name.lower() and token[0] != "`"


def is_listed(word: str, text: str, outline: Outline) -> bool:
    """Whether a word stands somewhere below a heading of files."""
    found = re.finditer(rf"(?<![\w./-]){re.escape(word)}(?![\w/-])", text)
    return any(outline.place(each.start()) is Place.LISTED for each in found)


def claims_of(known: Known, confidence: float, why: str) -> Iterator[Claim]:
    """The claims a mention makes."""
    for path in known.paths:
        if known.is_glob:
            yield Claim((path,), Layer.MENTIONED, confidence, why)
        elif known.is_directory:
            yield Claim((anchored(path) + "/",), Layer.MENTIONED, confidence, why)
        else:
            kind = READ.get(path[path.rfind(".") + 1 :], 1.0)
            yield path_claim(path, Layer.MENTIONED, confidence * kind, why)
