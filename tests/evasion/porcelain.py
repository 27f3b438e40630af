"""Ways with the commands everybody knows: files edited, added, committed, moved, brought from elsewhere."""

from __future__ import annotations

import os

from tests.evasion.ground import BRANCH, GUIDE, UNGUARDED, Scene


def add_sparse_and_commit(scene: Scene) -> str:
    scene.commit()
    return GUIDE


def commit_with_no_verify(scene: Scene) -> str:
    scene.write(GUIDE, "Smuggled.\n")
    scene.git("add", "--sparse", GUIDE)
    scene.git("commit", "--quiet", "--no-verify", "--message", "x")
    return GUIDE


def commit_a_path(scene: Scene) -> str:
    scene.write(GUIDE, "Smuggled.\n")
    scene.git("commit", "--quiet", "--message", "x", "--", GUIDE)
    return GUIDE


def commit_including_a_path(scene: Scene) -> str:
    scene.write(GUIDE, "Smuggled.\n")
    scene.write("src/app.py", "x = 1\n")
    scene.git("commit", "--quiet", "--all", "--message", "x")
    scene.git("update-index", "--add", GUIDE)
    scene.git("commit", "--quiet", "--amend", "--no-edit")
    return GUIDE


def hooks_off_by_environment(scene: Scene) -> str:
    scene.write(GUIDE, "Smuggled.\n")
    off = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.hooksPath", "GIT_CONFIG_VALUE_0": "/dev/null"}
    scene.guarded("add", "--sparse", GUIDE, env=off)
    scene.guarded("commit", "--quiet", "--message", "x", env=off)
    return GUIDE


def hooks_off_in_the_worktree_config(scene: Scene) -> str:
    scene.git("config", "--worktree", "core.hooksPath", "/dev/null")
    scene.write(GUIDE, "Smuggled.\n")
    scene.guarded("add", "--sparse", GUIDE)
    scene.guarded("commit", "--quiet", "--message", "x")
    return GUIDE


def worktree_config_removed(scene: Scene) -> str:
    (scene.admin / "config.worktree").unlink()
    scene.guarded("update-index", "--cacheinfo", f"100644,{scene.blob()},{GUIDE}")
    scene.guarded("commit", "--quiet", "--message", "x")
    return GUIDE


def worktree_config_switched_off(scene: Scene) -> str:
    scene.git("config", "--unset", "extensions.worktreeConfig")
    scene.guarded("update-index", "--cacheinfo", f"100644,{scene.blob()},{GUIDE}")
    scene.guarded("commit", "--quiet", "--message", "x")
    return GUIDE


def guard_facts_removed(scene: Scene) -> str:
    for file in scene.admin.glob("poolmgr*.json"):
        file.unlink()
    scene.write(GUIDE, "Smuggled.\n")
    scene.guarded("add", "--sparse", GUIDE)
    scene.guarded("commit", "--quiet", "--message", "x")
    return GUIDE


def hooks_emptied(scene: Scene) -> str:
    for file in (scene.admin / "poolmgr-hooks").iterdir():
        file.unlink()
    scene.write(GUIDE, "Smuggled.\n")
    scene.guarded("add", "--sparse", GUIDE)
    scene.guarded("commit", "--quiet", "--message", "x")
    return GUIDE


def scope_lifted_by_sparse_checkout_disable(scene: Scene) -> str:
    scene.git("sparse-checkout", "disable")
    scene.write(GUIDE, "Smuggled.\n")
    scene.git("commit", "--quiet", "--all", "--message", "x")
    return GUIDE


def scope_widened_by_sparse_checkout_add(scene: Scene) -> str:
    scene.git("sparse-checkout", "add", "docs")
    scene.write(GUIDE, "Smuggled.\n")
    scene.git("commit", "--quiet", "--all", "--message", "x")
    return GUIDE


def removed_from_the_index_alone(scene: Scene) -> str:
    scene.git("rm", "--quiet", "--cached", "--sparse", GUIDE)
    scene.git("commit", "--quiet", "--message", "x")
    return GUIDE


def directory_removed(scene: Scene) -> str:
    scene.git("rm", "--quiet", "--sparse", "-r", "docs")
    scene.git("commit", "--quiet", "--message", "x")
    return "docs/deep/more.md"


def moved_into_the_scope(scene: Scene) -> str:
    scene.git("sparse-checkout", "disable")
    scene.git("mv", GUIDE, "src/guide.md")
    scene.git("commit", "--quiet", "--message", "x")
    return GUIDE


def moved_out_of_the_scope(scene: Scene) -> str:
    scene.git("sparse-checkout", "disable")
    scene.git("mv", "src/app.py", "docs/app.py")
    scene.git("commit", "--quiet", "--message", "x")
    return "docs/app.py"


def mode_alone_changed(scene: Scene) -> str:
    scene.git("update-index", "--chmod=+x", GUIDE)
    scene.git("commit", "--quiet", "--message", "x")
    return GUIDE


def file_made_a_symlink(scene: Scene) -> str:
    (scene.slot / "docs").mkdir(exist_ok=True)
    (scene.slot / GUIDE).unlink(missing_ok=True)
    (scene.slot / GUIDE).symlink_to("../src/app.py")
    scene.git("add", "--sparse", GUIDE)
    scene.git("commit", "--quiet", "--message", "x")
    return GUIDE


def file_made_a_directory(scene: Scene) -> str:
    scene.git("rm", "--quiet", "--cached", "--sparse", GUIDE)
    scene.commit(f"{GUIDE}/inner.md")
    return f"{GUIDE}/inner.md"


