"""Ways to work that change files outside the scope in the tree, and none of it is the holder's doing."""

from __future__ import annotations

import time

from tests.evasion.ground import BRANCH, GUIDE, Scene


def work_inside(scene: Scene) -> None:
    scene.work()


def nothing_done(scene: Scene) -> None:
    del scene


def base_merged(scene: Scene) -> None:
    scene.work()
    scene.base()
    scene.git("merge", "--quiet", "--no-edit", "main")


def base_merged_fast_forward(scene: Scene) -> None:
    scene.base()
    scene.git("merge", "--quiet", "--ff-only", "main")


def base_merged_with_a_conflict_inside(scene: Scene) -> None:
    scene.work()
    scene.base("src/app.py", "def main() -> int:\n    return 2\n")
    scene.base()
    scene.git("merge", "--quiet", "--no-edit", "main", check=False)
    scene.work("def main() -> int:\n    return 3\n")


def rebased_on_the_base(scene: Scene) -> None:
    scene.work()
    scene.base()
    scene.git("rebase", "--quiet", "main")


def rebased_with_autostash(scene: Scene) -> None:
    scene.work()
    scene.base()
    scene.write("src/lib/text.py", "GREETING = 'bye'\n")
    scene.git("rebase", "--quiet", "--autostash", "main")
    scene.work("def main() -> int:\n    return 4\n")


def base_squashed_into_a_commit(scene: Scene) -> None:
    scene.work()
    scene.base()
    scene.git("merge", "--quiet", "--squash", "main")
    scene.git("commit", "--quiet", "--message", "Catch up.")


def base_squashed_and_moved_on(scene: Scene) -> None:
    base_squashed_into_a_commit(scene)
    scene.base(GUIDE, "By a person, again.\n")


def commit_of_the_base_picked(scene: Scene) -> None:
    scene.write(GUIDE, "By a person.\n", at=scene.repo)
    past = {"GIT_COMMITTER_DATE": f"{int(time.time()) - 3600} +0000"}
    scene.git("commit", "--quiet", "--all", "--message", "Earlier.", at=scene.repo, env=past)
    scene.git("cherry-pick", "main")
    scene.git("cherry-pick", "--allow-empty", scene.base("tools/run.sh", "#!/bin/bash\n"))


def state_of_the_base_restored(scene: Scene) -> None:
    scene.base()
    scene.git("checkout", "main", "--", GUIDE)
    scene.git("commit", "--quiet", "--message", "As it is on main.")


def own_outside_change_reverted(scene: Scene) -> None:
    scene.commit()
    scene.git("revert", "--no-edit", "HEAD")


def own_outside_change_amended_away(scene: Scene) -> None:
    scene.commit()
    scene.git("reset", "--quiet", "--hard", "main")
    scene.work()


def own_new_file_taken_back(scene: Scene) -> None:
    scene.commit("docs/brand-new.md")
    scene.git("rm", "--quiet", "--sparse", "--cached", "docs/brand-new.md")
    scene.git("commit", "--quiet", "--message", "Not ours.")


def pulled_from_the_remote(scene: Scene) -> None:
    scene.work()
    scene.upstream()
    scene.git("pull", "--quiet", "--no-rebase", "--no-edit", "origin", "main")


def pulled_with_rebase(scene: Scene) -> None:
    scene.work()
    scene.upstream()
    scene.git("pull", "--quiet", "--rebase", "origin", "main")


def fetched_and_merged(scene: Scene) -> None:
    scene.work()
    scene.upstream()
    scene.git("fetch", "--quiet", "--all", "--prune")
    scene.git("merge", "--quiet", "--no-edit", "origin/main")


def fetched_by_the_person_with_a_refspec(scene: Scene) -> None:
    scene.upstream()
    scene.git("checkout", "--quiet", "-b", "busy", at=scene.repo)
    scene.git("fetch", "--quiet", "origin", "main:main", at=scene.repo)
    scene.git("merge", "--quiet", "--no-edit", "main")


def person_pulled_and_the_slot_merged(scene: Scene) -> None:
    scene.upstream()
    scene.git("pull", "--quiet", "--ff-only", "origin", "main", at=scene.repo)
    scene.git("merge", "--quiet", "--no-edit", "main")


def person_pulled_with_rebase(scene: Scene) -> None:
    scene.base("tools/run.sh", "#!/bin/bash\n")
    scene.upstream()
    scene.git("pull", "--quiet", "--rebase", "origin", "main", at=scene.repo)
    scene.git("merge", "--quiet", "--no-edit", "main")


