"""The house style as far as a machine can see it: sizes, names, cycles, doors, purity."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator

import pytest

from tests.fixtures.source import (
    PACKAGES,
    TOP,
    Source,
    is_called,
    lines_of,
    list_sources,
    parameters_of,
)

TOP_LEVEL = {
    ".ci", ".gitignore", "CHANGELOG.md", "LICENSE", "README.md", "config", "docs", "isolation", "poolmgr",
    "pyproject.toml", "resources", "tests", "tracks",
}  # fmt: skip
FORBIDDEN_MODULES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}
FORBIDDEN_PREFIXES = ("get_", "handle_", "process_")
# The doors through which processes start, each with its reason.
STARTERS = {
    "isolation/git/program.py": "the one door to git",
    "isolation/database/embedded/program.py": "the embedded server and the programs that make it",
    "isolation/guards/launch.py": "the same for hooks, which cannot wait for `subprocess` to be imported",
    "poolmgr/services/ground/running.py": "the commands of the settings, for slots and templates",
    "poolmgr/services/planning/bd.py": "the one door to bd",
    "poolmgr/services/lending/child.py": "the command of `run`",
    "poolmgr/services/lending/witness.py": "notices what signals went to the whole group of that command",
    "poolmgr/services/ground/detached.py": "the workers, and who watches the embedded server",
}
STARTING_MODULES = {"subprocess", "multiprocessing", "pty"}
STARTING_CALLS = re.compile(r"os\.(system|popen|fork|forkpty|posix_spawnp?|(exec|spawn)[lv]p?e?)")
# Bytes and text of file names; nothing that touches a disk.
PURE_OS = {"fsencode", "fsdecode", "fspath", "PathLike"}
# Where the sixth parameter is not the last, or the tenth method, the reason stands here.
MORE_METHODS: dict[str, str] = {}
MORE_PARAMETERS: dict[str, str] = {}
BROAD_EXCEPTS = {
    "poolmgr/cli/boundary.py": "the one error boundary, which __main__ runs everything in",
    "isolation/work/survey.py": "hands an error from one thread to the thread that asked",
}


def every(*packages: str) -> Iterator[Source]:
    yield from list_sources(*packages)


def test_the_top_level_has_only_its_fixed_entries() -> None:
    listed = subprocess.run(
        ("git", "ls-files", "-z"), cwd=TOP, capture_output=True, text=True, check=False, timeout=60
    )
    if listed.returncode:
        pytest.skip("not a checkout: a source distribution has other entries")
    assert {name.partition("/")[0] for name in listed.stdout.split("\0") if name} <= TOP_LEVEL


def test_no_file_has_more_than_400_lines() -> None:
    assert [s.place for s in every() if s.text.count("\n") > 400] == []


def test_no_function_has_more_than_60_lines() -> None:
    long = [
        f"{s.place}: {f.name} has {lines_of(f)}" for s in every() for f in s.functions if lines_of(f) > 60
    ]
    assert long == []


def test_no_class_has_more_than_10_public_methods() -> None:
    large = [
        f"{s.place}: {c.name} has {len(methods)}"
        for s in every(*PACKAGES)
        for c in s.classes
        if len(
            methods := [m for m in c.body if isinstance(m, ast.FunctionDef) and not m.name.startswith("_")]
        )
        > 10
        and c.name not in MORE_METHODS
    ]
    assert large == []


def test_no_function_has_more_than_6_parameters_but_commands() -> None:
    many = [
        f"{s.place}: {f.name} has {len(parameters_of(f))}"
        for s in every(*PACKAGES)
        for f in s.functions
        if len(parameters_of(f)) > 6
        and f.name not in MORE_PARAMETERS
        and not (s.place.startswith("poolmgr/cli/") and f.decorator_list)
    ]
    assert many == []


def test_no_module_is_named_for_being_a_drawer() -> None:
    assert [s.place for s in every() if s.path.stem in FORBIDDEN_MODULES] == []


def test_no_function_hides_its_cost_behind_a_general_verb() -> None:
    vague = [
        f"{s.place}: {f.name}" for s in every() for f in s.functions if f.name.startswith(FORBIDDEN_PREFIXES)
    ]
    assert vague == []


def test_every_module_says_what_it_owns_in_at_most_ten_lines() -> None:
    docstrings = {s.place: ast.get_docstring(s.tree) or "" for s in every()}
    assert [place for place, text in docstrings.items() if not text or len(text.splitlines()) > 10] == []


def test_no_imports_go_in_a_circle() -> None:
    modules = {s.module for s in every(*PACKAGES)}
    graph = {
        s.module: {name for name in s.imports if name in modules and name != s.module}
        for s in every(*PACKAGES)
    }
    assert find_cycle(graph) == []


def find_cycle(graph: dict[str, set[str]]) -> list[str]:
    """Modules that import one another in a circle, empty when there are none."""
    rest = {name: set(targets) for name, targets in graph.items()}
    while True:
        leaves = {name for name, targets in rest.items() if not targets & rest.keys()}
        if not leaves:
            return sorted(rest)
        rest = {name: targets for name, targets in rest.items() if name not in leaves}


def test_a_circle_would_be_found() -> None:
    assert find_cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": set()}) == ["a", "b", "c", "d"]


def test_processes_start_only_in_modules_with_a_reason() -> None:
    others = [
        s.place
        for s in every(*PACKAGES)
        if s.place not in STARTERS
        and (STARTING_MODULES & set(s.imports) or any(map(is_start, ast.walk(s.tree))))
    ]
    assert others == []


def is_start(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and bool(STARTING_CALLS.fullmatch(ast.unparse(node.func)))


def test_no_process_is_started_through_a_shell() -> None:
    shells = [
        s.place
        for s in every()
        for node in ast.walk(s.tree)
        if is_called(node, "subprocess.Popen", "subprocess.run", "subprocess.check_output", "Popen")
        and isinstance(node, ast.Call)
        and any(keyword.arg == "shell" for keyword in node.keywords)
    ]
    assert shells == []


def test_only_the_command_line_prints() -> None:
    printing = [
        s.place
        for s in every(*PACKAGES)
        if not s.place.startswith("poolmgr/cli/")
        and any(is_called(node, "print", "sys.stdout.write", "sys.stderr.write") for node in ast.walk(s.tree))
    ]
    # The error boundary has no command line to print for it when that is what failed.
    assert set(printing) <= {"poolmgr/__main__.py"}


def test_only_the_error_boundary_catches_everything() -> None:
    broad = [
        s.place
        for s in every(*PACKAGES)
        for node in ast.walk(s.tree)
        if isinstance(node, ast.ExceptHandler) and is_broad(node)
    ]
    assert set(broad) <= BROAD_EXCEPTS.keys()
    assert len(broad) == len(set(broad))


def is_broad(handler: ast.ExceptHandler) -> bool:
    """Whether a handler swallows everything; one that only undoes and raises again does not."""
    names = {"Exception", "BaseException"}
    caught = handler.type is None or any(
        isinstance(node, ast.Name) and node.id in names for node in ast.walk(handler.type)
    )
    last = handler.body[-1]
    return caught and not (isinstance(last, ast.Raise) and last.exc is None)


def test_core_and_tracks_use_of_os_only_what_needs_no_system() -> None:
    impure = [
        f"{s.place}: os.{node.attr}"
        for s in every("poolmgr/core", "tracks")
        for node in ast.walk(s.tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        and node.attr not in PURE_OS
    ]
    assert impure == []


def test_core_and_tracks_ask_no_clock() -> None:
    asking = [
        s.place
        for s in every("poolmgr/core", "tracks")
        for node in ast.walk(s.tree)
        if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}
        and isinstance(node.value, ast.Name) and node.value.id in {"datetime", "date"}
    ]  # fmt: skip
    assert asking == []


def test_no_test_replaces_a_part_by_a_mock() -> None:
    mocked = {s.place for s in every() if any("mock" in name.lower() for name in s.imports)}
    assert mocked == set()


def test_no_test_sleeps() -> None:
    # Polling with a deadline is the fixtures' business; a fixed sleep is nobody's.
    sleeping = {
        s.place
        for s in every("tests")
        if not s.place.startswith(("tests/fixtures/", "tests/bench/"))
        and any(is_called(node, "time.sleep", "sleep") for node in ast.walk(s.tree))
    }
    assert sleeping == set()
