"""What is read of all this at once: a report by sections, as Markdown or as a page by itself.

Form only: whatever is said here was decided below.
"""
