"""Many real processes that want the same few slots at the same moment."""
