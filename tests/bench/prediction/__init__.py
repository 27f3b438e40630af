"""How well collisions are predicted on real trackers, and where the weights of the prior come from."""
