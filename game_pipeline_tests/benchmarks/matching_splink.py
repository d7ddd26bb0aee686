"""Splink beside our matching, on the same sets and the same parsed columns.

Run with: .venv/bin/python -m game_pipeline_tests.benchmarks.matching_splink [SET ...]    (make .venv/installed-bench)

Ours has weights trained on the other sets and cuts that are shipped. Splink learns on the set itself, once without the
answers (expectation maximisation), once from all of them; and the least probability that counts is the one that gives
the best F1, read off the answers, too. Seconds are of this process's CPU, from the parsed columns on.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from typing import Any

from game_pipeline.matching import Entry, TableMatcher, read_list
from game_pipeline.matching.model import read_model
from game_pipeline_tests.benchmarks.matching_training import SETS, names, truth_of, without

Answers = Mapping[str, tuple[str, float]]  # record -> its best candidate, and how sure that is
Truth = Mapping[str, set[str]]

ROW = "{:12}{:34}{:>10}{:>8}{:>8}{:>9}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*")
    sets = parser.parse_args().sets
    if not SETS.is_dir():
        print(f"no sets at {SETS}: nothing measured")
        return
    print(ROW.format("set", "", "precision", "found", "F1", "seconds"))
    for name in sets or names():
        _compare(name)


def _compare(name: str) -> None:
    truth = truth_of(name)
    records, catalogue = read_list(SETS / name / "records.csv"), read_list(SETS / name / "catalogue.csv")
    model = read_model(without(name))
    begun = time.process_time()
    auto: dict[str, tuple[str, float]] = {}
    best: dict[str, tuple[str, float]] = {}
    for answer in TableMatcher(catalogue, model=model).match(records):
        if answer.catalogue_id is not None:
            best.setdefault(answer.record_id, (answer.catalogue_id, answer.score))
        if answer.catalogue_id is not None and answer.band == "auto":
            auto[answer.record_id] = best[answer.record_id]
    took = time.process_time() - begun
    _tell(name, "ours, linked unasked", auto, truth, took)
    _tell(name, "ours, with the best in review", best, truth, took)
    for what, labels in (("Splink, by itself", None), ("Splink, knowing the answers", truth)):
        begun = time.process_time()
        found = _splink(records, catalogue, labels)
        took = time.process_time() - begun
        _tell(name, what, _with_best_f1(found, truth), truth, took)


def _tell(name: str, what: str, answers: Answers, truth: Truth, seconds: float) -> None:
    precision, found, f1 = _scores(answers, truth)
    print(ROW.format(name, what, f"{precision:.4f}", f"{found:.3f}", f"{f1:.3f}", f"{seconds:.1f}"), flush=True)


def _scores(answers: Answers, truth: Truth) -> tuple[float, float, float]:
    right = sum(game in truth.get(record, ()) for record, (game, _) in answers.items())
    return right / max(len(answers), 1), right / len(truth), 2 * right / (len(answers) + len(truth))


def _with_best_f1(answers: Answers, truth: Truth) -> Answers:
    """Those answers that are so sure that F1 is best."""
    right, best, least = 0, 0.0, 2.0
    ranked = sorted(answers.items(), key=lambda each: -each[1][1])
    for place, (record, (game, likelihood)) in enumerate(ranked, start=1):
        right += game in truth.get(record, ())
        f1 = 2 * right / (place + len(truth))
        if f1 > best:
            best, least = f1, likelihood
    return {record: answer for record, answer in answers.items() if answer[1] >= least}


# Splink --------------------------------------------------------------------------------------------------------------


def _splink(records: Sequence[Entry], catalogue: Sequence[Entry], labels: Truth | None) -> Answers:
    """The best candidate of each record."""
    from splink import Linker, SettingsCreator, block_on
    from splink.backends.duckdb import DuckDBAPI

    api = DuckDBAPI()
    tables = [
        api.register([_row(entry) for entry in entries], table_name=side)
        for side, entries in (("records", records), ("catalogue", catalogue))
    ]
    blocking = [block_on(column) for column in ("plain", "head", "substr(plain, 1, 5)", "right(plain, 5)")]
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=_comparisons(),
        blocking_rules_to_generate_predictions=blocking,
        probability_two_random_records_match=1 / len(catalogue),
    )
    linker = Linker(tables, settings, log_level="ERROR")
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    if labels is None:
        for column in ("plain", "substr(plain, 1, 5)"):
            linker.training.estimate_parameters_using_expectation_maximisation(block_on(column))
    else:
        pairs = [
            {
                "source_dataset_l": "catalogue",
                "unique_id_l": game,
                "source_dataset_r": "records",
                "unique_id_r": record,
            }
            for record, games in labels.items()
            for game in games
        ]
        linker.training.estimate_m_from_pairwise_labels(api.register(pairs, table_name="labels"))
    found = linker.inference.predict(threshold_match_probability=0.001, warning_mode="never").as_record_list()
    best: dict[str, tuple[str, float]] = {}
    for row in found:
        sides = {row["source_dataset_l"]: row["unique_id_l"], row["source_dataset_r"]: row["unique_id_r"]}
        record, likelihood = sides["records"], row["match_probability"]
        if record not in best or likelihood > best[record][1]:
            best[record] = (sides["catalogue"], likelihood)
    return best


def _row(entry: Entry) -> dict[str, Any]:
    """What our features see, too: the main title taken apart, and the other columns; missing is NULL."""
    side = entry.side
    title = side.main
    return {
        "unique_id": entry.id,
        "plain": title.plain,
        "head": title.plain_head,
        "words": list(title.words),
        "numbers": " ".join(map(str, title.numbers)),
        "editions": " ".join(sorted(title.editions)),
        "things": " ".join(sorted(title.things)),
        "year": side.years[0] if side.years else None,
        "names": list(side.names) or None,
        "platforms": sorted(side.platforms) or None,
    }


def _comparisons() -> list[Any]:
    import splink.comparison_level_library as levels
    import splink.comparison_library as comparisons

    title = comparisons.CustomComparison(
        [
            levels.NullLevel("plain"),
            levels.ExactMatchLevel("plain", term_frequency_adjustments=True),
            levels.JaroWinklerLevel("plain", 0.95),
            levels.ExactMatchLevel("head"),
            levels.JaroWinklerLevel("plain", 0.88),
            levels.ArraySubsetLevel("words"),
            levels.ElseLevel(),
        ],
        output_column_name="title",
    )
    year = comparisons.CustomComparison(
        [
            levels.NullLevel("year"),
            levels.ExactMatchLevel("year"),
            levels.AbsoluteDifferenceLevel("year", 1),
            levels.AbsoluteDifferenceLevel("year", 3),
            levels.ElseLevel(),
        ],
        output_column_name="year",
    )
    exact = [comparisons.ExactMatch(column) for column in ("numbers", "editions", "things")]
    shared = [comparisons.ArrayIntersectAtSizes(column, [1]) for column in ("names", "platforms")]
    return [title, year, *exact, *shared]


if __name__ == "__main__":
    main()
