"""A repository for the tests of scopes: sources with their tests, a workspace, documents."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.pooled import Json, Pooled

SLOTS = 3
FILES = {
    ".gitignore": "*.log\nnode_modules/\n.env\n",
    "README.md": "# A shop\n",
    "package.json": "{}\n",
    "web/package.json": "{}\n",
    "web/src/ui/form.ts": "form\n",
    "web/tests/ui/form.test.ts": "test\n",
    "src/login/form.py": "form\n",
    "src/pay/card.py": "card\n",
    "tests/login/test_form.py": "test\n",
    "tests/pay/test_card.py": "test\n",
    "docs/guide/start.md": "start\n",
    "docs/plan.md": "plan\n",
}
ALWAYS = {".gitignore", "README.md", "package.json", "web/package.json"}


def files_in(lent: Json) -> set[str]:
    """What lies in a slot, but for what poolmgr and git put there."""
    top = Path(lent["path"])
    found = {str(path.relative_to(top)) for path in top.rglob("*") if path.is_file()}
    return found - {".git", ".env.worktree"}


def close_up(pool: Pooled) -> None:
    """Everything given back, whatever is in it."""
    snapshot = pool.snapshot()
    for lease in snapshot.leases:
        pool.run("release", snapshot.slot_of(lease).name, "--rescue", "--allow-outside")
    pool.await_ready(SLOTS)


def commit_past_guards(pool: Pooled, lent: Json, name: str, text: str = "outside\n") -> None:
    """A commit of one path that no hook sees."""
    place = Path(lent["path"], name)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    pool.git(lent["path"], "add", "--sparse", "--", name)
    pool.git(lent["path"], "-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", f"Change {name}.")
