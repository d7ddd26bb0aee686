"""Trains the weights of matching on labelled pairs of lists, and writes them as the JSON that is shipped.

Run with: .venv/bin/python -m game_pipeline_tests.benchmarks.matching_training [--out FILE]

The sets lie in ../shared/matching, one directory each: records.csv, catalogue.csv, truth.csv; docs/matching.md says
what they are. Without --out nothing is written, and the weights that would be are compared with those that are shipped.
"""

from __future__ import annotations

import argparse
import csv
import json
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from game_pipeline.matching.features import Features
from game_pipeline.matching.lists import read_list
from game_pipeline.matching.model import Model, read_model
from game_pipeline.matching.tables import Compared, TableMatcher
from game_pipeline.matching.verdict import Verdict, ruled
from game_pipeline_tests.shared import SHARED

SETS = SHARED / "matching"
ROUNDS, RATE, LEAVES = 80, 0.12, 12
# Which way a feature may only push: what holds of every list of games, not only of those that were trained on.
ALWAYS_FOR = {"same_key", "same_plain", "ratio", "shared", "ours_in_theirs", "theirs_in_ours", "tails_alike", "agree"}
ALWAYS_AGAINST = {
    "left_ours", "left_theirs", "numbers", "editions", "edition_words", "things", "against", "words_apart", "article",
}  # fmt: skip
WITH_GAPS = {"tails_alike"}  # the one that may be NaN
UNANSWERED = 0.5  # additional weight of pairs that are not one game: elsewhere more records have no answer
# (precision wanted, score): read off the curves that this script prints, where no set is scored by its own weights. At
# .5 the likeliest game outweighs any rival; from there on the curves are flat up to what the truth itself has wrong.
CUTS = ((0.99, 0.4), (0.995, 0.5), (0.998, 0.8), (0.999, 0.9))


@dataclass(frozen=True)
class Examples:
    """All pairs that were compared, with whether each is one game; and by record what a decision rests on."""

    name: str
    features: np.ndarray[Any, Any]
    right: np.ndarray[Any, Any]
    compared: Sequence[Compared]
    truth: dict[str, set[str]]
    ids: Sequence[str]


def names() -> list[str]:
    return sorted(path.name for path in SETS.iterdir() if path.is_dir())


def truth_of(name: str) -> dict[str, set[str]]:
    """The answers of a set by record; twins, which nothing tells from the answer, among them."""
    answers: dict[str, set[str]] = {}
    with (SETS / name / "truth.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            answers.setdefault(row["record_id"], set()).add(row["catalogue_id"])
    return answers


@cache
def examples(name: str) -> Examples:
    records, catalogue = read_list(SETS / name / "records.csv"), read_list(SETS / name / "catalogue.csv")
    truth = truth_of(name)
    compared = list(TableMatcher(catalogue, model=Model(0.0, (), ())).compare(records))
    pairs = [
        (likely.pair.features, catalogue[one.places[likely.place]].id in truth.get(one.record.id, ()))
        for one in compared
        if one.verdict
        for likely in one.verdict.likely
    ]
    features, right = zip(*pairs, strict=True)
    ids = [entry.id for entry in catalogue]
    return Examples(name, np.array(features, dtype=float), np.array(right), compared, truth, ids)


def train(sets: Iterable[str]) -> dict[str, Any]:
    """The document of the weights."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    parts, labels, weights = [], [], []
    for name in sets:
        known = examples(name)
        parts.append(known.features)
        labels.append(known.right)
        # A list ten times longer teaches three times as much.
        weights.append(np.where(known.right, 1.0, 1 + UNANSWERED) / np.sqrt(len(known.compared)))
    weight = np.concatenate(weights)
    booster = HistGradientBoostingClassifier(
        max_iter=ROUNDS,
        learning_rate=RATE,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=20,
        l2_regularization=2,
        random_state=0,
        monotonic_cst=[(name in ALWAYS_FOR) - (name in ALWAYS_AGAINST) for name in Features._fields],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        booster.fit(np.vstack(parts), np.concatenate(labels), sample_weight=weight / weight.mean())
    return {
        "features": Features._fields,
        "start": round(float(booster._baseline_prediction.item()), 6),
        "cuts": [list(each) for each in CUTS],
        "trees": [_tree(predictor.nodes, 0) for (predictor,) in booster._predictors],
    }


def _tree(nodes: Any, place: int) -> Any:
    node = nodes[place]
    if node["is_leaf"]:
        return round(float(node["value"]), 5)
    feature = int(node["feature_idx"])
    nan_is_low = bool(node["missing_go_to_left"]) and Features._fields[feature] in WITH_GAPS
    low, high = _tree(nodes, node["left"]), _tree(nodes, node["right"])
    return [feature, float(node["num_threshold"]), nan_is_low, low, high]


def without(name: str) -> dict[str, Any]:
    """Weights trained on the other sets."""
    return train(other for other in names() if other != name)


def curve(name: str) -> str:
    """Precision of the links made unasked, and their share of the answers, by the score from which they are made."""
    known, model = examples(name), read_model(without(name))
    made = []
    for one in known.compared:
        verdict = rejudged(one, model)
        if verdict and not verdict.bars:
            answer = known.ids[one.places[verdict.likely[0].place]]
            made.append((verdict.score, answer in known.truth.get(one.record.id, ())))
    told = []
    for _, cut in CUTS:
        right = [correct for score, correct in made if score >= cut]
        told.append(f"{cut}: {sum(right) / len(right):.4f} / {sum(right) / len(known.truth):.3f}")
    return ", ".join(told)


def rejudged(one: Compared, model: Model) -> Verdict | None:
    """The verdict of another model about what was observed."""
    if one.verdict is None:
        return None
    pairs = [(likely.place, likely.pair) for likely in one.verdict.likely]
    return ruled(one.record.side, one.games, pairs, model)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    out = parser.parse_args().out
    if not SETS.is_dir():
        print(f"no sets at {SETS}: nothing trained")
        return
    for name in names():
        print(f"{name}, by weights of the other sets, precision / found from a score of {curve(name)}")
    document = train(names())
    print(f"trained on {sum(int(examples(name).right.sum()) for name in names())} right pairs of {', '.join(names())}")
    text = json.dumps(document, separators=(",", ":")).replace("],[", "],\n[") + "\n"
    if out:
        out.write_text(text)
        print(f"{out}: {len(text)} bytes")
    else:
        shipped = resources.files("game_pipeline.matching").joinpath("weights.json").read_text()
        print("as shipped" if text == shipped else "not as shipped: write them with --out")


if __name__ == "__main__":
    main()
