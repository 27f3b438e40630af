"""What pre-commit does not see: branches moved by other commands, with hooks skipped, revoked leases."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from isolation.guards.install import ensure_acting
from tests.integration.guarded import Guarded, make_guarded, make_repository, write_hook


@pytest.fixture
def slot(tmp_path: Path) -> Guarded:
    return make_guarded(make_repository(tmp_path), tmp_path / "slot")


def outside_commit(slot: Guarded, name: str = "docs/guide.md") -> str:
    """A commit on the slot's head that changes this, made where no hook of ours runs."""
    slot.write(name)
    slot("-c", "core.hooksPath=/dev/null", "checkout", "--quiet", "-B", "elsewhere")
    slot("add", "--all")
    slot("-c", "core.hooksPath=/dev/null", "commit", "--quiet", "--message", "Outside.")
    oid = slot.head
    slot("-c", "core.hooksPath=/dev/null", "checkout", "--quiet", "work")
    return oid


def inside_commits(slot: Guarded, count: int) -> None:
    """Commits of what is owned."""
    for number in range(count):
        slot.write(f"src/{number}.py")
        slot("add", "src")
        slot("commit", "--quiet", "--message", f"Number {number}.")


def test_no_command_takes_an_outside_commit_onto_the_branch(slot: Guarded) -> None:
    oid = outside_commit(slot)
    slot.repo.git("config", "receive.denyCurrentBranch", "ignore")
    for command in (
        ("cherry-pick", oid), ("merge", "--ff-only", oid), ("merge", "--no-ff", "--no-edit", oid),
        ("merge", "--no-ff", "--no-edit", "--no-verify", oid), ("reset", "--hard", oid), ("rebase", oid),
        ("update-ref", "refs/heads/work", oid), ("update-ref", "HEAD", oid), ("pull", ".", "elsewhere"),
        ("fetch", ".", "--update-head-ok", "elsewhere:work"), ("push", ".", "elsewhere:work"),
        ("checkout", "-B", "work", oid), ("switch", "--quiet", "-C", "work", oid),
    ):  # fmt: skip
        slot.refused(*command)
        for stop in (("cherry-pick", "--abort"), ("merge", "--abort"), ("rebase", "--abort")):
            slot.attempt(*stop)
        slot("read-tree", "--reset", "-u", "HEAD")


BACK = {
    "one commit": ("git cherry-pick {oid}", "git cherry-pick --abort"),
    "two commits": ("git cherry-pick {inside} {oid}", "git cherry-pick --abort"),
    "a merge": ("git merge --no-ff --no-edit {oid}", "git merge --abort"),
    "a rebase": ("git rebase {oid}", "git rebase --abort"),
    "mail": ("git format-patch -1 --stdout {oid} | git am", "git am --abort"),
    "a revert": ("git revert --no-edit {docs}", "git reset -q -- 'docs/guide.md'"),
    "reverts": ("git revert --no-edit {docs} {inside}", "git revert --abort"),
    "what is only staged": (
        "git cherry-pick --no-commit {oid}; git commit -m x",
        "git reset -q -- 'docs/guide.md' 'docs/more/deep.md' 'docs/new.md'",
    ),
    "a commit without its hook": (
        "git cherry-pick --no-commit {oid}; git commit --no-verify -m x",
        "git reset -q -- 'docs/guide.md' 'docs/more/deep.md' 'docs/new.md'",
    ),
    "from below": (
        "git cherry-pick --no-commit {oid}; cd src; git commit -m x",
        (
            "git reset -q -- ':(top,literal)docs/guide.md' ':(top,literal)docs/more/deep.md'"
            " ':(top,literal)docs/new.md'"
        ),
    ),
    "moved forward": ("git merge --ff-only {oid}", "git read-tree -m -u {short} HEAD"),
    "reset": ("git reset --hard {oid}", "git read-tree -m -u {short} HEAD"),
    "made anew": ("git switch -C work {oid}", "git read-tree -m -u {short} HEAD"),
    "the index alone": ("git reset {oid}", "git reset -q"),
    "the branch alone": ("git update-ref refs/heads/work {oid}", ""),
}


