"""Dagster's wiring, and the only package that imports dagster. Everything here is thin: the work is done elsewhere."""
