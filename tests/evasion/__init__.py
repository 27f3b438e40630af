"""Ways to change a file outside the scope, and ways to change one without having to answer for it.

A way is a function of a scene. Its answer is the path that has to be named afterwards.
"""
