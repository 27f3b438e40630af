"""tracks overlap: where two scopes meet. It needs a repository, not a pool."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from poolmgr.cli.invocation import Invocation
from poolmgr.cli.output import emit, out, safe
from poolmgr.cli.verb import Values, Verb, Word

if TYPE_CHECKING:
    from tracks.globs import Globs


def overlap(invocation: Invocation, values: Values) -> None:
    """Say whether two scopes meet, with a path that both mean and whether it exists yet.

    Example: poolmgr tracks overlap --a 'src/web/**' --b '*.ts'
    """
    from poolmgr.services.ground.site import find_facts, find_site
    from poolmgr.services.planning.tree import list_files
    from poolmgr.services.scoping.guarding import is_folding
    from poolmgr.wiring import settings_of
    from tracks.overlap import find_overlap

    site = find_site(invocation.directory)
    fold = is_folding(site.git)
    a, b = typed_globs("--a", values["a"], fold=fold), typed_globs("--b", values["b"], fold=fold)
    found = find_overlap(a, b, list_files(site, settings_of(site, find_facts(site))))
    witness = os.fsdecode(found.witness) if found else None
    if invocation.as_json:
        exists = found is not None and found.exists
        emit({"overlap": found is not None, "witness": witness, "exists": exists})
    elif found is None:
        out("they do not meet")
    elif found.exists:
        out(f"they meet: {safe(witness)}")
    elif found.is_odd:
        out(f"they meet only below a directory that is named like a file: {safe(witness)} does not exist yet")
    else:
        out(f"they meet: {safe(witness)} does not exist yet")


def typed_globs(flag: str, globs: list[str], *, fold: bool) -> Globs:
    """The globs of one side; one that git would read as something else is refused by name."""
    from poolmgr.core.errors import UsageError
    from tracks.globs import GlobError, compile_globs

    try:
        return compile_globs(tuple(globs), fold=fold)
    except GlobError as error:
        raise UsageError(f"{flag} {error}", hint="poolmgr tracks overlap --a 'src/**' --b '*.py'") from error


GLOBS = Word("a", "what one may change", metavar="GLOB", many=True, is_required=True)
VERBS = (
    Verb(
        "overlap",
        overlap.__doc__ or "",
        (GLOBS, GLOBS._replace(name="b", help="what the other may change")),
        overlap,
    ),
)
