"""From a request to a lease: the queue, the claim, the branch."""
