"""How right matching is, through the command line, with weights trained on other sets than the one that is scored.

Run with: .venv/bin/python -m game_pipeline_tests.benchmarks.matching_accuracy [--shipped] [SET ...]

For each set: how many links made unasked are right (precision) and how many of the answers they are (found); F1 of the
best candidate of auto and review together; links that join other numbers, or a demo with the game. --shipped: with the
weights that are shipped, which have seen the sets.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from game_pipeline.matching import numbers_of
from game_pipeline_tests.benchmarks.matching_training import SETS, names, truth_of, without

# set: precision of auto, share of the answers found by auto, F1 of auto and review.
WANTED = {
    "pc_stores": (0.995, 0.86, 0.955),
    "consoles": (0.99, 0.83, 0.965),
    "if_engines": (0.975, 0.80, 0.95),
    "ps2": (None, None, 0.76),
}
MAIN = "from game_pipeline.cli import main; main()"
APART = re.compile(r"\b(demo|dlc|soundtrack|trailer|beta|trial|season pass|expansion|add-?on)\b", re.IGNORECASE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shipped", action="store_true")
    parser.add_argument("sets", nargs="*")
    options = parser.parse_args()
    if not SETS.is_dir():
        print(f"no sets at {SETS}: nothing measured")
        return
    with tempfile.TemporaryDirectory() as directory:
        for name in options.sets or names():
            _measure(name, Path(directory), shipped=options.shipped)


def _measure(name: str, directory: Path, *, shipped: bool) -> None:
    weights: list[str] = []
    if not shipped:
        path = directory / f"{name}.json"
        path.write_text(json.dumps(without(name)))
        weights = ["--weights", str(path)]
    records, catalogue, out = SETS / name / "records.csv", SETS / name / "catalogue.csv", directory / f"{name}.csv"
    begun = time.perf_counter()
    command = [sys.executable, "-c", MAIN, "match", "--records", records, "--catalogue", catalogue]
    subprocess.run([*map(str, command), "--out", str(out), *weights], check=True, stdout=subprocess.DEVNULL)
    took = time.perf_counter() - begun
    best: dict[str, dict[str, str]] = {}
    with out.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["band"] != "new":
                best.setdefault(row["record_id"], row)
    truth = truth_of(name)
    auto = {record: row for record, row in best.items() if row["band"] == "auto"}
    right = sum(row["catalogue_id"] in truth.get(record, ()) for record, row in auto.items())
    right_of_all = sum(row["catalogue_id"] in truth.get(record, ()) for record, row in best.items())
    precision, found, f1 = right / len(auto), right / len(truth), 2 * right_of_all / (len(best) + len(truth))
    wanted = WANTED.get(name, (None, None, None))
    titles = {path: _titles(path) for path in (records, catalogue)}
    joined = [(titles[records][record], titles[catalogue][row["catalogue_id"]]) for record, row in auto.items()]
    print(f"{name}: {len(truth)} answers, {took:.0f} s")
    for what, got, want in zip(
        ("auto precision", "auto found", "auto + review F1"), (precision, found, f1), wanted, strict=True
    ):
        print(f"  {what:18}{got:.4f}" + (f"  wanted {want}  {'ok' if got >= want else 'MISSED'}" if want else ""))
    print(f"  records in review {(len(best) - len(auto)) / len(titles[records]):.1%} of {len(titles[records])}")
    numbers = [pair for pair in joined if _conflict(*map(numbers_of, pair))]
    things = [pair for pair in joined if bool(APART.search(pair[0])) != bool(APART.search(pair[1]))]
    for told, pairs in (("with other numbers", numbers), ("of a demo or an addition", things)):
        print(f"  auto links {told}: {len(pairs)} {pairs[:3] or ''}")


def _conflict(ours: tuple[int, ...], theirs: tuple[int, ...]) -> bool:
    return {n for n in ours if n != 1} != {n for n in theirs if n != 1}


def _titles(path: Path) -> dict[str, str]:
    with path.open(newline="") as file:
        return {row["id"]: ": ".join(filter(None, (row["title"], row["subtitle"]))) for row in csv.DictReader(file)}


if __name__ == "__main__":
    main()
