"""Ways that move the base: what the branch has would be the base's, if the base were one's own."""

from __future__ import annotations

from tests.evasion.ground import BRANCH, GUIDE, Scene


def main_moved_to_ones_commit(scene: Scene) -> str:
    scene.git("update-ref", "refs/heads/main", scene.commit())
    return GUIDE


def main_moved_first_and_merged(scene: Scene) -> str:
    scene.git("update-ref", "refs/heads/main", scene.smuggled("main"))
    scene.git("merge", "--quiet", "--no-edit", "main")
    return GUIDE


def main_moved_first_and_rebased_on(scene: Scene) -> str:
    scene.work()
    scene.git("update-ref", "-m", "commit: By a person.", "refs/heads/main", scene.smuggled("main"))
    scene.git("rebase", "--quiet", "main")
    return GUIDE


def main_written_as_a_file(scene: Scene) -> str:
    (scene.common / "refs/heads/main").write_text(scene.commit() + "\n")
    return GUIDE


def main_that_stands_for_the_branch(scene: Scene) -> str:
    scene.commit()
    scene.git("symbolic-ref", "refs/heads/main", f"refs/heads/{BRANCH}")
    return GUIDE


def main_pushed_to_from_a_clone(scene: Scene) -> str:
    place = scene.clone()
    scene.git("config", "receive.denyCurrentBranch", "ignore", at=scene.repo)
    scene.git("push", "--quiet", str(scene.common), "HEAD:refs/heads/main", at=place)
    scene.git("merge", "--quiet", "--no-edit", "main")
    return GUIDE


def main_fetched_into_from_a_clone(scene: Scene) -> str:
    scene.git("fetch", "--quiet", "--update-head-ok", str(scene.clone()), "main:refs/heads/main")
    scene.git("merge", "--quiet", "--no-edit", "main")
    return GUIDE


def main_committed_to_in_a_worktree_of_ones_own(scene: Scene) -> str:
    place = scene.room / "second"
    scene.git("worktree", "add", "--quiet", "--force", str(place), "main")
    scene.commit(at=place)
    scene.git("merge", "--quiet", "--no-edit", "main")
    return GUIDE


def main_checked_out_in_the_slot(scene: Scene) -> str:
    scene.git("checkout", "--quiet", "--ignore-other-worktrees", "main")
    scene.commit()
    scene.git("checkout", "--quiet", BRANCH)
    scene.git("merge", "--quiet", "--no-edit", "main")
    return GUIDE


def remote_branch_moved_to_ones_commit(scene: Scene) -> str:
    scene.git("update-ref", "refs/remotes/origin/main", scene.commit())
    return GUIDE


def remote_branch_moved_first_and_merged(scene: Scene) -> str:
    scene.git("update-ref", "-m", "update by push", "refs/remotes/origin/main", scene.smuggled("main"))
    scene.git("merge", "--quiet", "--no-edit", "origin/main")
    return GUIDE


def remote_branch_moved_in_the_words_of_a_fetch(scene: Scene) -> str:
    words = "fetch origin: fast-forward"
    scene.git("update-ref", "-m", words, "refs/remotes/origin/main", scene.smuggled("main"))
    scene.git("merge", "--quiet", "--no-edit", "origin/main")
    return GUIDE


def remote_branch_moved_in_the_words_of_a_fetch_between_fetches(scene: Scene) -> str:
    scene.git("fetch", "--quiet", "origin")
    words = {"GIT_REFLOG_ACTION": "fetch origin"}
    scene.git(
        "update-ref", "-m", "fetch origin: forced-update", "refs/remotes/origin/main", scene.smuggled("main")
    )
    scene.git("merge", "--quiet", "--no-edit", "origin/main", env=words)
    scene.git("fetch", "--quiet", "origin")
    return GUIDE


def remote_branch_fetched_from_a_clone(scene: Scene) -> str:
    scene.git("fetch", "--quiet", str(scene.clone()), "+main:refs/remotes/origin/main")
    scene.git("merge", "--quiet", "--no-edit", "origin/main")
    return GUIDE


def remote_branch_fetched_under_another_name(scene: Scene) -> str:
    scene.git("push", "--quiet", "origin", f"{scene.smuggled('main')}:refs/heads/aside")
    scene.git("fetch", "--quiet", "origin", "+aside:refs/remotes/origin/main")
    scene.git("merge", "--quiet", "--no-edit", "origin/main")
    return GUIDE


def remote_branch_pushed_to_from_the_slot(scene: Scene) -> str:
    scene.commit()
    scene.git("push", "--quiet", "origin", "HEAD:main")
    return GUIDE


def remote_of_ones_own(scene: Scene) -> str:
    scene.git("remote", "add", "mine", str(scene.clone()))
    scene.git("fetch", "--quiet", "mine")
    scene.git("merge", "--quiet", "--no-edit", "mine/main")
    return GUIDE


def remote_redirected_for_one_command(scene: Scene) -> str:
    elsewhere = f"url.{scene.clone()}.insteadOf={scene.room / 'origin.git'}"
    scene.git("-c", elsewhere, "pull", "--quiet", "--no-rebase", "origin", "main")
    return GUIDE


def remote_redirected_and_put_back(scene: Scene) -> str:
    scene.git("remote", "set-url", "origin", str(scene.clone()))
    scene.git("pull", "--quiet", "--no-rebase", "origin", "main")
    scene.git("remote", "set-url", "origin", str(scene.room / "origin.git"))
    return GUIDE


def remote_replaced_by_ones_own(scene: Scene) -> str:
    scene.git("remote", "remove", "origin")
    scene.git("remote", "add", "origin", str(scene.clone()))
    scene.git("pull", "--quiet", "--no-rebase", "origin", "main")
    return GUIDE


def default_branch_of_the_remote_renamed(scene: Scene) -> str:
    scene.git("push", "--quiet", "origin", f"{scene.smuggled('main')}:refs/heads/aside")
    scene.git("update-ref", "-d", "refs/remotes/origin/aside")
    scene.git("fetch", "--quiet", "origin")
    scene.git("remote", "set-head", "origin", "aside")
    scene.git("merge", "--quiet", "--no-edit", "origin/aside")
    return GUIDE


def upstream_of_main_redirected(scene: Scene) -> str:
    scene.git("config", "branch.main.remote", ".")
    scene.git("config", "branch.main.merge", f"refs/heads/{BRANCH}")
    scene.git("config", f"branch.{BRANCH}.merge", f"refs/heads/{BRANCH}")
    scene.commit()
    return GUIDE


def branch_made_the_setting_of_the_base(scene: Scene) -> str:
    scene.commit("poolmgr.yaml", f"pool:\n  base: {BRANCH}\n")
    scene.write("poolmgr.yaml", f"pool:\n  base: {BRANCH}\n", at=scene.repo)
    return "poolmgr.yaml"
