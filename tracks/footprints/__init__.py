"""What a task touches: claims on paths, one source of knowledge per module, gathered task by task.

One task at a time; whether two of them collide is said in `tracks.conflicts`.
"""
