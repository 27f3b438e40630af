"""Ways through history: merges, picks, rebases and rewrites that carry more than the base has."""

from __future__ import annotations

from tests.evasion.ground import BRANCH, GUIDE, Scene


def cherry_pick_of_another_branch(scene: Scene) -> str:
    scene.git("cherry-pick", "other")
    return GUIDE


def revert_of_what_the_base_did(scene: Scene) -> str:
    scene.git("revert", "--no-edit", "main")
    return GUIDE


def merge_of_another_branch(scene: Scene) -> str:
    scene.git("merge", "--quiet", "--no-edit", "other")
    return "docs/new.md"


def squash_of_another_branch(scene: Scene) -> str:
    scene.git("merge", "--quiet", "--squash", "other")
    scene.git("commit", "--quiet", "--message", "x")
    return GUIDE


def merge_that_keeps_the_old_state_of_the_base(scene: Scene) -> str:
    scene.work()
    scene.base()
    scene.git("merge", "--quiet", "--no-edit", "--strategy=ours", "main")
    return GUIDE


def merge_of_a_relative_of_the_base_that_keeps_the_old_state(scene: Scene) -> str:
    scene.work()
    scene.base()
    scene.git("checkout", "--quiet", "-b", "between", "main")
    scene.commit("src/new.py")
    scene.git("checkout", "--quiet", BRANCH)
    scene.git("merge", "--quiet", "--no-edit", "--strategy=ours", "between")
    scene.git("branch", "--quiet", "--delete", "--force", "between")
    return GUIDE


def merge_with_their_side_of_a_conflict(scene: Scene) -> str:
    scene.base()
    scene.git("merge", "--quiet", "--no-edit", "main")
    scene.git("merge", "--quiet", "--no-edit", "--strategy-option=theirs", "other")
    return GUIDE


def evil_merge_of_the_base(scene: Scene) -> str:
    scene.work()
    scene.base("tools/run.sh", "#!/bin/bash\n")
    scene.git("merge", "--quiet", "--no-commit", "--no-ff", "main")
    scene.commit()
    return GUIDE


def evil_merge_of_what_the_base_changed(scene: Scene) -> str:
    scene.work()
    scene.base()
    scene.git("merge", "--quiet", "--no-commit", "--no-ff", "main")
    scene.commit(GUIDE, "By a person.\nSmuggled.\n")
    return GUIDE


def octopus_with_one_arm_too_many(scene: Scene) -> str:
    scene.base("tools/run.sh", "#!/bin/bash\n")
    scene.git("branch", "arm", scene.smuggled("main"))
    scene.work()
    scene.git("merge", "--quiet", "--no-edit", "main", "arm")
    return GUIDE


def foreign_history_merged(scene: Scene) -> str:
    tree = scene.git("mktree", stdin=f"100644 blob {scene.blob()}\tforeign.md\n")
    scene.git(
        "merge",
        "--quiet",
        "--no-edit",
        "--allow-unrelated-histories",
        scene.git("commit-tree", tree, "-m", "x"),
    )
    return "foreign.md"


def foreign_history_as_the_branch(scene: Scene) -> str:
    tree = scene.git("mktree", stdin=f"100644 blob {scene.blob()}\tforeign.md\n")
    scene.git("reset", "--quiet", "--hard", scene.git("commit-tree", tree, "-m", "x"))
    return "foreign.md"


def subtree_read_beside(scene: Scene) -> str:
    scene.git("read-tree", "--prefix=docs/copy/", "other:docs")
    scene.git("commit", "--quiet", "--message", "x")
    return "docs/copy/new.md"


def subtree_merge(scene: Scene) -> str:
    tree = scene.git("mktree", stdin=f"100644 blob {scene.blob()}\tmore.md\n")
    foreign = scene.git("commit-tree", tree, "-m", "x")
    scene.git(
        "merge",
        "--quiet",
        "--no-edit",
        "--allow-unrelated-histories",
        "-Xsubtree=docs/deep",
        "-Xtheirs",
        foreign,
    )
    return "docs/deep/more.md"


def rebase_onto_another_branch(scene: Scene) -> str:
    scene.work()
    scene.git("rebase", "--quiet", "--onto", "other", "main")
    return "docs/new.md"


