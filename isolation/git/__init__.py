"""One function per git command, no policy; program.py is the one door."""
