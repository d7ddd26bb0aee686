"""The trained model: a sum of small decision trees, shipped as numbers and evaluated here.

`weights.json` is written by the training script (docs/matching.md); nothing but this module reads it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from math import exp
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
    _sum: Callable[[Sequence[float]], float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # As one expression of Python: a walk from node to node takes three times as long.
        total = " + ".join([repr(self.start), *map(_expression, self.trees)])
        object.__setattr__(self, "_sum", eval(f"lambda f: {total}", {}))  # of numbers alone

    def likelihood(self, features: Sequence[float]) -> float:
        """How likely it is that a pair with these features is one game, from 0 to 1."""
        return 1 / (1 + exp(-self._sum(features)))

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


def _expression(node: _Node) -> str:
    """A tree as an expression of the features `f`; NaN is what is unlike itself."""
    if not isinstance(node, tuple):
        return repr(node)
    feature, threshold, nan_is_low, low, high = node
    is_low = f"f[{feature}] <= {threshold!r}" + (f" or f[{feature}] != f[{feature}]" if nan_is_low else "")
    return f"({_expression(low)} if {is_low} else {_expression(high)})"
