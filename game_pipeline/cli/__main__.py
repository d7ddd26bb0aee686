"""`python -m game_pipeline.cli`: the command line where its script is not on the path."""

from .main import main

main()