@pytest.mark.parametrize("what", BACK)
def test_the_way_back_that_is_named_leaves_nothing_behind(slot: Guarded, what: str) -> None:
    slot.repo.commit("Docs.", {"docs/guide.md": "Start there.\n"})
    slot.repo.git("checkout", "--quiet", "-b", "elsewhere")
    texts = {"docs/guide.md": None, "docs/new.md": "x\n", "docs/more/deep.md": "x\n", "src/app.py": "x\n"}
    for name, text in texts.items():
        (slot.repo.path / name).write_text(text) if text else (slot.repo.path / name).unlink()
    slot.repo.git("add", "--all")
    slot.repo.git("commit", "--quiet", "--message", "Outside.")
    slot("sparse-checkout", "set", "--cone", "src")
    slot("reset", "--quiet", "--hard", "main")
    if what in {"a merge", "a rebase", "two commits", "reverts"}:
        slot.write("src/lib/text.py", "inside\n")
        slot("commit", "--quiet", "--all", "--message", "Inside.")
    oid = slot.repo.git("rev-parse", "elsewhere")
    names = {"oid": oid, "short": oid[:12], "docs": slot.repo.git("rev-parse", "main"), "inside": slot.head}
    if what == "two commits":
        slot("-c", "core.hooksPath=/dev/null", "reset", "--quiet", "--hard", "main")
    begun, back = (words.format(**names) for words in BACK[what])
    head = slot.head
    words = slot.run("sh", "-c", begun).stderr
    assert "poolmgr: refused: " in words
    named = [
        line.partition(": ")[2] for line in words.splitlines() if "the way back: " in line or "out: " in line
    ]
    assert named == ([back] if back else [])
    if back:
        assert slot.run("bash", "-c", back).code == 0
    if "reset -q --" in back and what != "a revert":
        assert slot("status", "--porcelain").stdout == "M  src/app.py\n"
        slot("commit", "--quiet", "--message", "The rest.")
    elif what == "two commits":
        head = slot.head
    assert slot("status", "--porcelain").stdout == ""
    assert not (slot.path / "docs").exists()
    assert "reset -q --" in back or slot.head == head


def test_a_patch_by_mail_and_a_revert_are_judged(slot: Guarded) -> None:
    oid = outside_commit(slot)
    mail = slot("format-patch", "-1", "--stdout", oid).stdout
    slot.refused("am", stdin=mail)
    slot.attempt("am", "--abort")
    slot.repo.git("checkout", "--quiet", "--detach")
    slot.repo.git("branch", "--force", "main", oid)
    slot("merge", "--ff-only", "main")
    slot.refused("revert", "--no-edit", "HEAD")


def test_a_rebase_is_judged_as_a_whole_at_its_end(slot: Guarded) -> None:
    inside_commits(slot, 2)
    slot.repo.commit("Theirs.", {"docs/guide.md": "theirs\n"})
    assert slot("rebase", "main").said == []
    sly = "echo more >>lib/other.py; git commit --quiet --no-verify --all --message Sly."
    slot.refused("rebase", "--force-rebase", "--exec", sly, "main")


def test_stash_and_apply_inside_work_and_outside_stop_at_the_commit(slot: Guarded) -> None:
    slot.write("docs/guide.md")
    slot.write("src/app.py")
    slot("stash")
    slot("stash", "apply", "--index")
    slot.refused("commit", "--all", "--message", "Outside.")
    slot("checkout", "--", "docs")
    assert slot("commit", "--all", "--message", "Inside.").said == []


def test_a_base_is_not_moved_from_inside(slot: Guarded) -> None:
    inside_commits(slot, 1)
    oid = slot.head
    slot.repo.git("checkout", "--quiet", "--detach")
    for command in (
        ("branch", "--force", "main", oid), ("update-ref", "refs/heads/main", oid),
        ("push", ".", "work:main"), ("fetch", ".", "work:main"), ("branch", "--delete", "--force", "main"),
    ):  # fmt: skip
        assert "main is a base of this slot's branch" in slot.refused(*command).stderr
    assert slot("branch", "--force", "main", "main").code == 0


