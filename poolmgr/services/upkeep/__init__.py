"""What is done when nobody asks: finishing, growing, shrinking, preparing, watching."""
