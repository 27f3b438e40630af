"""The open tasks as a graph: order, waves, knots, bottlenecks and the critical path.

Paths and slots do not count here: what could be done if nobody stood in anybody's way.
"""
