"""`game-pipeline match`: which games of a catalogue the records of a list are; files alone, no database."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from .context import Failed, WrongUse, json_option, print_json
from .progress import counting

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--records", required=True, type=_FILE, help="CSV of what is to be matched; docs/matching.md.")
@click.option("--catalogue", required=True, type=_FILE, help="CSV of the games that there are.")
@click.option("--out", required=True, type=_FILE, help="CSV to write; a file of this name is replaced.")
@click.option(
    "--precision",
    type=click.FloatRange(0, 1),
    default=0.995,
    show_default=True,
    help="Share of the links made unasked that is to be right.",
)
@click.option("--weights", type=_FILE, help="Weights that you trained yourself, instead of those shipped.")
@json_option
def match(
    records: Path,
    catalogue: Path,
    out: Path,
    precision: float,
    weights: Path | None,
    json_: bool,
) -> None:
    """Say of every record whether it is a game of the catalogue (auto), may be one (review), or is a new one."""
    from game_pipeline.matching import ListError, TableMatcher, load_model, read_list, write_answers

    try:
        model = load_model(weights)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WrongUse(f"{weights}: no weights of this version: {error}") from None
    bands: dict[str, str] = {}
    try:
        asked, known = read_list(records), read_list(catalogue)
        matcher = TableMatcher(known, precision=precision, model=model)
        with counting("records", quiet=json_) as progress:
            write_answers(
                out, matcher.match(asked, progress), lambda answer: bands.update({answer.record_id: answer.band})
            )
    except ListError as error:
        raise Failed(str(error)) from None
    counts = Counter(bands.values())
    if json_:
        print_json({"out": str(out), "records": len(asked), "catalogue": len(known)} | _counted(counts))
    else:
        told = ", ".join(f"{count} {band}" for band, count in _counted(counts).items())
        click.echo(f"{len(asked)} records against {len(known)} games: {told}; written to {out}")


def _counted(counts: Counter[str]) -> dict[str, int]:
    return {band: counts[band] for band in ("auto", "review", "new")}
