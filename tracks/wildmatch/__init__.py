"""Git's wildmatch, token by token and byte by byte: what `tracks.globs` is made of.

One glob at a time; what a list of globs means is said in `tracks.globs`, above.
"""
