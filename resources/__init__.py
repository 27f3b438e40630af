"""What the machine says: processes, clocks, file systems.

It measures and never decides: what the pool does about a figure is the pool's business.
"""