def directory_made_a_file(scene: Scene) -> str:
    scene.git("rm", "--quiet", "--cached", "--sparse", "-r", "docs")
    scene.commit("docs", "No directory any more.\n")
    return "docs"


def name_that_differs_in_case(scene: Scene) -> str:
    scene.commit("docs/Guide.md")
    return "docs/Guide.md"


def owned_name_in_another_case(scene: Scene) -> str:
    scene.commit("SRC/app.py")
    return "SRC/app.py"


def new_file_in_a_hidden_directory(scene: Scene) -> str:
    scene.commit("docs/brand-new.md")
    return "docs/brand-new.md"


def new_directory_beside(scene: Scene) -> str:
    scene.commit("srcs/app.py")
    return "srcs/app.py"


def name_that_looks_like_pathspec_magic(scene: Scene) -> str:
    scene.git("--literal-pathspecs", "add", "--sparse", "--", scene.write(":(exclude)src", "x").name)
    scene.git("commit", "--quiet", "--message", "x")
    return ":(exclude)src"


def name_that_is_no_text(scene: Scene) -> str:
    name = os.fsdecode(b'docs/"\xff\n\t.md')
    scene.git(
        "update-index", "-z", "--index-info", stdin=f"100644 {scene.blob()}\t".encode() + os.fsencode(name)
    )
    scene.git("commit", "--quiet", "--message", "x")
    return name


def name_that_looks_like_an_option(scene: Scene) -> str:
    scene.write("--all", "x")
    scene.git("add", "--sparse", "--", "--all")
    scene.git("commit", "--quiet", "--message", "x")
    return "--all"


def attributes_at_the_top(scene: Scene) -> str:
    scene.commit(".gitattributes", "docs/** -diff merge=ours\n*.md filter=none\n")
    return ".gitattributes"


def file_of_everybody_to_see(scene: Scene) -> str:
    scene.commit("README.md")
    return "README.md"


def stash_of_another_checkout_popped(scene: Scene) -> str:
    scene.write(GUIDE, "Smuggled.\n", at=scene.repo)
    scene.git("stash", "--quiet", at=scene.repo)
    scene.git("stash", "pop", "--quiet")
    scene.git("add", "--sparse", GUIDE)
    scene.git("commit", "--quiet", "--message", "x")
    return GUIDE


def stash_made_a_branch(scene: Scene) -> str:
    scene.write(GUIDE, "Smuggled.\n", at=scene.repo)
    scene.git("stash", "--quiet", at=scene.repo)
    scene.git("stash", "branch", "aside")
    scene.git("add", "--sparse", GUIDE)
    scene.git("commit", "--quiet", "--message", "x")
    scene.git("branch", "--force", BRANCH, "HEAD")
    scene.git("checkout", "--quiet", BRANCH)
    return GUIDE


def stash_commit_merged(scene: Scene) -> str:
    scene.write(GUIDE, "Smuggled.\n", at=scene.repo)
    scene.git("stash", "--quiet", at=scene.repo)
    scene.git("merge", "--quiet", "--no-edit", "stash@{0}")
    return GUIDE


def path_checked_out_of_another_branch(scene: Scene) -> str:
    scene.git("sparse-checkout", "disable")
    scene.git("checkout", "--quiet", "other", "--", "docs")
    scene.git("commit", "--quiet", "--message", "x")
    return "docs/new.md"


def path_restored_from_another_branch(scene: Scene) -> str:
    scene.git("restore", "--source=other", "--staged", "--ignore-skip-worktree-bits", "--", GUIDE)
    scene.git("commit", "--quiet", "--message", "x")
    return GUIDE


def path_reset_to_an_older_commit(scene: Scene) -> str:
    scene.git("reset", "--quiet", "side", "--", GUIDE)
    scene.git("commit", "--quiet", "--message", "x")
    return GUIDE


def patch_applied_to_the_index(scene: Scene) -> str:
    scene.git("apply", "--cached", stdin=scene.git("diff", "main", "other", "--", GUIDE) + "\n")
    scene.git("commit", "--quiet", "--message", "x")
    return GUIDE


def patch_applied_to_index_and_files(scene: Scene) -> str:
    scene.git("sparse-checkout", "disable")
    scene.git("apply", "--index", stdin=scene.git("diff", "main", "other") + "\n")
    scene.git("commit", "--quiet", "--message", "x")
    return GUIDE


def mail_applied(scene: Scene) -> str:
    scene.git("am", "--quiet", stdin=scene.git("format-patch", "--stdout", "main..other") + "\n")
    return GUIDE


def submodule_added(scene: Scene) -> str:
    scene.git("sparse-checkout", "disable")
    scene.git("submodule", "--quiet", "add", str(scene.room / "origin.git"), "vendor/sub")
    scene.git("commit", "--quiet", "--message", "x")
    return "vendor/sub"


def alias_that_switches_the_guards_off(scene: Scene) -> str:
    scene.git("config", "alias.ci", f"!git {' '.join(UNGUARDED)} commit --quiet --all")
    scene.git("sparse-checkout", "disable")
    scene.write(GUIDE, "Smuggled.\n")
    scene.guarded("ci", "--message", "x")
    return GUIDE


def change_hidden_by_one_that_takes_half_of_it_back(scene: Scene) -> str:
    scene.commit(GUIDE, "Start here.\nThen read on.\nSmuggled.\n")
    scene.commit(GUIDE, "Start here.\nThen read on. \n")
    return GUIDE


def line_endings_alone(scene: Scene) -> str:
    scene.commit(GUIDE, "Start here.\r\nThen read on.\r\n")
    return GUIDE
