"""What a look finds, and what mends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A disagreement, or with `needs_fix` off something worth knowing.

    The hint is for what only a person mends: what to type instead of `doctor --fix`.
    """

    kind: str
    subject: str
    detail: str
    fixed: bool = False
    needs_fix: bool = True
    hint: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same finding in a later look."""
        return self.kind, self.subject

    @property
    def as_json(self) -> dict[str, object]:
        """The shape that --json keeps."""
        return {
            "kind": self.kind, "subject": self.subject, "detail": self.detail, "fixed": self.fixed,
            "hint": self.hint or None,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A finding; `mend` is None where the background work or only a person mends it."""

    finding: Finding
    mend: Callable[[], object] | None = None


def wrong(kind: str, subject: str, detail: str, mend: Callable[[], object] | None = None) -> Case:
    """Something that has to be mended."""
    return Case(finding=Finding(kind=kind, subject=subject, detail=detail), mend=mend)


def beyond_us(kind: str, subject: str, detail: str, hint: str) -> Case:
    """Something that a person has to mend, and how."""
    return Case(finding=Finding(kind=kind, subject=subject, detail=detail, hint=hint))


def remark(kind: str, subject: str, detail: str) -> Case:
    """Something to know; nothing is done about it."""
    return Case(finding=Finding(kind=kind, subject=subject, detail=detail, needs_fix=False))
