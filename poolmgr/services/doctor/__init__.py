"""Compares the state with git, the directories and the processes, and mends what disagrees.

Each look yields cases: a finding, and what mends it. Mending goes over the same roads as daily
work, so nothing is removed here that is not proven kept; what cannot be mended is left and told.
"""

from poolmgr.services.doctor.examine import examine_pool
from poolmgr.services.doctor.finding import Finding

__all__ = ["Finding", "examine_pool"]
