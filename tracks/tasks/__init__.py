"""A task, and every text it is read from: Beads' files and answers in each era, YAML that people write.

Bytes in, tasks and named faults out; whether a task is ready is not asked here.
"""
