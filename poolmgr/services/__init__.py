"""What the pool does: read a snapshot, decide purely, execute."""