def rebase_that_commits_on_its_way(scene: Scene) -> str:
    scene.work()
    scene.base("tools/run.sh", "#!/bin/bash\n")
    change = "mkdir -p docs; echo x >docs/guide.md; git add --sparse docs; git commit -qm x --no-verify"
    scene.git("rebase", "--quiet", "--exec", change, "main")
    return GUIDE


def amended_into_a_clean_commit(scene: Scene) -> str:
    scene.work()
    scene.write(GUIDE, "Smuggled.\n")
    scene.git("add", "--sparse", GUIDE)
    scene.git("commit", "--quiet", "--amend", "--no-edit", "--no-verify")
    return GUIDE


def fixup_that_is_squashed(scene: Scene) -> str:
    scene.work()
    scene.write(GUIDE, "Smuggled.\n")
    scene.git("add", "--sparse", GUIDE)
    scene.git("commit", "--quiet", "--fixup=HEAD")
    scene.git(
        "rebase", "--quiet", "--interactive", "--autosquash", "main", env={"GIT_SEQUENCE_EDITOR": "true"}
    )
    return GUIDE


def branch_reset_to_another(scene: Scene) -> str:
    scene.git("reset", "--quiet", "--hard", "other")
    return "docs/new.md"


def branch_reset_before_its_base(scene: Scene) -> str:
    scene.git("reset", "--quiet", "--soft", "side")
    scene.git("reset", "--quiet", "--", GUIDE)
    scene.work()
    scene.git("merge", "--quiet", "--strategy=ours", "--no-edit", "main")
    return GUIDE


def base_squashed_with_more_in_it(scene: Scene) -> str:
    scene.base()
    scene.work()
    scene.git("merge", "--quiet", "--squash", "main")
    scene.commit("tools/run.sh", "#!/bin/evil\n")
    return "tools/run.sh"


def change_undone_by_the_base_and_brought_back(scene: Scene) -> str:
    scene.base(GUIDE, "Old.\n")
    scene.base(GUIDE, "Newer.\n")
    scene.git("merge", "--quiet", "--no-edit", "main")
    scene.commit(GUIDE, "Old.\n")
    return GUIDE


def criss_cross_that_keeps_one_old_state(scene: Scene) -> str:
    scene.git("checkout", "--quiet", "-b", "line", at=scene.repo)
    scene.base()
    scene.git("checkout", "--quiet", "main", at=scene.repo)
    main = scene.base("tools/run.sh", "#!/bin/bash\n")
    scene.git("merge", "--quiet", "--no-edit", "line", at=scene.repo)
    scene.git("merge", "--quiet", "--no-edit", main)
    scene.work()
    scene.git("merge", "--quiet", "--no-edit", "--strategy=ours", "line")
    return GUIDE


def pulled_from_a_clone_elsewhere(scene: Scene) -> str:
    scene.git("pull", "--quiet", "--no-rebase", str(scene.clone()), "main")
    return GUIDE


def brought_in_a_bundle(scene: Scene) -> str:
    place = scene.clone()
    scene.git("bundle", "create", str(scene.room / "x.bundle"), "HEAD", at=place)
    scene.git("pull", "--quiet", "--no-rebase", str(scene.room / "x.bundle"), "HEAD")
    return GUIDE


def two_commits_brought_by_one_fetch_and_merged_by_a_person(scene: Scene) -> str:
    place = scene.clone()
    scene.commit("src/app.py", "def main() -> int:\n    return 7\n", at=place)
    scene.git("fetch", "--quiet", "--update-head-ok", str(place), f"main:refs/heads/{BRANCH}")
    scene.git("merge", "--quiet", "--ff-only", BRANCH, at=scene.repo)
    return GUIDE


def two_commits_put_on_the_branch_at_once_and_merged_by_a_person(scene: Scene) -> str:
    above = scene.smuggled(scene.smuggled("main"), name="src/app.py", content="pass\n")
    scene.git("update-ref", f"refs/heads/{BRANCH}", above)
    scene.git("merge", "--quiet", "--no-ff", "--no-edit", BRANCH, at=scene.repo)
    return GUIDE
