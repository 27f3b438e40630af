"""The repository's own hooks run first, as git would run them, wherever they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.guarded import Guarded, make_guarded, make_repository, place_guards, write_hook

# Says its name, its arguments, its directory, and each line of its input.
RECORD = """
{
    echo "$(basename "$0")|$*|$PWD"
    case $0 in *reference-transaction | *pre-push | *post-rewrite) sed 's/^/  /' ;; esac
} >>"$RECORD"
"""


@pytest.fixture
def slot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Guarded:
    monkeypatch.setenv("RECORD", str(tmp_path / "record"))
    return make_guarded(make_repository(tmp_path), tmp_path / "slot")


def list_runs(slot: Guarded) -> list[str]:
    """What the hooks recorded since last asked."""
    record = slot.path.parent / "record"
    lines = record.read_text().splitlines() if record.exists() else []
    record.unlink(missing_ok=True)
    return lines


def change(slot: Guarded, name: str = "src/app.py") -> None:
    """An edit that is staged."""
    slot.write(name, f"{(slot.path / name).read_text() if (slot.path / name).exists() else ''}more\n")
    slot("add", name)


def test_every_hook_gets_its_arguments_and_its_input_once(slot: Guarded) -> None:
    names = (
        "pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "reference-transaction", "pre-push",
        "post-rewrite", "post-checkout", "post-index-change",
    )  # fmt: skip
    for name in names:
        write_hook(slot.repo.path / ".git/hooks", name, RECORD)
    change(slot)
    list_runs(slot)
    slot("commit", "--message", "One.")
    runs = list_runs(slot)
    new, old = slot.head, slot("rev-parse", "HEAD~1").stdout.strip()
    top = f"|{slot.path}"
    message = f"{slot.admin}/COMMIT_EDITMSG"
    assert [run for run in runs if not run.startswith("post-index-change")] == [
        f"pre-commit|{top}", f"prepare-commit-msg|{message} message{top}", f"commit-msg|{message}{top}",
        f"reference-transaction|prepared{top}", f"  {old} {new} HEAD", f"  {old} {new} refs/heads/work",
        f"reference-transaction|committed{top}", f"  {old} {new} HEAD", f"  {old} {new} refs/heads/work",
        f"post-commit|{top}",
    ]  # fmt: skip
    slot("commit", "--amend", "--message", "Two.")
    assert [run for run in list_runs(slot) if run.startswith(("post-rewrite", f"  {new}"))][-2:] == [
        f"post-rewrite|amend{top}", f"  {new} {slot.head}",
    ]  # fmt: skip
    slot.repo.git("init", "--quiet", "--bare", "../bare.git")
    slot("push", "--quiet", "../bare.git", "work")
    runs = list_runs(slot)
    assert f"pre-push|../bare.git ../bare.git{top}" in runs
    assert f"  refs/heads/work {slot.head} refs/heads/work {'0' * 40}" in runs


@pytest.mark.parametrize("count", [1, 3, 4, 5, 50])
def test_a_hook_with_input_of_many_lines_gets_all_of_them(slot: Guarded, count: int) -> None:
    write_hook(slot.repo.path / ".git/hooks", "reference-transaction", RECORD)
    head, refs = slot.head, [f"refs/heads/many/{number}" for number in range(count)]
    slot("update-ref", "--stdin", stdin="".join(f"create {ref} {head}\n" for ref in refs))
    given = [f"  {'0' * 40} {head} {ref}" for ref in refs]
    states = [f"reference-transaction|{state}|{slot.path}" for state in ("prepared", "committed")]
    assert list_runs(slot) == [states[0], *given, states[1], *given]


def test_what_an_own_hook_refuses_is_refused_with_its_words_and_code(slot: Guarded) -> None:
    hook = write_hook(slot.repo.path / ".git/hooks", "pre-commit", "echo no such luck >&2; exit 7")
    change(slot, "docs/guide.md")
    done = slot.attempt("commit", "--message", "One.")
    assert (done.code, done.stderr) == (1, "no such luck\n")
    hook.chmod(0o644)
    assert slot.refused("commit", "--message", "One.").stderr.startswith("poolmgr: refused: ")
    assert slot.run(slot.hooks / "pre-push", "a", "b").code == 0
    write_hook(slot.repo.path / ".git/hooks", "pre-push", "exit 7")
    assert slot.run(slot.hooks / "pre-push", "a", "b").code == 7


def test_the_guard_judges_what_the_own_hook_left_staged(slot: Guarded) -> None:
    write_hook(
        slot.repo.path / ".git/hooks",
        "pre-commit",
        "git checkout HEAD -- docs; echo x >>src/run.sh; git add src",
    )
    change(slot, "docs/guide.md")
    change(slot)
    assert slot("commit", "--message", "The hook tidies up.").said == []
    assert slot("show", "--name-only", "--format=").stdout == "src/app.py\nsrc/run.sh\n"
    write_hook(slot.repo.path / ".git/hooks", "pre-commit", "echo x >>lib/other.py; git add lib")
    change(slot)
    assert "lib/other.py (changed)" in slot.refused("commit", "--message", "The hook adds.").stderr


@pytest.mark.parametrize(
    "how", [("--message", "One."), ("--all", "--message", "All."), ("--message", "Path.", "--", "src")]
)
def test_what_a_tracker_stages_is_left_out_and_what_the_user_staged_is_judged(
    slot: Guarded, how: tuple[str, ...]
) -> None:
    write_hook(
        slot.repo.path / ".git/hooks", "pre-commit",
        "mkdir -p .beads; echo issue >>.beads/issues.jsonl; git add .beads/issues.jsonl",
    )  # fmt: skip
    change(slot)
    done = slot("commit", *how)
    told = "poolmgr: note: a hook staged what this slot does not own, so it stays out of the commit: "
    assert done.said == [told + ".beads/issues.jsonl"]
    assert slot("show", "--name-only", "--format=").stdout == "src/app.py\n"
    assert ".beads" in slot("status", "--porcelain", "--untracked-files=all").stdout
    change(slot)
    assert slot("commit", *how).said == [told + ".beads/issues.jsonl"]
    (slot.path / ".beads/issues.jsonl").write_text("of the user\n")
    slot("add", "--force", ".beads")
    change(slot)
    if "--" not in how:
        assert ".beads/issues.jsonl (added)" in slot.refused("commit", *how).stderr


def test_tracked_files_of_a_tracker_stay_as_they_were(slot: Guarded) -> None:
    slot.repo.commit("Issues.", {".beads/issues.jsonl": "first\n", ".beads/old.jsonl": "old\n"})
    slot("merge", "--quiet", "--ff-only", "main")
    write_hook(
        slot.repo.path / ".git/hooks", "pre-commit",
        "echo second >>.beads/issues.jsonl; rm .beads/old.jsonl; git add --all .beads",
    )  # fmt: skip
    change(slot)
    slot("commit", "--message", "One.")
    assert slot("show", "--name-only", "--format=").stdout == "src/app.py\n"
    left = " M .beads/issues.jsonl\n D .beads/old.jsonl\n"
    assert slot("status", "--porcelain").stdout == left
    change(slot)
    slot("commit", "--all", "--message", "Two, with what the hook left.")
    assert slot("show", "--name-only", "--format=").stdout == "src/app.py\n"
    assert slot("status", "--porcelain").stdout == left


@pytest.mark.parametrize("when", ["before", "after"])
def test_hooks_in_a_directory_of_the_repository_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    monkeypatch.setenv("RECORD", str(tmp_path / "record"))
    repo = make_repository(tmp_path)
    slot = make_guarded(repo, tmp_path / "slot") if when == "after" else None
    repo.git("config", "core.hooksPath", "tools/hooks")
    write_hook(repo.path / "tools/hooks", "pre-commit", RECORD)
    write_hook(repo.path / "tools/hooks", "commit-msg", RECORD)
    write_hook(repo.path / ".git/hooks", "pre-commit", "echo wrong place >&2; exit 1")
    slot = slot or make_guarded(repo, tmp_path / "slot")
    change(slot)
    slot("commit", "--message", "With those of the main checkout.")
    assert [run.partition("|")[0] for run in list_runs(slot)] == ["pre-commit", "commit-msg"]
    write_hook(slot.path / "tools/hooks", "pre-commit", "echo mine >&2")
    change(slot)
    assert slot("commit", "--message", "With those of the slot.").stderr == "mine\n"
    assert list_runs(slot) == []
    slot("config", "core.hooksPath", str(tmp_path / "absolute"))
    write_hook(tmp_path / "absolute", "pre-commit", "echo absolute >&2")
    change(slot)
    assert slot("commit", "--message", "With those of a path.").stderr == "absolute\n"


@pytest.mark.parametrize("value", ["{slot.hooks}", "{slot.admin}/../slot/poolmgr-hooks/", "poolmgr-hooks"])
def test_the_guard_never_chains_to_itself(slot: Guarded, value: str) -> None:
    write_hook(slot.repo.path / ".git/hooks", "pre-commit", RECORD)
    slot.repo.git("config", "core.hooksPath", value.format(slot=slot))
    change(slot)
    slot("commit", "--message", "Once.")
    assert len(list_runs(slot)) == 1


def test_a_hook_that_commits_is_judged_like_any_commit(slot: Guarded) -> None:
    write_hook(
        slot.repo.path / ".git/hooks", "post-commit",
        '[ -n "$AGAIN" ] || { echo x >>lib/other.py; AGAIN=1 git commit --quiet --all --message Again.; }',
    )  # fmt: skip
    change(slot)
    done = slot("commit", "--message", "One.")
    assert done.said[0].startswith("poolmgr: refused: ")
    assert slot("log", "--format=%s", "main..").stdout == "One.\n"


def test_settings_that_are_included_are_followed(slot: Guarded, tmp_path: Path) -> None:
    included = tmp_path / "included"
    included.write_text("")
    slot.repo.git("config", "include.path", str(included))
    change(slot)
    assert slot("commit", "--message", "Nothing.").stderr == ""
    write_hook(tmp_path / "more", "pre-commit", "echo included >&2")
    included.write_text(f"[core]\n\thooksPath = {tmp_path}/more\n")
    change(slot)
    assert slot("commit", "--message", "Included.").stderr == "included\n"
    slot.repo.git("config", "--unset", "include.path")
    included.write_text(f"[core]\n\thooksPath = {tmp_path}/more\n")
    slot.repo.git("config", "includeIf.onbranch:work.path", str(included))
    change(slot)
    assert slot("commit", "--message", "On this branch.").stderr == "included\n"
    slot("switch", "--quiet", "--create", "other")
    change(slot)
    assert slot("commit", "--message", "On another.").stderr == ""


def test_names_of_directories_may_have_blanks_quotes_and_newlines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = tmp_path / "a 'quote' \"and\" $HOME\n*line"
    odd.mkdir()
    monkeypatch.setenv("RECORD", str(tmp_path / "record"))
    repo = make_repository(odd)
    write_hook(repo.path / ".git/hooks", "pre-commit", RECORD)
    write_hook(repo.path / ".git/hooks", "post-commit", RECORD)
    repo.git("worktree", "add", "--quiet", "-B", "work", str(odd / "slot"), "main")
    admin = repo.path / ".git/worktrees/slot"
    slot = place_guards(repo, odd / "slot", admin)
    change(slot)
    assert slot("commit", "--message", "One.").stderr == ""
    assert "pre-commit" in (tmp_path / "record").read_text()
    change(slot, "docs/guide.md")
    slot.refused("commit", "--message", "Outside.")
    slot.refused("commit", "--no-verify", "--message", "Outside.")
