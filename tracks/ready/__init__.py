"""What `bd` calls ready and blocked, rule by rule for each era, and the sentences that say why.

One task and its edges at a time; what follows for all of them together is the graph's.
"""
