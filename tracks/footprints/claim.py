"""What is known of the paths a task touches: claims, each with the layer it comes from.

A claim is one list of globs from one source; several claims of a task stand side by side. A
confidence is the measured or stated share of such claims whose paths are really touched.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

SPECIAL = re.compile(r"([*?\[\\])")


class Layer(StrEnum):
    """Where a claim comes from, the strongest first."""

    OBSERVED = "observed"
    RESERVED = "reserved"
    DECLARED = "declared"
    CONFIGURED = "configured"
    MENTIONED = "mentioned"
    LEARNED = "learned"
    UNKNOWN = "unknown"

    @property
    def rank(self) -> int:
        """0 for the strongest."""
        return RANKS[self]

    @property
    def is_certain(self) -> bool:
        """Whether somebody said or saw it of this very task."""
        return self.rank <= RANKS[Layer.DECLARED]


RANKS = {layer: number for number, layer in enumerate(Layer)}


class Claim(NamedTuple):
    """One list of globs; `path` where it is one path, literally."""

    globs: tuple[str, ...]
    layer: Layer
    confidence: float
    why: str
    path: str | None = None

    @property
    def parts(self) -> tuple[Claim, ...]:
        """The same as a claim per glob, where no glob takes something out of others."""
        if len(self.globs) == 1 or any(glob.startswith("!") for glob in self.globs):
            return (self,)
        return tuple(self._replace(globs=(glob,)) for glob in self.globs)

    @property
    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "globs": list(self.globs), "layer": self.layer, "confidence": round(self.confidence, 3),
            "why": self.why,
        }  # fmt: skip


class Footprint(NamedTuple):
    """All that is known of one task, the strongest claim first; `faults` is what could not be read."""

    task: str
    claims: tuple[Claim, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def apart(self) -> Footprint:
        """The same, each claim in its parts."""
        return self._replace(claims=tuple(part for claim in self.claims for part in claim.parts))

    @property
    def layer(self) -> Layer:
        """The strongest layer; unknown where there is no claim at all."""
        return self.claims[0].layer if self.claims else Layer.UNKNOWN


def path_claim(path: str, layer: Layer, confidence: float, why: str) -> Claim:
    """A claim of one path; where it is a directory, of all below it."""
    return Claim((anchored(path),), layer, confidence, why, path)


def anchored(path: str) -> str:
    """The glob that means this path and no other."""
    text = SPECIAL.sub(r"\\\1", path).replace("\n", "?")  # a glob is one line
    blanks = len(text) - len(text.rstrip(" "))
    return f"/{text[: len(text) - blanks]}" + "\\ " * blanks
