"""What a worktree shows of its repository: planned, filled, changed, verified, counted."""
