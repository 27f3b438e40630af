"""Repositories of every kind, at every path, with settings and files that want to run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.pooled import Pooled
from tests.fixtures.commands import Commands
from tests.fixtures.repositories import Repositories, Repository


def pool_of(repo: Repository, cli: Commands) -> Pooled:
    cli.background = ("worker*.lock",)
    return Pooled(repo, cli)


def live_once(pool: Pooled) -> None:
    """Make a pool, work in it, give everything back."""
    pool.init(1)
    lent = pool.acquire("--branch", "fix/login")
    Path(lent["path"], "new.txt").write_text("new\n")
    assert pool.refused("release", lent["slot"])["code"] == "unsaved_work"
    pool.release(lent["slot"], "--rescue")
    pool.await_state(lent["slot"], "READY")
    pool.run("status")
    pool.run("doctor")
    pool.run("cleanup")


def test_outside_any_repository_every_command_says_so(run_cli: Commands, tmp_path: Path) -> None:
    for words in (
        ("init",),
        ("acquire",),
        ("status",),
        ("release",),
        ("where",),
        ("events",),
        ("cleanup",),
        ("doctor",),
    ):
        result = run_cli(*words, "--json", cwd=tmp_path, check=False)
        assert (result.code, result.json()["error"]["code"]) == (2, "not_a_repository"), words


def test_without_a_pool_every_command_names_init(unpooled: Pooled) -> None:
    for words in (
        ("acquire",),
        ("status",),
        ("release",),
        ("where",),
        ("events",),
        ("branches",),
        ("queue", "list"),
    ):
        error = unpooled.refused(*words)
        assert (error["code"], error["hint"]) == ("no_pool", "poolmgr init"), words
    assert not unpooled.repo.state.exists()


def test_a_bare_repository_is_refused(repo: Repository, run_cli: Commands, tmp_path: Path) -> None:
    repo.git("clone", "--quiet", "--bare", str(repo.path), str(tmp_path / "bare.git"))
    result = run_cli("init", "--json", cwd=tmp_path / "bare.git", check=False)
    assert (result.code, result.json()["error"]["code"]) == (2, "not_a_repository")
    assert not (tmp_path / "bare.git/poolmgr").exists()


def test_without_a_commit_init_says_what_to_do(make_repo: Repositories, run_cli: Commands) -> None:
    pool = pool_of(make_repo("unborn", commits=0), run_cli)
    result = pool.run("init", check=False)
    assert result.code == 1
    assert "commit" in result.stderr
    pool.repo.commit("First.", {"a.txt": "a\n"})
    live_once(pool)


def test_an_unborn_branch_in_the_checkout_is_no_obstacle(unpooled: Pooled) -> None:
    unpooled.repo.git("checkout", "--quiet", "--orphan", "fresh")
    live_once(unpooled)


def test_a_shallow_clone_can_have_a_pool(repo: Repository, run_cli: Commands, tmp_path: Path) -> None:
    repo.git("clone", "--quiet", "--depth", "1", f"file://{repo.path}", str(tmp_path / "shallow"))
    live_once(pool_of(Repository(tmp_path / "shallow"), run_cli))


def test_a_repository_with_longer_object_names_can_have_a_pool(
    make_repo: Repositories, run_cli: Commands
) -> None:
    repo = make_repo("longer", commits=0)
    shutil.rmtree(repo.path / ".git")
    repo.git("init", "--quiet", "--object-format=sha256")
    repo.commit("First.", {"a.txt": "a\n"})
    live_once(pool_of(repo, run_cli))


def test_a_partial_clone_can_have_a_pool(repo: Repository, run_cli: Commands, tmp_path: Path) -> None:
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("clone", "--quiet", "--filter=blob:none", f"file://{repo.path}", str(tmp_path / "partial"))
    live_once(pool_of(Repository(tmp_path / "partial"), run_cli))


@pytest.mark.parametrize(
    "name", [b"-new\nline, caf\xe9 \xff", "Zürich 池 q'\"$(x)%25?#".encode()], ids=["bytes", "utf-8"],
)  # fmt: skip
def test_a_repository_may_lie_at_a_strange_path(
    make_repo: Repositories, run_cli: Commands, name: bytes
) -> None:
    live_once(pool_of(make_repo(os.fsdecode(b"room " + name + b"/" + name)), run_cli))


def test_files_of_any_name_are_named_and_kept(pool: Pooled) -> None:
    names = [
        os.fsdecode(name)
        for name in (b"with space", b"new\nline", b"caf\xe9 \xff", b"-dash", b'tab\t"q', b":(top)")
    ]
    lent = pool.acquire()
    for name in names:
        Path(lent["path"], name).write_text("kept\n")
    assert len(pool.refused("release", lent["slot"])["findings"]) == len(names)
    given = pool.release(lent["slot"], "--rescue")
    back = pool.repo.path.with_name("back")
    pool.run("rescue", "restore", given["rescue"], "--to", back)
    assert [Path(back, name).read_text() for name in names] == ["kept\n"] * len(names)


def test_settings_of_the_repository_run_nothing(unpooled: Pooled, tmp_path: Path) -> None:
    """fsmonitor, hooks, filters, pagers, editors, aliases: none of them is started by us."""
    canary = tmp_path / "canary"
    script = tmp_path / "evil.sh"
    script.write_text(f'#!/bin/sh\necho "$0 $*" >> {canary}\ncat\n')
    script.chmod(0o755)
    repo = unpooled.repo
    for name in (
        "post-checkout",
        "pre-commit",
        "reference-transaction",
        "post-index-change",
        "post-commit",
        "pre-push",
    ):
        shutil.copy(script, repo.path / ".git/hooks" / name)
    for key in (
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "sequence.editor",
        "core.sshCommand",
        "core.askPass",
        "diff.external",
        "credential.helper",
        "gpg.program",
        "core.alternateRefsCommand",
        "interactive.diffFilter",
        "alias.status",
    ):
        repo.git("config", key, str(script))
    for key in ("diff.evil.textconv", "diff.evil.command"):
        repo.git("config", key, str(script))
    repo.git("config", "core.hooksPath", str(repo.path / ".git/hooks"))
    live_once(unpooled)
    assert not canary.exists(), canary.read_text()


def test_a_filter_of_the_repository_does_not_run_when_work_is_kept(unpooled: Pooled, tmp_path: Path) -> None:
    repo = unpooled.repo
    repo.commit("Attributes.", {".gitattributes": "*.big filter=big\n", "a.big": "a\n"})
    canary = tmp_path / "canary"
    repo.git("config", "filter.big.clean", f"sh -c 'echo clean >> {canary}; cat'")
    unpooled.init(1)
    lent = unpooled.acquire()
    Path(lent["path"], "b.big").write_text("b\n")
    given = unpooled.release(lent["slot"], "--rescue")
    back = tmp_path / "back"
    unpooled.run("rescue", "restore", given["rescue"], "--to", back)
    assert (back / "b.big").read_text() == "b\n"


def test_a_committed_settings_file_runs_and_copies_nothing_without_trust(
    unpooled: Pooled, tmp_path: Path
) -> None:
    canary = tmp_path / "canary"
    unpooled.repo.commit("Evil settings.", {"poolmgr.yaml": (
        f"warm:\n  run: ['touch {canary}']\n  copy: ['.env']\n  keep: ['*']\n"
        f"release:\n  disposable: ['*']\n  ignore: ['*']\npool:\n  dir: '{tmp_path / 'elsewhere'}'\n"
    )})  # fmt: skip
    unpooled.repo.write({".env": "SECRET=1\n"})
    unpooled.init(1)
    lent = unpooled.acquire("--branch", "fix/login")
    assert lent["path"].startswith(str(tmp_path / "repo.worktrees"))
    Path(lent["path"], "untracked.txt").write_text("work\n")
    Path(lent["path"], "debug.env.log").write_text("ignored\n")
    assert pool_findings(unpooled, lent["slot"]) == ["untracked.txt"]
    unpooled.run("status")
    unpooled.release(lent["slot"], "--rescue")
    assert not canary.exists()
    assert not (tmp_path / "elsewhere").exists()
    assert not (Path(lent["path"]) / ".env").exists()


def pool_findings(pool: Pooled, slot: str) -> list[str]:
    return [finding["path"] for finding in pool.refused("release", slot)["findings"]]


def test_a_python_package_of_our_name_in_the_repository_is_not_run(unpooled: Pooled, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    evil = f"open({str(canary)!r}, 'w').close()\n"
    unpooled.repo.commit("Evil packages.", {
        "tracks.py": evil, "isolation/__init__.py": evil, "sitecustomize.py": evil, "typer.py": evil,
    })  # fmt: skip
    program = Path(sys.executable).with_name("poolmgr")
    if not program.exists():
        pytest.skip("the console script is not installed")
    for words in (("init", "--size", "1"), ("acquire",), ("status",)):
        subprocess.run(
            (program, *words),
            cwd=unpooled.repo,
            env=unpooled.environment(),
            capture_output=True,
            check=True,
            timeout=60,
        )
    unpooled.cli.settle()
    assert not canary.exists()


def test_a_pool_whose_slots_cannot_be_made_does_not_try_for_ever(repo: Repository, run_cli: Commands) -> None:
    repo.commit("Filter.", {".gitattributes": "*.py filter=gone\n"})
    repo.git("config", "filter.gone.smudge", "false")
    repo.git("config", "filter.gone.required", "true")
    pool = pool_of(repo, run_cli)
    pool.init(2)
    error = pool.refused("acquire", "--timeout", "1", code=75)
    assert "could not be made: git read-tree failed" in error["message"]
    run_cli.settle()
    assert [slot.state.value for slot in pool.snapshot().slots] == ["BROKEN", "BROKEN"]
    repo.git("config", "--remove-section", "filter.gone")
    for name in ("pool-wt-1", "pool-wt-2"):
        pool.run("pool", "adopt", name)
    assert pool.acquire()["slot"] == "pool-wt-1"
