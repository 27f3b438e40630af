"""Real hook tools, installed before and after the guards, in the main checkout and in the slot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.repositories import Repository
from tests.integration.guarded import Guarded, make_guarded, make_repository

RUN = "sh record.sh"
HOOKS = f"""\
repos:
  - repo: local
    hooks:
      - id: record
        name: record
        language: system
        entry: {RUN}
        always_run: true
        pass_filenames: false
"""
CONFIGURED = {
    ".pre-commit-config.yaml": HOOKS,
    "lefthook.yml": f"pre-commit:\n  commands:\n    record:\n      run: {RUN}\n",
    ".husky/pre-commit": f"{RUN}\n",
    ".gitignore": ".husky/_\n",
    "record.sh": 'echo ran >>"$RECORD"\n',
}
INSTALLING = {
    "pre-commit": ("pre-commit", "install"),
    "prek": ("prek", "install"),
    "lefthook": ("lefthook", "install"),
    "husky": ("node", "husky/bin.js"),
}


@pytest.fixture(scope="module")
def husky(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Husky from npm; it has no wheel."""
    place = tmp_path_factory.mktemp("npm")
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("husky is not tested: there is no npm")
    quiet = ("--silent", "--no-audit", "--no-fund", "--fetch-retries=0", "--fetch-timeout=15000")
    command = (npm, "install", *quiet, "--prefix", str(place), "husky@9")
    try:
        done = subprocess.run(command, cwd=place, capture_output=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("husky is not tested: npm did not answer")
    if done.returncode:
        pytest.skip(f"husky is not tested: npm could not install it: {os.fsdecode(done.stderr)[-200:]}")
    return place / "node_modules/husky/bin.js"


@pytest.fixture(params=INSTALLING)
def tool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[str, ...]:
    """What installs the hooks of one tool."""
    name = request.param
    monkeypatch.setenv("RECORD", str(tmp_path / "record"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if name == "husky":
        return "node", str(request.getfixturevalue("husky"))
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not tested: it is not installed (it is in the dev extra)")
    return INSTALLING[name]


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    made = make_repository(tmp_path)
    made.commit("Configure the tools.", CONFIGURED)
    return made


def require_chained(slot: Guarded, *, times: int = 1) -> None:
    """An inside commit runs the tool once, an outside one is refused, with its hook and without."""
    record = slot.path.parent / "record"
    record.unlink(missing_ok=True)
    slot.write("src/app.py", f"{(slot.path / 'src/app.py').read_text()}more\n")
    slot("commit", "--all", "--message", "Inside.")
    assert record.read_text().split() == ["ran"] * times
    slot.write("docs/guide.md")
    slot.refused("commit", "--all", "--message", "Outside.")
    slot.refused("commit", "--all", "--no-verify", "--message", "Outside.")
    slot("restore", "--staged", "--worktree", "docs")


def test_a_tool_installed_before_the_guards_runs_with_them(
    repo: Repository, tool: tuple[str, ...], tmp_path: Path
) -> None:
    install(repo.path, tool)
    slot = make_guarded(repo, tmp_path / "slot")
    require_chained(slot)
    assert slot.verify() == ()


def test_a_tool_installed_in_the_main_checkout_later_runs_with_them(
    repo: Repository, tool: tuple[str, ...], tmp_path: Path
) -> None:
    slot = make_guarded(repo, tmp_path / "slot")
    slot("commit", "--allow-empty", "--message", "Before.")
    install(repo.path, tool)
    require_chained(slot)
    assert slot.verify() == ()


def test_a_tool_installed_in_the_slot_runs_with_them(
    repo: Repository, tool: tuple[str, ...], tmp_path: Path
) -> None:
    slot = make_guarded(repo, tmp_path / "slot")
    done = slot.run(*tool)
    if tool[0] == "pre-commit":
        # It installs nowhere while core.hooksPath is set, and says so; the main checkout is the place.
        assert done.code == 1
        assert "core.hooksPath" in done.stdout + done.stderr
        install(repo.path, tool)
    else:
        assert done.code == 0, done.stderr
    if tool[0] == "lefthook":
        install(slot.path, (*tool, "--force"))
        install(slot.path, (*tool, "--reset-hooks-path"))
    slot.verify()
    require_chained(slot)
    assert slot.verify() == ()


@pytest.mark.parametrize("tool", ["prek"], indirect=True)
def test_a_tool_installed_in_both_runs_once(repo: Repository, tool: tuple[str, ...], tmp_path: Path) -> None:
    install(repo.path, tool)
    slot = make_guarded(repo, tmp_path / "slot")
    install(slot.path, tool)
    assert len(slot.verify()) == 1
    require_chained(slot)


def install(place: Path, tool: tuple[str, ...]) -> None:
    """Install the hooks of a tool from there."""
    done = subprocess.run(tool, cwd=place, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, os.fsdecode(done.stdout + done.stderr)
