"""The trained model: a sum of small decision trees, shipped as numbers and evaluated here.

`weights.json` is written by the training script (docs/matching.md); nothing but this module reads it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import exp, isnan
from pathlib import Path
from typing import Any, TypeAlias

from .features import Features

__all__ = ["Model", "load_model"]

# A leaf is its value; else (feature, threshold, is NaN on the low side?, where not above, where above).
_Node: TypeAlias = "float | tuple[int, float, bool, _Node, _Node]"


@dataclass(frozen=True, slots=True)
class Model:
    """`cuts`: (precision wanted, score from which a decision has it), the lowest first."""

    start: float
    trees: tuple[_Node, ...]
    cuts: tuple[tuple[float, float], ...]

    def likelihood(self, features: Sequence[float]) -> float:
        """How likely it is that a pair with these features is one game, from 0 to 1."""
        total = self.start
        for tree in self.trees:
            node: Any = tree  # not narrowed step by step: it is what makes this fast enough
            while type(node) is tuple:
                feature, threshold, nan_is_low, low, high = node
                value = features[feature]
                node = low if value <= threshold or (nan_is_low and isnan(value)) else high
            total += node
        return 1 / (1 + exp(-total))

    def cut(self, precision: float) -> float:
        """The score from which decisions are made unasked; one that none has where no score is precise enough."""
        return next((score for reached, score in self.cuts if reached >= precision), 2.0)


def read_model(document: dict[str, Any]) -> Model:
    """Raises ValueError where the document was made for other features."""
    if tuple(document["features"]) != Features._fields:
        raise ValueError("these weights are for other features: train anew (docs/matching.md)")
    return Model(
        start=document["start"],
        trees=tuple(_node(tree) for tree in document["trees"]),
        cuts=tuple((precision, score) for precision, score in document["cuts"]),
    )


@cache
def load_model(path: Path | None = None) -> Model:
    """The model that is shipped, or another of the same form."""
    text = path.read_text() if path else resources.files(__package__).joinpath("weights.json").read_text()
    return read_model(json.loads(text))


def _node(node: Any) -> _Node:
    if not isinstance(node, list):
        return float(node)
    feature, threshold, nan_is_low, low, high = node
    return int(feature), float(threshold), bool(nan_is_low), _node(low), _node(high)
