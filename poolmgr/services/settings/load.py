"""Loading the settings: files, environment and flags become one value per key.

Without a file nothing imports YAML; with one it is parsed once and kept as JSON beside the state
until the file changes. A state directory that cannot be written only costs time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from poolmgr.core.settings import Problem, SettingsError
from poolmgr.core.settings_layers import Layer, Loaded, Source, layered, needing_trust
from poolmgr.core.settings_parse import Found, Given, parse_environment, parse_flags
from poolmgr.core.settings_values import Raw
from poolmgr.services.settings import cache
from poolmgr.services.settings.file import (
    COMMITTED,
    clone_path,
    committed_path,
    find_identity,
    read_settings_file,
)
from poolmgr.services.settings.trust import is_trusted

NO_FLAGS: Mapping[str, str] = {}


def load_settings(
    checkout: Path | None, state_dir: Path, environ: Mapping[str, str], flags: Mapping[str, str] = NO_FLAGS
) -> Loaded:
    """The settings of a repository; SettingsError names all that is wrong with them."""
    files = read_files(checkout, state_dir)
    environment = accepted(parse_environment(environ, read_flow))
    typed = accepted(parse_flags(flags, read_flow))
    committed, clone = files.committed, files.clone
    layers: list[Layer] = [
        (Source.COMMITTED, committed),
        (Source.CLONE, clone),
        (Source.ENVIRONMENT, environment),
        (Source.FLAG, typed),
    ]
    trusted = bool(needing_trust(committed)) and is_trusted(state_dir, files.digest)
    return layered(layers, digest=files.digest, is_trusted=trusted)


def read_files(checkout: Path | None, state_dir: Path) -> cache.Kept:
    """What the two files say, from the cache if they are still the same."""
    paths = (committed_path(checkout) if checkout else None, clone_path(state_dir))
    identities = [find_identity(path) for path in paths]
    if not any(identities):
        return cache.NOTHING
    kept = cache.find_kept(state_dir, identities)
    if kept is None:
        kept = parse_files(paths)
        cache.keep(state_dir, identities, kept)
    return kept


def parse_files(paths: tuple[Path | None, Path]) -> cache.Kept:
    """What the two files say; the problems of both are reported together."""
    from poolmgr.core.settings_parse import parse_document
    from poolmgr.services.settings.yaml_text import parse_yaml  # 20 ms that only a changed file has to pay

    found: list[list[Found]] = []
    digest = None
    for path, label in zip(paths, (COMMITTED, str(paths[1])), strict=True):
        if find_identity(path) is None or path is None:
            found.append([])
            continue
        file = read_settings_file(path, label)
        digest = file.digest if label == COMMITTED else digest
        found.append(list(parse_document(parse_yaml(file.text, label), label)))
    accepted([each for part in found for each in part])
    committed, clone = (accepted(part) for part in found)
    return cache.Kept(committed=committed, clone=clone, digest=digest)


def accepted(found: Iterable[Found]) -> tuple[Given, ...]:
    """What is right; SettingsError with all that is not."""
    everything = tuple(found)
    problems = tuple(each for each in everything if isinstance(each, Problem))
    if problems:
        raise SettingsError(problems)
    return tuple(each for each in everything if isinstance(each, Given))


def read_flow(text: str) -> Raw:
    """A list or mapping that somebody typed."""
    from poolmgr.services.settings.yaml_text import parse_flow

    return parse_flow(text)
