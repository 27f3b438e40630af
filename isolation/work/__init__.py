"""What is unsaved in a worktree, of every kind: `examine` says it, nothing here changes anything."""

from isolation.work.examine import examine
from isolation.work.finding import Finding, Identity, Kind, Matcher, Rules, Work

__all__ = ["Finding", "Identity", "Kind", "Matcher", "Rules", "Work", "examine"]
