"""`game-pipeline`: the command line. Thin: each command reads its arguments, calls the work and prints the result.

Commands live in modules that are imported when called, so that `source parse` does not pay for Dagster.
"""

from .main import main

__all__ = ["main"]
