"""What a task says itself of the paths it touches, in its metadata or labels, or its nearest ancestor does.

Nobody agreed on a key yet, so the ones that tools use are all read: `poolmgr.globs` and
`files_scope` are globs, `files` are paths.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress

from tracks.footprints.claim import Claim, Layer, anchored
from tracks.globs import GlobError, parse_glob
from tracks.tasks.task import Task

OWN, INHERITED = 0.9, 0.7
GLOB_KEYS = (("poolmgr", "globs"), ("poolmgr.globs",), ("globs",), ("files_scope",))
PATH_KEYS = (("poolmgr", "files"), ("files",), ("paths",), ("footprint", "files"))


def declared_claims(task: Task, tasks: Mapping[str, Task], faults: list[str]) -> tuple[Claim, ...]:
    """The claims of the task, else those of the nearest ancestor that makes any."""
    seen = {task.id}
    above: Task | None = task
    while above is not None:
        found = tuple(own_claims(above, faults))
        if above is not task:
            found = tuple(
                each._replace(confidence=INHERITED, why=f"{above.id}, above it: {each.why}") for each in found
            )
        if found:
            return found
        above = tasks.get(above.parent) if above.parent and above.parent not in seen else None
        if above is not None:
            seen.add(above.id)
    return ()


def own_claims(task: Task, faults: list[str]) -> Iterator[Claim]:
    """What the task says itself, a claim per place."""
    if task.metadata:
        for keys, is_path in [*((keys, False) for keys in GLOB_KEYS), *((keys, True) for keys in PATH_KEYS)]:
            texts = texts_at(task.metadata, keys)
            if texts:
                yield from claim_of(task, texts, f"metadata {'.'.join(keys)}", faults, is_path=is_path)
    for prefix, is_path in (("files:", False), ("path:", True)):
        for label in task.labels:
            if label.startswith(prefix):
                yield from claim_of(task, (label[len(prefix) :],), f"label {label}", faults, is_path=is_path)


def texts_at(metadata: Mapping[str, object], keys: tuple[str, ...]) -> tuple[str, ...]:
    """The text or texts at a place; a text may itself be a list as JSON, for `bd` sets texts only."""
    value: object = metadata
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    if isinstance(value, str) and value.lstrip().startswith("["):
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    if isinstance(value, str):
        value = [value]
    listed = value if isinstance(value, list | tuple) else ()
    return tuple(text for text in listed if isinstance(text, str) and text.strip())


def claim_of(
    task: Task, texts: tuple[str, ...], why: str, faults: list[str], *, is_path: bool
) -> Iterator[Claim]:
    """One claim of these texts; those that git would read as something else are faults."""
    globs = []
    for text in texts:
        glob = path_glob(text) if is_path else text.strip().removeprefix("./")
        try:
            parse_glob(glob)
        except GlobError as error:
            faults.append(f"{task.id}: {why}: {text!r}: {error.reason}")
            continue
        globs.append(glob)
    if any(not glob.startswith("!") for glob in globs):
        yield Claim(tuple(globs), Layer.DECLARED, OWN, why)


def path_glob(text: str) -> str:
    """The glob of a path; where somebody wrote a glob for a path, that one, from the top."""
    path = text.strip().removeprefix("./").lstrip("/")
    return f"/{path}" if "*" in path or path.startswith("!") else anchored(path)
