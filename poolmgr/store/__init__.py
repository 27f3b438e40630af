"""The pool's state behind one protocol; SQL lives in queries/."""
