"""Ways from other places: other branches, other worktrees, other repositories, the person's checkout."""

from __future__ import annotations

from tests.evasion.ground import BRANCH, GUIDE, Scene

REF = f"refs/heads/{BRANCH}"


def another_branch_at_release(scene: Scene) -> str:
    scene.git("checkout", "--quiet", "-b", "aside")
    scene.commit()
    return GUIDE


def another_branch_left_before_release(scene: Scene) -> str:
    scene.git("checkout", "--quiet", "-b", "aside")
    scene.commit()
    scene.git("checkout", "--quiet", BRANCH)
    return GUIDE


def branch_put_on_a_commit_made_on_none(scene: Scene) -> str:
    scene.git("checkout", "--quiet", "--detach")
    scene.git("branch", "aside", scene.commit())
    scene.git("checkout", "--quiet", BRANCH)
    return GUIDE


def no_branch_at_release(scene: Scene) -> str:
    scene.git("checkout", "--quiet", "--detach")
    scene.commit()
    return GUIDE


def branch_renamed(scene: Scene) -> str:
    scene.commit()
    scene.git("branch", "--move", BRANCH, "renamed")
    return GUIDE


def branch_renamed_and_left(scene: Scene) -> str:
    scene.commit()
    scene.git("branch", "--move", BRANCH, "renamed")
    scene.git("checkout", "--quiet", "--detach", "main")
    return GUIDE


def branch_copied_and_left_clean(scene: Scene) -> str:
    scene.commit()
    scene.git("branch", "--copy", BRANCH, "copied")
    scene.git("reset", "--quiet", "--hard", "main")
    return GUIDE


def branch_deleted_and_made_again(scene: Scene) -> str:
    scene.git("checkout", "--quiet", "--detach")
    scene.git("branch", "--delete", "--force", BRANCH)
    scene.git("branch", BRANCH, scene.smuggled())
    return GUIDE


def second_worktree_on_the_same_branch(scene: Scene) -> str:
    place = scene.room / "second"
    scene.git("worktree", "add", "--quiet", "--force", str(place), BRANCH)
    scene.commit(at=place)
    return GUIDE


def second_worktree_whose_branch_is_merged(scene: Scene) -> str:
    place = scene.room / "second"
    scene.git("worktree", "add", "--quiet", "-b", "aside", str(place), "main")
    scene.commit(at=place)
    scene.git("merge", "--quiet", "--no-edit", "aside")
    return GUIDE


def persons_checkout_on_the_slots_branch(scene: Scene) -> str:
    scene.git("checkout", "--quiet", "--ignore-other-worktrees", BRANCH, at=scene.repo)
    scene.commit(at=scene.repo)
    scene.git("checkout", "--quiet", "main", at=scene.repo)
    return GUIDE


def pushed_into_the_repository(scene: Scene) -> str:
    place = scene.clone()
    scene.git("config", "receive.denyCurrentBranch", "ignore", at=scene.repo)
    scene.git("push", "--quiet", str(scene.common), f"HEAD:{REF}", at=place)
    return GUIDE


def fetched_into_the_branch(scene: Scene) -> str:
    scene.git("fetch", "--quiet", "--update-head-ok", str(scene.clone()), f"{BRANCH}:{REF}")
    return GUIDE


def fetched_and_reset_to(scene: Scene) -> str:
    scene.git("fetch", "--quiet", str(scene.clone()), "main")
    scene.git("reset", "--quiet", "--hard", "FETCH_HEAD")
    return GUIDE


def pushed_to_the_remote_and_pulled(scene: Scene) -> str:
    place = scene.clone()
    scene.git("push", "--quiet", str(scene.room / "origin.git"), "HEAD:refs/heads/aside", at=place)
    scene.git("pull", "--quiet", "--no-rebase", "origin", "aside")
    return GUIDE


def branch_checked_out_in_a_nested_repository(scene: Scene) -> str:
    nested = scene.slot / "src/nested"
    scene.git("clone", "--quiet", str(scene.common), str(nested))
    scene.commit(at=nested)
    scene.git("config", "receive.denyCurrentBranch", "ignore", at=scene.repo)
    scene.git("push", "--quiet", "origin", f"HEAD:{REF}", at=nested)
    return GUIDE


def commit_taken_from_a_tag(scene: Scene) -> str:
    scene.git("tag", "--annotate", "--message", "x", "v1", scene.smuggled())
    scene.git("merge", "--quiet", "--no-edit", "v1")
    return GUIDE


def commit_kept_under_a_ref_of_ones_own(scene: Scene) -> str:
    scene.git("update-ref", "refs/poolmgr/base/main", scene.smuggled())
    scene.git("merge", "--quiet", "--no-edit", "refs/poolmgr/base/main")
    return GUIDE


def merged_into_main_in_the_persons_checkout(scene: Scene) -> str:
    scene.commit()
    scene.git("merge", "--quiet", "--no-edit", BRANCH, at=scene.repo)
    return GUIDE


def merged_into_main_there_and_merged_back(scene: Scene) -> str:
    scene.commit()
    scene.base("tools/run.sh", "#!/bin/bash\n")
    scene.git("merge", "--quiet", "--no-edit", BRANCH, at=scene.repo)
    scene.git("merge", "--quiet", "--no-edit", "main")
    return GUIDE


def main_reset_to_the_branch_in_the_persons_checkout(scene: Scene) -> str:
    scene.commit()
    scene.git("reset", "--quiet", "--hard", BRANCH, at=scene.repo)
    return GUIDE


def main_put_on_objects_in_the_persons_checkout(scene: Scene) -> str:
    scene.git("update-ref", "refs/heads/main", scene.smuggled("main"), at=scene.repo)
    scene.git("merge", "--quiet", "--no-edit", "main")
    return GUIDE
