"""Ways that change nothing themselves but what git shows: the change is there, something hides it."""

from __future__ import annotations

from tests.evasion.ground import BRANCH, GUIDE, Scene


def replaced_commit(scene: Scene) -> str:
    clean = scene.git("rev-parse", "HEAD")
    scene.git("replace", scene.commit(), clean)
    return GUIDE


def replaced_tree(scene: Scene) -> str:
    clean = scene.git("rev-parse", "HEAD:docs")
    scene.commit()
    scene.git("replace", scene.git("rev-parse", "HEAD:docs"), clean)
    return GUIDE


def replaced_blob(scene: Scene) -> str:
    clean = scene.git("rev-parse", f"HEAD:{GUIDE}")
    scene.commit()
    scene.git("replace", scene.git("rev-parse", f"HEAD:{GUIDE}"), clean)
    return GUIDE


def base_replaced_by_the_branch(scene: Scene) -> str:
    base = scene.git("rev-parse", "main")
    scene.git("replace", "--force", base, scene.commit())
    return GUIDE


def parents_replaced_by_a_graft(scene: Scene) -> str:
    base = scene.git("rev-parse", "main")
    mine = scene.commit()
    (scene.common / "info").mkdir(exist_ok=True)
    (scene.common / "info/grafts").write_text(f"{base} {mine}\n")
    return GUIDE


def merge_base_grafted_away(scene: Scene) -> str:
    scene.work()
    scene.base()
    scene.git("merge", "--quiet", "--no-edit", "--strategy=ours", "main")
    first = scene.git("rev-parse", "HEAD^1")
    (scene.common / "info").mkdir(exist_ok=True)
    (scene.common / "info/grafts").write_text(f"{scene.git('rev-parse', 'HEAD')} {first}\n")
    return GUIDE


def history_cut_short(scene: Scene) -> str:
    base = scene.git("rev-parse", "main")
    old = scene.git("rev-parse", "main~")
    scene.git("checkout", "--quiet", "-b", "late", old, at=scene.repo)
    scene.commit("tools/other.sh", "x", at=scene.repo)
    scene.git("checkout", "--quiet", "main", at=scene.repo)
    scene.git("merge", "--quiet", "--no-edit", "late", at=scene.repo)
    scene.git("merge", "--quiet", "--no-edit", "main")
    scene.commit(GUIDE, "Old.\n")
    (scene.common / "shallow").write_text(f"{base}\n{scene.git('rev-parse', 'main')}\n")
    return GUIDE


def merged_side_cut_off(scene: Scene) -> str:
    scene.work()
    scene.base()
    scene.git("checkout", "--quiet", "-b", "between", "main")
    cut = scene.commit("src/new.py")
    scene.git("checkout", "--quiet", BRANCH)
    scene.git("merge", "--quiet", "--no-edit", "--strategy=ours", "between")
    (scene.common / "shallow").write_text(f"{cut}\n")
    return GUIDE


def commit_graph_that_is_damaged(scene: Scene) -> str:
    scene.commit()
    scene.git("commit-graph", "write", "--reachable")
    graph = scene.common / "objects/info/commit-graph"
    graph.chmod(0o644)
    graph.write_bytes(graph.read_bytes()[:-40] + b"\0" * 40)
    return GUIDE


def settings_that_leave_paths_out_of_diffs(scene: Scene) -> str:
    for key, value in (
        ("diff.ignoreSubmodules", "all"), ("diff.renames", "copies"), ("diff.external", "true"),
        ("diff.orderFile", "/dev/null"), ("diff.relative", "true"), ("core.quotePath", "false"),
        ("core.attributesFile", "/dev/null"), ("core.ignoreStat", "true"), ("core.abbrev", "4"),
        ("log.showRoot", "false"), ("diff.noprefix", "true"), ("core.fileMode", "false"),
    ):  # fmt: skip
        scene.git("config", key, value)
        scene.git("config", "--worktree", key, value)
    scene.commit("tools/run.sh", "#!/bin/sh\n# Smuggled.\n")
    return "tools/run.sh"


def submodule_that_is_ignored(scene: Scene) -> str:
    scene.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor/lib")
    scene.git("commit", "--quiet", "--message", "x")
    scene.git("config", "submodule.lib.path", "vendor/lib")
    scene.git("config", "submodule.lib.ignore", "all")
    scene.git("config", "diff.ignoreSubmodules", "all")
    return "vendor/lib"


def attributes_that_hide_differences(scene: Scene) -> str:
    (scene.common / "info").mkdir(exist_ok=True)
    (scene.common / "info/attributes").write_text("docs/** -diff diff=none filter=clean\n")
    scene.git("config", "diff.none.textconv", "true")
    scene.git("config", "diff.none.command", "true")
    scene.git("config", "filter.clean.clean", "cat")
    scene.commit()
    return GUIDE


def case_folded_by_a_setting_of_the_worktree(scene: Scene) -> str:
    scene.commit("SRC/app.py")
    scene.git("config", "--worktree", "core.ignoreCase", "true")
    return "SRC/app.py"


def logs_removed(scene: Scene) -> str:
    scene.commit()
    (scene.admin / "logs/HEAD").unlink()
    (scene.common / "logs/refs/heads/main").unlink()
    scene.git("update-ref", "refs/heads/main", "HEAD")
    return GUIDE


def slot_that_denies_its_repository(scene: Scene) -> str:
    scene.commit()
    (scene.slot / ".git").write_text(f"gitdir: {scene.common}\n")
    return GUIDE


def dangling_tag_named_like_the_branch(scene: Scene) -> str:
    scene.git("tag", BRANCH, "main")
    scene.git("tag", "heads/" + BRANCH, "main")
    scene.commit()
    return GUIDE


def branch_named_like_the_base(scene: Scene) -> str:
    scene.commit()
    scene.git("branch", "refs/heads/main", "HEAD")
    scene.git("tag", "main", "HEAD")
    scene.git("update-ref", "refs/main", "HEAD")
    return GUIDE