def person_merged_a_branch(scene: Scene) -> None:
    scene.git("merge", "--quiet", "--no-edit", "--no-ff", "other", at=scene.repo)
    scene.work()
    scene.git("merge", "--quiet", "--no-edit", "main")


def person_reset_the_base(scene: Scene) -> None:
    scene.base()
    scene.git("merge", "--quiet", "--no-edit", "main")
    scene.git("reset", "--quiet", "--hard", "HEAD~", at=scene.repo)
    scene.base("tools/run.sh", "#!/bin/bash\n")


def remote_base_moved_on_after_the_merge(scene: Scene) -> None:
    scene.upstream()
    scene.git("pull", "--quiet", "--no-rebase", "origin", "main")
    scene.upstream(GUIDE, "By a colleague, again.\n")
    scene.git("fetch", "--quiet", "origin", at=scene.repo)
    scene.git("fetch", "--quiet", "origin", "main:refs/remotes/origin/main")


def own_work_merged_and_the_base_merged_back(scene: Scene) -> None:
    scene.work()
    scene.git("merge", "--quiet", "--no-edit", "--no-ff", BRANCH, at=scene.repo)
    scene.base()
    scene.git("merge", "--quiet", "--no-edit", "main")
    scene.work("def main() -> int:\n    return 5\n")


def own_work_merged_again_after_the_base_was_merged_back(scene: Scene) -> None:
    scene.work()
    scene.git("merge", "--quiet", "--no-edit", "--no-ff", BRANCH, at=scene.repo)
    scene.base()
    scene.work("def main() -> int:\n    return 7\n")
    scene.git("merge", "--quiet", "--no-edit", "main")
    scene.git("merge", "--quiet", "--no-edit", "--no-ff", BRANCH, at=scene.repo)


def own_work_rebased_on_the_remote_base_and_merged_there(scene: Scene) -> None:
    scene.work()
    scene.upstream()
    scene.git("fetch", "--quiet", "origin")
    scene.git("rebase", "--quiet", "origin/main")
    scene.git("push", "--quiet", str(scene.room / "origin.git"), "HEAD:main")
    scene.git("fetch", "--quiet", "origin")


def own_work_squashed_upstream_and_rebased(scene: Scene) -> None:
    scene.work()
    scene.git("push", "--quiet", "origin", f"HEAD:{BRANCH}")
    scene.upstream("src/app.py", "def main() -> int:\n    return 1\n")
    scene.upstream()
    scene.git("pull", "--quiet", "--rebase", "origin", "main")


def criss_cross_with_the_base(scene: Scene) -> None:
    scene.work()
    scene.base()
    before = scene.git("rev-parse", "main")
    scene.git("merge", "--quiet", "--no-edit", BRANCH, at=scene.repo)
    scene.git("merge", "--quiet", "--no-edit", before)
    scene.base("tools/run.sh", "#!/bin/bash\n")
    scene.work("def main() -> int:\n    return 6\n")


def base_merged_many_times(scene: Scene) -> None:
    for number in range(3):
        scene.base(GUIDE, f"Edition {number}.\n")
        scene.work(f"def main() -> int:\n    return {number + 10}\n")
        scene.git("merge", "--quiet", "--no-edit", "main")


def file_removed_by_the_base(scene: Scene) -> None:
    scene.work()
    scene.git("rm", "--quiet", "-r", "docs", at=scene.repo)
    scene.git("commit", "--quiet", "--message", "No docs.", at=scene.repo)
    scene.git("merge", "--quiet", "--no-edit", "main")


def file_left_lying_outside(scene: Scene) -> None:
    scene.write(GUIDE, "A note to oneself.\n")
    scene.work()


def another_branch_only_looked_at(scene: Scene) -> None:
    scene.git("checkout", "--quiet", "other")
    scene.git("checkout", "--quiet", BRANCH)
    scene.work()


def another_branch_left_checked_out(scene: Scene) -> None:
    scene.work()
    scene.git("checkout", "--quiet", "other")


def staged_outside_but_never_committed(scene: Scene) -> None:
    scene.write(GUIDE, "Smuggled.\n")
    scene.git("add", "--sparse", "--intent-to-add", GUIDE)
    scene.git("reset", "--quiet")
    scene.work()


def lockfile_shared_by_all(scene: Scene) -> None:
    scene.commit("CHANGELOG.md", "- Logging in works.\n")
