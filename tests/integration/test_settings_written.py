"""What poolmgr itself writes: trust, and keys in this clone's settings."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from poolmgr.core.settings import SettingsError
from poolmgr.core.settings_values import Raw
from poolmgr.services.settings.local import set_local
from poolmgr.services.settings.trust import TRUST, read_trust, write_trust
from tests.fixtures.settings import Files


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_trust_holds_for_the_file_as_it_was(files: Files) -> None:
    files.committed.write_text("warm: {run: [make]}\n")
    loaded = files.load()
    assert [each.key for each in loaded.skipped] == ["warm.run"]
    assert loaded.digest is not None
    write_trust(files.state, loaded.digest)
    assert files.load().settings.warm.run == ("make",)
    assert stat.S_IMODE((files.state / TRUST).stat().st_mode) == 0o600
    files.committed.write_text("warm: {run: [make, evil]}\n")
    assert files.load().settings.warm.run == ()
    files.committed.write_text("warm: {run: [make]}\n")
    assert files.load().settings.warm.run == ("make",)


def test_trust_is_taken_back_with_its_file(files: Files) -> None:
    write_trust(files.state, "a")
    write_trust(files.state, "b")
    write_trust(files.state, "a")
    assert read_trust(files.state) == ("b", "a")
    (files.state / TRUST).unlink()
    assert read_trust(files.state) == ()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"digests": 5}', '{"digests": [5]}', "x", "[" * 100_000])
def test_damaged_trust_is_no_trust(files: Files, text: str) -> None:
    (files.state / TRUST).write_text(text)
    assert read_trust(files.state) == ()


def test_a_key_is_written_and_the_rest_stays(files: Files) -> None:
    files.clone.write_text(
        "# mine\npool:  # sizes\n  # at most\n  max: 5   # five\n\nqueue:\n  timeout: 1m\n"
    )
    set_local(files.state, "pool.max", 12)
    set_local(files.state, "pool.min", 1)
    set_local(files.state, "queue.timeout", "5s")
    assert files.clone.read_text() == (
        '# mine\npool:  # sizes\n  min: 1\n  # at most\n  max: 12   # five\n\nqueue:\n  timeout: "5s"\n'
    )
    assert stat.S_IMODE(files.clone.stat().st_mode) == 0o600


SHAPES = [
    "",
    "# nothing\n",
    "pool: {max: 5}\n",
    "pool:\n",
    "pool: null\n",
    "pool:\n    initial: 3",
    "queue: {timeout: 1m}",
    "warm:\n  run:\n  - a\n  - b # c\nenv: {A: '#'}\n",
    '"pool":\n  "max": 5\n',
    "pool:\n  max:\n    5\n",
    "---\npool:\n  max: 5\n...\n",
    "pool:\n  base: |\n    main\n",
]


@pytest.mark.parametrize("text", SHAPES[:-1])
@pytest.mark.parametrize(
    ("key", "value"), [("pool.max", 7), ("env", {"B": "2"}), ("database.template.run", ("x", "y"))]
)
def test_a_key_can_be_written_into_any_shape(files: Files, text: str, key: str, value: Raw) -> None:
    files.clone.write_text(text)
    before = files.load().values
    set_local(files.state, key, value)
    after = files.load().values
    assert after[key] == value
    assert {name for name in after if after[name] != before[name]} <= {key}


def test_a_wrong_key_or_value_is_not_written(files: Files) -> None:
    for key, value in (("pool.mx", 5), ("pool.max", 5000)):
        with pytest.raises(SettingsError):
            set_local(files.state, key, value)
    assert not files.clone.exists()


def test_a_broken_file_of_this_clone_is_left_alone(files: Files) -> None:
    files.clone.write_text("pool: [\n")
    with pytest.raises(SettingsError):
        set_local(files.state, "pool.max", 5)
    assert files.clone.read_text() == "pool: [\n"
