"""What a task touches, one source of knowledge per module."""
