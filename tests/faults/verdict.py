"""What is wrong after a fault: the pool is brought to rest as a user would, then everything is checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from isolation.database.errors import DatabaseError
from tests.faults.operations import Operation
from tests.faults.scenes import Scene
from tests.faults.strays import list_wrong_databases
from tests.invariants import list_violations
from tests.invariants.user import list_changes, look_at_user
from tests.invariants.work import collect_garbage, list_lost

RECOVERY = (("status",), ("doctor", "--fix"))


def recover(scene: Scene, operation: Operation) -> list[str]:
    """What a user types next; the answers must not be those of a bug."""
    wrong = []
    for words in RECOVERY:
        result = scene.pool.run(*words, check=False)
        refused = result.code == 1 and "hint: poolmgr" in result.stderr and not operation.keeps_pool
        if result.code and not refused:
            wrong.append(
                f"poolmgr {' '.join(words)} ended with {result.code}: {result.stdout}{result.stderr}"
            )
    return [*wrong, *attempt(scene.rest)]


def list_faults(scene: Scene, operation: Operation) -> Iterator[str]:
    """Everything that is wrong after recovery, and after the command was given again."""
    yield from recover(scene, operation)
    yield from check(scene, operation, "after recovery")
    yield from attempt(lambda: operation.again(scene))
    yield from attempt(scene.rest)
    yield from check(scene, operation, "after a repeat", gone=not operation.pool_stays)
    if scene.goes_on:  # the next case's user has reflogs
        return
    collect_garbage(scene.pool.repo)
    yield from (f"after gc: {words}" for words in list_lost(scene.pool.repo, scene.work))


def check(scene: Scene, operation: Operation, when: str, *, gone: bool = False) -> Iterator[str]:
    """The pool, the work in it, and the user's things."""
    repo = scene.pool.repo
    if gone:
        left = [
            place
            for place in (repo.state / "state.db", repo.path.with_name(f"{repo.path.name}.worktrees"))
            if place.exists()
        ]
        yield from (f"{when}: {place} is still there" for place in left)
    elif (repo.state / "state.db").exists():
        wrong = list_violations(repo, scene.allowed(operation.states))
        yield from (f"{when}: {words}" for words in wrong if words not in operation.known)
    yield from (f"{when}: {words}" for words in list_lost(repo, scene.work))
    yield from (f"{when}: {words}" for words in list_wrong_databases(scene))
    yield from (f"{when}: {words}" for words in list_changes(scene.user, look_at_user(repo, scene.handmade)))


def name_places(scene: Scene, words: str) -> str:
    """The words with short paths."""
    return words.replace(str(scene.root), "…")


def attempt(action: Callable[[], None]) -> list[str]:
    """The words of what an action failed with."""
    try:
        action()
    except (AssertionError, OSError, KeyError, DatabaseError) as error:
        return [f"{type(error).__name__}: {error}"]
    return []
