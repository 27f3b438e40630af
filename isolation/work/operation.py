"""Operations of git that were begun and not ended, by the files they leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MARKS = (
    ("rebase-merge", "rebase"),
    ("rebase-apply/applying", "am"),
    ("rebase-apply", "rebase"),
    ("MERGE_HEAD", "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("BISECT_LOG", "bisect"),
    ("BISECT_START", "bisect"),
    ("sequencer", "cherry-pick or revert"),
)


def list_operations(admin: Path) -> tuple[str, ...]:
    """The operations in progress, each once."""
    names = [name for mark, name in MARKS if (admin / mark).exists()]
    if "am" in names and "rebase" in names:
        names.remove("rebase")
    if len(names) > 1:
        names = [name for name in names if name != "cherry-pick or revert"]
    return tuple(dict.fromkeys(names))