def test_other_branches_are_made_and_removed_freely_and_judged_when_they_move(slot: Guarded) -> None:
    oid = outside_commit(slot)
    slot("branch", "--delete", "--force", "elsewhere")
    slot("branch", "copy", oid)
    slot("branch", "--move", "copy", "moved")
    slot("switch", "--quiet", "--create", "other")
    inside_commits(slot, 1)
    slot.write("docs/guide.md")
    slot.refused("commit", "--all", "--no-verify", "--message", "Outside.")
    slot("restore", "docs")
    slot("branch", "--move", "renamed")
    slot.write("docs/guide.md")
    slot.refused("commit", "--all", "--no-verify", "--message", "Outside.")


def test_upkeep_of_the_repository_is_not_refused(slot: Guarded) -> None:
    inside_commits(slot, 2)
    slot("pack-refs", "--all", "--prune")
    slot.repo.git("checkout", "--quiet", "--detach")
    slot.refused("branch", "--delete", "--force", "main")
    slot.repo.git("checkout", "--quiet", "main")
    slot.repo.commit("Theirs.", {"docs/guide.md": "theirs\n"})
    slot("gc", "--quiet", "--prune=now")
    slot("reflog", "expire", "--all", "--expire=now")
    assert slot("update-ref", "--no-deref", "refs/heads/work", slot.head).said == []


def test_the_branch_of_the_lease_made_anew_is_judged_from_the_base(slot: Guarded) -> None:
    oid = outside_commit(slot)
    slot("checkout", "--quiet", "--detach")
    slot("branch", "--delete", "--force", "work")
    done = slot.attempt("branch", "work", oid)
    assert done.code != 0
    assert "docs/guide.md" in done.stderr
    slot("branch", "work", "main")


def test_what_pre_commit_judged_is_not_judged_again(slot: Guarded) -> None:
    check = slot.path.parent / "judgements"
    python = write_hook(slot.path.parent, "python", f'echo "$4" >>{check}\nexec {sys.executable} "$@"')
    ensure_acting(slot.admin, str(python))
    inside_commits(slot, 2)
    assert check.read_text().split().count("pre-commit") == 2
    assert "reference-transaction" not in check.read_text()
    slot("commit", "--no-verify", "--allow-empty", "--message", "Unseen.")
    assert check.read_text().split().count("reference-transaction") == 1


@pytest.mark.parametrize(
    "note", ["$(git rev-parse HEAD)", "$(git rev-parse HEAD^{tree})", "warned", "", "* *"]
)
def test_a_note_of_another_judgement_lets_nothing_through(slot: Guarded, note: str) -> None:
    hooks = slot.repo.path / ".git/hooks"
    write_hook(hooks, "prepare-commit-msg", f'echo "$PPID {note}" >"{slot.hooks}/.judged"')
    slot.write("docs/guide.md")
    slot.refused("commit", "--all", "--no-verify", "--message", "Outside.")


def test_a_revoked_lease_moves_no_branch_and_no_head(slot: Guarded) -> None:
    inside_commits(slot, 1)
    (slot.admin / "poolmgr-guard.json").unlink()
    (slot.admin / "revoked").write_text("1\n")
    slot.write("src/app.py")
    slot("add", "src")
    for command in (
        ("commit", "--message", "Late."), ("commit", "--no-verify", "--message", "Late."),
        ("commit", "--amend", "--no-edit", "--no-verify"), ("branch", "another"),
        ("reset", "--soft", "HEAD~1"), ("checkout", "--detach", "HEAD~1"),
        ("update-ref", "-d", "refs/heads/work"),
    ):  # fmt: skip
        done = slot.refused(*command)
        assert len(done.said) == 1
        assert "was taken back" in done.said[0]
    assert slot("stash", "list").code == 0


def test_a_worktree_made_from_inside_is_not_held_to_the_scope_of_the_slot(slot: Guarded) -> None:
    place = slot.path.parent / "another"
    slot("worktree", "add", "--quiet", "-b", "free", str(place))
    assert slot("config", "core.hooksPath", cwd=place).stdout.strip() == str(slot.hooks)
    (place / "docs/guide.md").write_text("free\n")
    assert slot("commit", "--all", "--message", "Not of the slot.", cwd=place).said == []
