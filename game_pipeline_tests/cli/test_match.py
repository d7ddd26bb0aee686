"""`game-pipeline match` as a user meets it: two files in, one out, no database."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from .conftest import Shell

CATALOGUE = """id,title,subtitle,aliases,authors,publisher,year,platforms,languages,description
g1,Zork I: The Great Underground Empire,,,Marc Blank | Dave Lebling,Infocom,1980,,,
g2,Zork II: The Wizard of Frobozz,,,Marc Blank | Dave Lebling,Infocom,1981,,,
g3,Thunder Force,,,,Technosoft,1983,,,
g4,The Sims,,,Maxis,Electronic Arts,2000,,,
g5,FIFA 2009,,,,Electronic Arts,2008,,,
g6,Portal 2,,,Valve,Valve,2011,,,
g7,Prey (2017),,,Arkane Studios,,2017,,,
g8,Nioh 2: The Complete Edition,,,Team Ninja,,2021,,,
g9,Metal Gear Solid: Portable Ops Plus,,,Kojima Productions,,2007,,,
g10,Hades,,,Supergiant Games,,2020,,,
g11,Штурман,,,Пётр Косых,,2010,,,
g12,Особняк,,,Пётр Косых,,2009,,,
"""
RECORDS = """id,title,subtitle,aliases,authors,year
same1,Zork I,,,Marc Blank,1980
same2,ThunderForce,,,Technosoft,1983
same3,"Sims, The",,,Maxis,2000
same4,FIFA 09,,,,
same5,Shturman,,,Petr Kosyh,2010
same6,Zork II,The Wizard of Frobozz,,Infocom,1981
other1,Portal,,,Valve,2007
other2,Prey (2006),,,Human Head,2006
other3,Nioh: The Complete Edition,,,Team Ninja,2017
other4,Metal Gear Solid: Portable Ops,,,Kojima Productions,2006
other5,Hades Demo,,,Supergiant Games,2020
none,Something Else Entirely,,,,
"""
SAME = {"same1": "g1", "same2": "g3", "same3": "g4", "same4": "g5", "same5": "g11", "same6": "g2"}


def _match(shell: Shell, directory: Path, *options: str, records: str = RECORDS) -> list[dict[str, str]]:
    (directory / "records.csv").write_text(records, "utf-8")
    (directory / "catalogue.csv").write_text(CATALOGUE, "utf-8")
    files = {name: str(directory / f"{name}.csv") for name in ("records", "catalogue", "out")}
    outcome = shell("match", *(part for name, file in files.items() for part in (f"--{name}", file)), *options)
    assert (outcome.code, outcome.err) == (0, "")
    with (directory / "out.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_record_is_answered_with_its_evidence_and_the_traps_are_seen(shell: Shell, tmp_path: Path) -> None:
    rows = _match(shell, tmp_path)
    assert list(dict.fromkeys(row["record_id"] for row in rows)) == [
        line.split(",")[0] for line in RECORDS.splitlines()[1:]
    ]
    assert {row["record_id"]: row["catalogue_id"] for row in rows if row["band"] == "auto"} == SAME
    assert all(row["catalogue_id"] == "" for row in rows if row["band"] == "new")
    assert all(row["evidence"] and 0 <= float(row["score"]) <= 1 for row in rows)
    told = {row["record_id"]: row["evidence"] for row in rows}
    assert "people: a name is the same [Marc Blank | Marc Blank, Dave Lebling" in told["same1"]


def test_no_link_is_made_unasked_where_more_is_wanted_than_any_score_gives(shell: Shell, tmp_path: Path) -> None:
    assert "auto" not in {row["band"] for row in _match(shell, tmp_path, "--precision", "1")}


def test_the_same_lists_give_the_same_file(shell: Shell, tmp_path: Path) -> None:
    lines = RECORDS.splitlines()
    turned = "\n".join([lines[0], *reversed(lines[1:])])
    assert sorted(map(str, _match(shell, tmp_path))) == sorted(map(str, _match(shell, tmp_path, records=turned)))


@pytest.mark.parametrize(
    ("records", "says"),
    [
        ("id,name\n1,Zork\n", "records.csv: no column title in its first line"),
        ("id,title\n1,\n", "records.csv, line 2: no title"),
        ("id,title\n1,Zork\n1,Zork II\n", "records.csv, line 3: the id '1' is that of line 2"),
        ("id,title\n1,Sims, The\n", "records.csv, line 2: more cells than columns"),
        ('id,title\n1,"Zork\n', "records.csv: not a CSV file"),
    ],
)
def test_a_file_that_is_no_list_of_games_is_named_with_the_place(
    shell: Shell, tmp_path: Path, records: str, says: str
) -> None:
    (tmp_path / "records.csv").write_text(records, "utf-8")
    file = str(tmp_path / "records.csv")
    outcome = shell("match", "--records", file, "--catalogue", file, "--out", str(tmp_path / "out.csv"))
    assert outcome.code == 1
    assert says in outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert not (tmp_path / "out.csv").exists()


def test_a_list_in_another_encoding_or_a_file_that_is_not_there_is_one_line(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "records.csv").write_bytes("id,title\n1,Особняк\n".encode("cp1251"))
    here, missing, out = (str(tmp_path / name) for name in ("records.csv", "missing.csv", "out.csv"))
    assert "not in UTF-8 (byte 11)" in shell("match", "--records", here, "--catalogue", here, "--out", out).err
    outcome = shell("match", "--records", missing, "--catalogue", here, "--out", out)
    assert (outcome.code, "No such file" in outcome.err) == (1, True)


def test_weights_that_are_none_are_refused(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "weights.json").write_text('{"features": []}')
    file = str(tmp_path / "records.csv")
    (tmp_path / "records.csv").write_text("id,title\n1,Zork\n")
    outcome = shell(
        "match", "--records", file, "--catalogue", file, "--out", file, "--weights", str(tmp_path / "weights.json")
    )
    assert (outcome.code, "train anew" in outcome.err) == (2, True)
