"""What matching costs: a new record against a million games, and a list of 100,000 against another.

Run with: .venv/bin/python -m game_pipeline_tests.benchmarks.matching_speed [--games N | --lists N]

--games: only a new record against so many games. --lists: only a list of so many records against another.

Titles are recombined from words made of syllables, some of which are common and most rare, as in real catalogues; every
record is a title of the catalogue written otherwise. Times are of this process's CPU, so that other work on the machine
does not count; of the lists by the clock, too.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from game_pipeline.matching import CandidateIndex, Entry, TableMatcher
from game_pipeline.matching.sides import side_of
from game_pipeline.matching.verdict import judge

RECORDS = 1_000
CANDIDATES = 10  # as many as the catalogue asks for
SYLLABLES = (
    "ka ro mi ta len dor vel shi un gar eth bo zan qui lor fe nak ru pol dim sta gre har ton il mar vex oz bri cal"
)
COMMON = "the of and quest war star dragon world legend dark battle king island space super story city lost final dead"
ENDINGS = (
    "",
    "",
    "",
    "",
    " II",
    " 2",
    " 3",
    ": Origins",
    " - The Beginning",
    " Deluxe",
    ": Gold Edition",
    " 2004",
    " IV",
)


def titles(count: int, seed: int = 0) -> Iterator[str]:
    """Distinct titles; of a million words' places about half are of common words."""
    chance = random.Random(seed)
    syllables, common = SYLLABLES.split(), COMMON.split()
    rare = ["".join(chance.choices(syllables, k=chance.choice((2, 3, 3)))) for _ in range(40_000)]
    seen: set[int] = set()
    while len(seen) < count:
        words = [
            chance.choice(common) if chance.random() < 0.4 else rare[int(chance.paretovariate(0.4)) % len(rare)]
            for _ in range(chance.choice((1, 2, 2, 3, 3, 4)))
        ]
        title = " ".join(words).title() + chance.choice(ENDINGS)
        if hash(title) not in seen:
            seen.add(hash(title))
            yield title


def rewritten(title: str, chance: random.Random) -> str:
    """As another source might write it."""
    change = chance.randrange(5)
    if change == 0:
        return title.replace(" II", " 2").upper()
    if change == 1:
        return f"{title} [Limited Edition]"
    if change == 2:
        return title.replace(" ", "", 1)
    if change == 3 and len(title) > 4:
        place = chance.randrange(1, len(title) - 1)
        return title[:place] + title[place + 1 :]
    return f"{title}, The"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--games", type=int)
    parser.add_argument("--lists", type=int)
    options = parser.parse_args()
    if options.games:
        _against(options.games)
    elif options.lists:
        _lists(options.lists)
    else:
        _all()


def _all() -> None:
    after = {}
    for size in (100_000, 1_000_000):
        run = subprocess.run(
            [sys.executable, "-m", __spec__.name, "--games", str(size)], check=True, stdout=subprocess.PIPE, text=True
        )
        *told, last = run.stdout.splitlines()
        print("\n".join(told))
        after[size] = float(last)
    print(f"after the look-up, a million to 100,000: {after[1_000_000] / after[100_000]:.2f} (wanted: at most 1.3)")
    _lists(100_000)


def _against(size: int) -> None:
    before = _resident()
    begun = time.process_time()
    index = CandidateIndex((number, (title,)) for number, title in enumerate(titles(size)))
    built = time.process_time() - begun
    print(f"{size:,} games: built in {built:.0f} s, {_resident() - before} MB (wanted at 1,000,000: under 600)")
    chance = random.Random(1)
    asked = [(number, index.titles(number)[0]) for number in chance.sample(range(size), RECORDS)]
    lookups, whole, found = [], [], 0
    for number, title in asked:
        wording = rewritten(title, chance)
        begun = time.process_time()
        candidates = index.find([wording], CANDIDATES)
        lookups.append(time.process_time() - begun)
        judge(side_of([wording]), [side_of(index.titles(one)) for one in candidates], rarity=index.rarity)
        whole.append(time.process_time() - begun)
        found += number in candidates
    median, p95 = statistics.median(whole) * 1000, statistics.quantiles(whole, n=20)[-1] * 1000
    print(
        f"  a new record: median {median:.2f} ms, p95 {p95:.2f} ms (wanted: under 2 and 8); found {found / RECORDS:.3f}"
    )
    changes = [chance.randrange(size) for _ in range(RECORDS)]
    print(f"  a game filed anew: {_each(changes, lambda number: index.add(number, ('Another Title',))):.3f} ms")
    print(sum(whole) - sum(lookups))


def _each(numbers: list[int], change: Callable[[int], None]) -> float:
    begun = time.process_time()
    for number in numbers:
        change(number)
    return (time.process_time() - begun) / len(numbers) * 1000


def _lists(size: int) -> None:
    chance = random.Random(2)
    begun, clock = time.process_time(), time.perf_counter()
    known = [_entry(number, title) for number, title in enumerate(titles(size))]
    asked = [_entry(entry.id, rewritten(entry.titles[0], chance)) for entry in known]
    right = sum(
        answer.catalogue_id == answer.record_id for answer in TableMatcher(known).match(asked) if answer.band == "auto"
    )
    took, lasted = time.process_time() - begun, time.perf_counter() - clock
    print(
        f"{size:,} records against {size:,}: {took:.0f} s of CPU, {lasted:.0f} s by the clock "
        f"(wanted at 100,000: under 180), {right:,} linked rightly"
    )


def _entry(number: object, title: str) -> Entry:
    return Entry(str(number), (title,), side_of([title]))


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 // 2**20


if __name__ == "__main__":
    main()
