"""Where the files that are not Python lie: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from pathlib import Path

__all__ = ["asset_path"]

_PACKAGE = Path(__file__).resolve().parent.parent


def asset_path(name: str) -> Path:
    """The path of `sql`, `dagster.yaml` or `workspace.yaml`. Raises FileNotFoundError for a broken installation."""
    for base in (_PACKAGE / "_assets", _PACKAGE.parent):
        path = base / name
        if path.exists():
            return path
    raise FileNotFoundError(f"{name} is missing beside {_PACKAGE}; install game-pipeline again")
