"""Settings from real files: what is read, kept, refused and trusted."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from poolmgr.core.settings_layers import Source
from poolmgr.services.settings.cache import CACHE
from poolmgr.services.settings.load import load_settings
from poolmgr.services.settings.local import set_local
from tests.fixtures.settings import Files

SETTLED = "import time; time.time_ns = lambda: 2**62"


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_a_repository_without_files_has_defaults(files: Files) -> None:
    assert files.load().origins == {}
    assert files.load().digest is None
    assert list(files.state.iterdir()) == []


def test_a_bare_repository_and_a_missing_state_directory_do_no_harm(tmp_path: Path) -> None:
    assert load_settings(None, tmp_path / "nowhere", {}).origins == {}


def test_each_layer_has_its_say(files: Files) -> None:
    files.committed.write_text("pool: {max: 5, min: 1}\nqueue: {timeout: 1m}\n")
    files.clone.write_text("# mine\npool:\n  max: 6\n")
    loaded = files.load(POOLMGR_POOL_MIN="2")
    assert (loaded.settings.pool.min, loaded.settings.pool.max, loaded.settings.queue.timeout) == (2, 6, 60.0)
    assert loaded.origin("queue.timeout").place == "poolmgr.yaml:2"
    assert loaded.origin("pool.max").place == f"{files.clone}:3"
    assert loaded.origin("pool.min").source is Source.ENVIRONMENT


def test_the_problems_of_both_files_are_reported_together(files: Files) -> None:
    files.committed.write_text("pool: {mx: 5}\n")
    files.clone.write_text("pool: {max: five}\n")
    assert files.refusal().splitlines() == [
        "poolmgr.yaml:1: pool.mx is no setting; did you mean pool.max?",
        f"{files.clone}:1: pool.max wants a whole number from 1 to 1000, not 'five'",
    ]


def in_new_process(files: Files, *before: str) -> list[str]:
    """The maximum, and the modules that loading it in a new process imported."""
    code = [
        *before,
        "import sys; from pathlib import Path; from poolmgr.services.settings.load import load_settings",
        f"loaded = load_settings(Path({str(files.checkout)!r}), Path({str(files.state)!r}), {{}})",
        "costly = {'yaml', 'difflib', 'tracks.globs', 'hashlib'}",
        "print(loaded.settings.pool.max, *sorted(costly & set(sys.modules)))",
    ]
    done = subprocess.run((sys.executable, "-c", "\n".join(code)), capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_without_files_nothing_is_imported_for_them(files: Files) -> None:
    assert in_new_process(files) == ["10"]


def test_a_file_is_parsed_once_and_then_kept(files: Files) -> None:
    files.committed.write_text("pool: {max: 5}\nrelease: {disposable: [a]}\n")
    assert "yaml" in in_new_process(files, SETTLED)
    assert in_new_process(files, SETTLED) == ["5"]
    assert stat.S_IMODE((files.state / CACHE).stat().st_mode) == 0o600
    files.committed.write_text("pool: {max: 6}\nrelease: {disposable: [a]}\n")
    assert in_new_process(files)[0] == "6"


def test_a_kept_file_says_what_the_file_said(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poolmgr.services.settings.cache.time.time_ns", lambda: 2**62)
    files.committed.write_text("pool: {max: 5}\nwarm: {run: [x]}\n")
    files.clone.write_text("env: {A: 1}\nrelease: {disposable: ['...', b]}\npool: {base: null}\n")
    first = files.load()
    assert (files.state / CACHE).exists()
    assert files.load() == first


@pytest.mark.parametrize(
    "text",
    [
        "database: {'postgresql://me:hunter2@h/d'}", "database: postgresql://me:hunter2@h/d",
        "database:\n  mode: server\n  dsn:postgresql://me:hunter2@h/d", "dsn: postgresql://me:hunter2@h/d",
        'database: {dsn: "postgresql://me:\\hunter2@h/d"}', "database: {dsn: 'postgresql://me:hunter2@h/d}",
        "database: {dsn: [postgresql://me:hunter2@h/d]}", "pool: {max: 'postgresql://me:hunter2'}",
    ],
)  # fmt: skip
def test_an_address_in_a_wrong_place_is_refused_without_its_password(files: Files, text: str) -> None:
    files.committed.write_text(text)
    said = files.refusal()
    assert "hunter2" not in said
    assert "'h'" not in said


@pytest.mark.parametrize(
    "spelled",
    ["postgresql://me:hunter2é@h/d", '"postgresql://me:hunter2é@h/d"', r'"postgresql://me:\x68unter2é@h/d"'],
)
def test_a_password_is_not_kept(files: Files, monkeypatch: pytest.MonkeyPatch, spelled: str) -> None:
    monkeypatch.setattr("poolmgr.services.settings.cache.time.time_ns", lambda: 2**62)
    files.clone.write_text(f"# é\npool: {{max: 5}}\ndatabase:\n  dsn: {spelled}\n")
    first = files.load()
    assert first.settings.database.dsn == "postgresql://me:hunter2é@h/d"
    assert (files.state / CACHE).exists() is (r"\x" not in spelled)
    assert not any("unter2" in file.read_text() for file in files.state.iterdir() if file != files.clone)
    assert files.load() == first
    files.clone.write_text(files.clone.read_text().replace("@h", "@other"))
    assert files.load().settings.database.dsn == "postgresql://me:hunter2é@other/d"


def test_a_file_changed_a_moment_ago_is_not_kept(files: Files) -> None:
    files.committed.write_text("pool: {max: 5}\n")
    files.load()
    assert not (files.state / CACHE).exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", '{"version": 1}', "\xff", "[" * 100_000])
def test_a_damaged_cache_is_passed_over(files: Files, text: str) -> None:
    files.committed.write_text("pool: {max: 5}\n")
    (files.state / CACHE).write_text(text, encoding="latin-1")
    assert files.load().settings.pool.max == 5


def test_a_state_directory_that_cannot_be_written_only_costs_time(files: Files) -> None:
    files.committed.write_text("pool: {max: 5}\n")
    (files.state / CACHE).mkdir()
    assert in_new_process(files, SETTLED)[0] == "5"
    assert in_new_process(files, SETTLED)[0] == "5"


HOSTILE = [
    ("a: &x [1]\nb: *x\n", "anchors"),
    ("a: *x\n", "anchors"),
    ("a: !!python/object/apply:os.system ['true']\n", "tags"),
    ("pool: {max: 1}\npool: {max: 2}\n", "second time"),
    ("pool: {max: 1, max: 2}\n", "second time"),
    ("pool:\n  max: 1\n---\npool: {}\n", "second document"),
    ("[" * 50_000, "nested too deeply"),
    ("{a: " * 50_000, "nested too deeply"),
    ("warm: {run: [" + "a," * 30_000 + "]}\n", "too long"),
    ("pool: [\n", "is no YAML"),
    ("pool: {max: 1\nqueue: x", "is no YAML"),
    ("\tpool: 1\n", "is no YAML"),
    ("a: \x01\n", "is no YAML"),
    ("? [a]\n: b\n", "a key must be a word"),
    ("pool: {max: " + "9" * 5000 + "}\n", "cannot be read"),
    ("# " + "x" * 300_000, "larger than 256 KiB"),
]


@pytest.mark.parametrize(("text", "words"), HOSTILE)
def test_a_hostile_file_is_refused_in_words(files: Files, text: str, words: str) -> None:
    files.committed.write_text(text)
    message = files.refusal()
    assert message.startswith("poolmgr.yaml")
    assert words in message


def test_a_file_that_is_not_utf8_is_refused_with_its_line(files: Files) -> None:
    files.committed.write_bytes(b"pool:\n  base: caf\xe9\n")
    assert files.refusal() == "poolmgr.yaml:2: is not UTF-8"


def test_a_byte_order_mark_is_no_content(files: Files) -> None:
    files.committed.write_bytes(b"\xef\xbb\xbfpool: {max: 5}\n")
    assert files.load().settings.pool.max == 5


@pytest.mark.parametrize("kind", ["absolute", "upward", "into git", "dangling"])
def test_a_committed_link_out_of_the_checkout_is_refused(files: Files, tmp_path: Path, kind: str) -> None:
    (tmp_path / "outside.yaml").write_text("pool: {max: 5}\n")
    (files.checkout / ".git" / "x.yaml").write_text("pool: {max: 5}\n")
    targets = {
        "absolute": str(tmp_path / "outside.yaml"),
        "upward": "../outside.yaml",
        "into git": ".git/x.yaml",
        "dangling": "../nothing.yaml",
    }
    files.committed.symlink_to(targets[kind])
    assert "symbolic link out of the checkout" in files.refusal()


def test_a_committed_link_within_the_checkout_is_followed(files: Files) -> None:
    (files.checkout / "config").mkdir()
    (files.checkout / "config" / "pool.yaml").write_text("pool: {max: 5}\n")
    files.committed.symlink_to("config/pool.yaml")
    assert files.load().settings.pool.max == 5


def test_a_link_of_this_clone_is_its_owners(files: Files, tmp_path: Path) -> None:
    elsewhere = tmp_path / "dotfiles.yaml"
    elsewhere.write_text("pool: {max: 5}\n")
    files.clone.symlink_to(elsewhere)
    assert files.load().settings.pool.max == 5
    set_local(files.state, "pool.max", 6)
    assert files.clone.is_symlink()
    assert files.load().settings.pool.max == 6
    assert "6" in elsewhere.read_text()


@pytest.mark.parametrize("kind", ["pipe", "directory"])
def test_what_is_no_regular_file_is_refused(files: Files, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(files.committed)
    else:
        files.committed.mkdir()
    assert "poolmgr.yaml: is no regular file" in files.refusal()


def test_what_is_kept_is_plain_json(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poolmgr.services.settings.cache.time.time_ns", lambda: 2**62)
    files.committed.write_text("pool: {max: 5}\n")
    files.load()
    kept = json.loads((files.state / CACHE).read_text())
    assert kept["committed"] == [["pool.max", 5, "poolmgr.yaml:1"]]
