"""Task graphs, globs, overlap and plans: text and lists in, values out.

Pure: nothing in this package reads a file, runs a program or asks the clock.
"""
