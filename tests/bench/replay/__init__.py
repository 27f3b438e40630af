"""Plans replayed on real trackers: several workers, the files that were really touched, a simulated clock."""
