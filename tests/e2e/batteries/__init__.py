"""Batteries: kill points, a storm of kills, and what happens where something is missing or stands still."""
