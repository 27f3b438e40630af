"""Operations of git that were begun and not ended, by the files they leave."""

from __future__ import annotations

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
ABORTED = ("am", "rebase", "merge", "cherry-pick", "revert")


def list_operations(admin: Path) -> tuple[str, ...]:
    """The operations in progress, each once."""
    names = [name for mark, name in MARKS if (admin / mark).exists()]
    if "am" in names and "rebase" in names:
        names.remove("rebase")
    if len(names) > 1:
        names = [name for name in names if name != "cherry-pick or revert"]
    return tuple(dict.fromkeys(names))


def find_abort(admin: str) -> str:
    """The command that ends the operation in progress as if it had not begun; "" when there is none."""
    going = list_operations(Path(admin))
    if "cherry-pick or revert" in going:
        todo = (Path(admin) / "sequencer" / "todo").read_bytes()
        going = ("revert" if todo.startswith(b"revert") else "cherry-pick",)
    return next((f"git {name} --abort" for name in ABORTED if name in going), "")
