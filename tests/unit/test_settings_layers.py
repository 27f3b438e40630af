"""Which place wins, what is skipped for want of trust, and how the pool's sizes fit together."""

from __future__ import annotations

import pytest

from poolmgr.core.settings import PoolSettings, Settings, SettingsError
from poolmgr.core.settings_defaults import DISPOSABLE, KEEP
from poolmgr.core.settings_layers import Loaded, Source, layered
from poolmgr.core.settings_parse import Given
from poolmgr.core.settings_values import Value
from tracks.globs import compile_globs


def load(*layers: tuple[Source, dict[str, Value]], is_trusted: bool = False) -> Loaded:
    """The settings of layers, each value placed at its own layer's name."""
    placed = [
        (source, [Given(key=key, value=value, place=source.name) for key, value in values.items()])
        for source, values in layers
    ]
    return layered(placed, digest=None, is_trusted=is_trusted)


def sizes(**numbers: int) -> tuple[int, int, int]:
    """Minimum, initial size and maximum when this clone sets these."""
    pool = load((Source.CLONE, {f"pool.{name}": number for name, number in numbers.items()})).settings.pool
    return pool.min, pool.initial, pool.max


def test_without_layers_all_is_default() -> None:
    loaded = load()
    assert loaded.settings == Settings()
    assert loaded.origins == {}
    assert loaded.origin("pool.max").source is Source.DEFAULT


def test_the_later_layer_wins_and_is_named() -> None:
    loaded = load(
        (Source.COMMITTED, {"pool.max": 5, "queue.timeout": 1.0}),
        (Source.CLONE, {"pool.max": 6}),
        (Source.ENVIRONMENT, {"pool.max": 7}),
        (Source.FLAG, {"pool.max": 8}),
    )
    assert loaded.settings.pool.max == loaded.values["pool.max"] == 8
    assert loaded.origin("pool.max").source is Source.FLAG
    assert str(loaded.origin("queue.timeout")) == "committed file (COMMITTED)"


def test_a_committed_file_without_trust_sets_nothing_that_harms() -> None:
    harmful: dict[str, Value] = {
        "warm.run": ("x",),
        "release.disposable": ("*",),
        "pool.dir": "/x",
        "env": {"A": "b"},
    }
    loaded = load((Source.COMMITTED, {**harmful, "pool.max": 5}))
    assert loaded.settings == Settings(pool=PoolSettings(max=5))
    assert {each.key for each in loaded.skipped} == set(harmful)
    trusted = load((Source.COMMITTED, harmful), is_trusted=True)
    assert trusted.settings.warm.run == ("x",)
    assert trusted.skipped == ()


def test_what_is_skipped_leaves_what_this_clone_says() -> None:
    loaded = load((Source.COMMITTED, {"warm.run": ("evil",)}), (Source.CLONE, {"warm.run": ("mine",)}))
    assert loaded.settings.warm.run == ("mine",)


def test_three_dots_stand_for_the_defaults() -> None:
    loaded = load((Source.CLONE, {"release.disposable": ("a", "...", "!b", "..."), "warm.run": ("...", "x")}))
    assert loaded.settings.release.disposable == ("a", *DISPOSABLE, "!b")
    assert loaded.settings.warm.run == ("x",)


def test_what_is_set_without_effect_is_known() -> None:
    assert load((Source.CLONE, {"limits.disk_warn": "1GiB", "pool.max": 5})).idle == ("limits.disk_warn",)


def test_sizes_nobody_set_give_way() -> None:
    assert sizes() == (3, 4, 10)
    assert sizes(max=2) == (2, 2, 2)
    assert sizes(min=20) == (20, 20, 20)
    assert sizes(initial=1) == (1, 1, 10)
    assert sizes(initial=50) == (3, 50, 50)
    assert sizes(min=5) == (5, 5, 10)
    assert sizes(min=1, max=100) == (1, 4, 100)


