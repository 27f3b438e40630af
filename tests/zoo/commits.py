"""Commits and refs that only the worktree has."""

from __future__ import annotations

from isolation.work import Kind
from tests.zoo.state import Cage, state


@state(Kind.DETACHED)
def detached_commit(cage: Cage) -> tuple[str, ...]:
    cage.git("checkout", "--quiet", "--detach")
    return (cage.commit("new.txt"),)


@state(Kind.UNREFERENCED)
def commit_reset_away(cage: Cage) -> tuple[str, ...]:
    lost = cage.commit("new.txt")
    cage.git("reset", "--quiet", "--hard", "HEAD~1")
    return (lost,)


@state(Kind.UNREFERENCED)
def commit_amended_away(cage: Cage) -> tuple[str, ...]:
    lost = cage.commit("new.txt")
    cage.write("new.txt", b"better\n")
    cage.git("commit", "--quiet", "--amend", "-a", "-m", "Better.")
    return (lost,)


@state(Kind.UNREFERENCED)
def commits_rebased_away(cage: Cage) -> tuple[str, ...]:
    cage.git("reset", "--quiet", "--hard", "HEAD~2")
    first, second = cage.commit("a.txt"), cage.commit("b.txt")
    cage.git("rebase", "--quiet", "main")
    return (first, second)


@state(Kind.UNREFERENCED)
def worktree_refs(cage: Cage) -> tuple[str, ...]:
    commit = cage.commit("new.txt")
    cage.git("tag", "-a", "mark", "-m", "A mark.")
    tag = cage.git("rev-parse", "mark")
    blob = cage.git("hash-object", "-w", "--stdin", stdin=b"a blob in a ref\n")
    cage.git("update-ref", "refs/worktree/commit", commit)
    cage.git("update-ref", "refs/worktree/tag", tag)
    cage.git("update-ref", "refs/worktree/blob", blob)
    cage.git("tag", "-d", "mark")
    cage.git("reset", "--quiet", "--hard", "HEAD~1")
    return (commit, tag, blob)


@state()
def stash_stays_shared(cage: Cage) -> None:
    cage.write("app.txt")
    cage.git("stash", "--quiet")


@state(Kind.CHANGED)
def unborn_branch(cage: Cage) -> None:
    cage.git("checkout", "--quiet", "--orphan", "fresh")
