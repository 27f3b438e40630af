"""Which tasks to do now, side by side, and in which order: tracks for so many slots, with reasons."""