def test_the_table_of_values_agrees_with_the_settings() -> None:
    loaded = load((Source.CLONE, {"pool.max": 2}))
    assert loaded.values["pool.min"] == loaded.settings.pool.min == 2


@pytest.mark.parametrize(
    "numbers", [{"min": 5, "max": 4}, {"initial": 5, "max": 4}, {"min": 5, "initial": 4}]
)
def test_sizes_that_contradict_each_other_are_refused(numbers: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match="above") as caught:
        sizes(**numbers)
    assert caught.value.exit_code == 2
    assert caught.value.problems[0].place == "CLONE"


def test_a_contradiction_across_layers_names_both_places() -> None:
    with pytest.raises(SettingsError, match=r"CLONE: pool.min is 20, above pool.max \(5, COMMITTED\)"):
        load((Source.COMMITTED, {"pool.max": 5}), (Source.CLONE, {"pool.min": 20}))


NORMAL_DAY = (
    "node_modules/left-pad/index.js", "web/node_modules/.cache/x", ".venv/bin/python",
    "pkg/__pycache__/a.pyc", ".pytest_cache/v/x", ".mypy_cache/x", ".ruff_cache/x", ".tox/py/x",
    "target/debug/app", "build/lib/a.py", "dist/app.whl", "app.egg-info/PKG-INFO", ".next/cache/x",
    ".turbo/x.log", ".gradle/8/x", "coverage/index.html", ".coverage", "htmlcov/i.html", "main.o",
    "A.class", ".DS_Store", "npm-debug.log", "log/test.log", ".terraform/providers/x",
    "vendor/autoload.php", "tsconfig.tsbuildinfo", "cmake-build-debug/x", "obj/a.dll", ".eslintcache",
    ".hypothesis/x", "playwright-report/index.html", ".dart_tool/x", "_build/dev/x",
)  # fmt: skip
WORK = (
    ".env", ".env.local", "web/.env.production", "settings.local", "config/app.local", "db.sqlite3",
    "dev.sqlite", "data.db", "notes.md", "TODO.txt", "scratch/idea.py", ".vscode/settings.json",
    ".idea/workspace.xml", "terraform.tfstate", "dump.sql", "results/run1.csv", "out/figure.png",
    "secrets.json", "key.pem", ".envrc", "CLAUDE.local.md", ".vagrant/machines/x", "wip.patch",
    "a.py.orig", ".a.py.swp",
)  # fmt: skip


@pytest.mark.parametrize("path", NORMAL_DAY)
def test_what_a_normal_day_leaves_is_disposable(path: str) -> None:
    assert compile_globs(DISPOSABLE).matches(path)


@pytest.mark.parametrize("path", WORK)
def test_what_somebody_may_have_written_is_not(path: str) -> None:
    assert not compile_globs(DISPOSABLE).matches(path)


def test_what_is_kept_is_disposable_too() -> None:
    globs = compile_globs(DISPOSABLE)
    assert all(globs.matches(glob.rstrip("/"), is_dir=True) for glob in KEEP)


def test_settings_are_frozen_and_know_their_fields() -> None:
    pool = PoolSettings(max=5)
    with pytest.raises(AttributeError, match=r"PoolSettings\.max is frozen"):
        pool.max = 6  # type: ignore[misc]
    with pytest.raises(TypeError, match="has no mx"):
        PoolSettings(mx=5)  # type: ignore[call-arg]
    assert pool == PoolSettings(max=5) != PoolSettings()
    assert "max=5" in repr(pool)


def test_a_template_that_names_a_port_beyond_the_block_is_a_problem_at_its_place() -> None:
    template: dict[str, Value] = {"env": {".env": {"PORT": "{port3}"}}}
    assert load((Source.CLONE, template)).settings.ports.block == 10
    with pytest.raises(SettingsError, match=r"env \.env: PORT names port 3 of a lease.*ports\.block is 3"):
        load((Source.CLONE, template), (Source.FLAG, {"ports.block": 3}))
