"""What people do to the pool as a whole: make it, size it, bring work back, take it away."""
