"""Who closes what: the files that past tasks of the same assignee, label, ancestor or type changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from tracks.footprints.learned import LEARNED, Change, Hint
from tracks.tasks.task import Task

FEWEST = 2  # tasks that have to have changed a file
DOUBT = 2.0  # as how many tasks it counts that tasks at large change the file so often
TELLING = 1.5  # a type tells of a file that its tasks change so much more often than all do
# So much of what was expected came true in public trackers; in brackets how many files were expected.
WORTH = {"who": 0.25, "label": 0.6, "above": 0.6, "type": 0.25}  # 57, 28, 250, 201
WORDS = {"who": "of", "label": "labelled", "above": "below", "type": "of type"}

Key = tuple[str, str]


class Kin:
    """The past by what tasks have in common."""

    def __init__(self, tasks: Mapping[str, Task], past: Sequence[Change]) -> None:
        self._tasks = tasks
        self._changes = {change.task: change for change in past}
        self._all = Counter(file for change in past for file in change.files)
        self._number: Counter[Key] = Counter()
        self._files: dict[Key, Counter[str]] = defaultdict(Counter)
        for change in past:
            for key in {*keys_of(tasks[change.task], tasks), *doers(change)}:
                self._number[key] += 1
                self._files[key].update(change.files)

    def hints(self, task: Task) -> Iterator[Hint]:
        """What such tasks changed, the task itself left out."""
        own = self._changes.get(task.id)
        for key in dict.fromkeys(keys_of(task, self._tasks)):
            number = self._number[key] - (own is not None)
            for file, counted in self._files.get(key, {}).items():
                times = counted - (own is not None and file in own.files)
                usual = self._all[file] / len(self._changes)
                least = usual * (TELLING if key[0] == "type" else 1.0)
                chance = WORTH[key[0]] * (times + DOUBT * usual) / (number + DOUBT)
                if times >= FEWEST and chance >= LEARNED and times >= least * number:
                    why = f"{times} of {number} tasks {WORDS[key[0]]} {key[1]} changed it"
                    yield Hint(file, chance, why)


def keys_of(task: Task, tasks: Mapping[str, Task]) -> Iterator[Key]:
    """What a task may have in common with others."""
    if task.assignee:
        yield "who", task.assignee.lower()
    for label in task.labels:
        yield "label", label
    seen: set[str] = set()
    above = task.parent
    while above is not None and above not in seen:
        seen.add(above)
        yield "above", above
        above = tasks[above].parent if above in tasks else None
    yield "type", task.type


def doers(change: Change) -> Iterator[Key]:
    """Who made the commits, by every name that an assignee may have."""
    for author in change.authors:
        yield "who", author.lower()
        yield "who", author.partition("@")[0].lower()
