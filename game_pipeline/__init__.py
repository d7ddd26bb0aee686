"""Keeps one trustworthy catalogue of games out of many unreliable sources."""
