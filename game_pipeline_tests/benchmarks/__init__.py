"""Measurements, each a script that says how to run it. None is a test."""
