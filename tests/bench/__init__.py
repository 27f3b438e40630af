"""The benchmark: what poolmgr costs, as ratios against git, SQLite and a peer in one run.

    python -m tests.bench                    every row at full size (long; some 5 GB of disk)
    python -m tests.bench --quick            1,000 and 2,000 files, few rounds: does it still work?
    python -m tests.bench --rows acquire claim --work /tmp/bench --json

Contenders take turns within each round, so that a slow minute of the machine hits all of them;
budgets are ratios of medians (of p99 for claims), never milliseconds, except the wake-up.
"""
