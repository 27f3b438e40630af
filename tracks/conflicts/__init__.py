"""Which tasks will change the same files: by what they claim, and by what the past makes likely.

Facts and chances about pairs; what to do about them is the plan's.
"""
