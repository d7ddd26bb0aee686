"""Which of the demo's games the stores and databases list, by which numbers, and what they say about them.

Titles, authors and years are facts. Which store lists a game, all numbers, prices and counts are arranged for the demo,
and the descriptions were written for it.
"""

from dataclasses import dataclass

from game_pipeline.demo.world import GAMES
from game_pipeline.model import Kind

__all__ = ["STORE_ENTRIES", "StoreEntry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreEntry:
    """A game as the databases know it. `game` is its slug in `GAMES`, or its own where it is an addition to `parent`.

    Numbers are those of each site, None where it does not list the game. `itch` is `author/game`, `players` the most
    who can play at once, `kept_by` how many people keep it, `since` the day of the demo on which it appears.
    """

    game: str
    title: str
    developers: tuple[str, ...]
    released: str
    platforms: tuple[str, ...] = ("Windows", "macOS", "Linux")
    genre: str = "Adventure"
    languages: tuple[str, ...] = ("en",)
    players: int = 1
    kind: Kind = "game"
    parent: str = ""
    igdb: int
    rawg: int | None = None
    wikidata: int | None = None
    steam: int | None = None
    gog: int | None = None
    vndb: int | None = None
    itch: str | None = None
    kept_by: int = 400
    since: int = 1
    text: str

    @property
    def slug(self) -> str:
        return self.game


_GAMES = {game.slug: game for game in GAMES}


def _entry(game: str, text: str, *, igdb: int, **facts: object) -> StoreEntry:
    """An entry that says of its game what IFDB says, but for what is given."""
    told: dict[str, object] = {}
    known = _GAMES.get(game)
    if known and known.ifdb:
        told = {"title": known.ifdb.title, "developers": (known.ifdb.author,), "released": known.ifdb.published or ""}
    return StoreEntry(game=game, text=text, igdb=igdb, **{**told, **facts})  # type: ignore[arg-type]


_INKLE = ("inkle",)
_INFOCOM = ("Infocom",)

STORE_ENTRIES: tuple[StoreEntry, ...] = (
    _entry(
        "80-days",
        "A wager, a valet and a clockwork world: the road around it is yours to choose, and so is the bill.",
        developers=_INKLE,
        released="2015-09-29",
        igdb=12,
        rawg=3901,
        wikidata=18348001,
        steam=381780,
        gog=1443693301,
        kept_by=5200,
    ),
    _entry(
        "80-days-soundtrack",
        "The music of the journey.",
        title="80 DAYS: Music of the Journey",
        developers=_INKLE,
        released="2015-09-29",
        kind="soundtrack",
        parent="80-days",
        igdb=133,
        steam=381790,
        kept_by=20,
    ),
    _entry(
        "hadean-lands",
        "A starship run by alchemy has stopped between worlds, and every ritual on board has to be learnt by heart.",
        igdb=24,
        rawg=4410,
        wikidata=18351777,
        steam=376240,
        kept_by=610,
        itch="zarf/hadean-lands",
    ),
    _entry(
        "anchorhead",
        "A new house, an old family and a town that looks away; the rain does not stop.",
        developers=("Michael Gentry",),
        igdb=170,
        rawg=5122,
        wikidata=483001,
        steam=726870,
        itch="anchorhead/anchorhead",
        kept_by=890,
    ),
    _entry(
        "zork-1",
        "A white house, a mailbox and a cellar door that somebody bars behind you.",
        developers=_INFOCOM,
        platforms=("DOS", "Apple II", "Commodore 64"),
        igdb=531,
        rawg=6001,
        wikidata=195002,
        gog=1207658920,
        kept_by=2300,
    ),
    _entry(
        "zork-2",
        "The Great Underground Empire has a wizard, and the wizard has time on his hands.",
        developers=_INFOCOM,
        platforms=("DOS", "Apple II"),
        igdb=532,
        rawg=6002,
        wikidata=195003,
        kept_by=1400,
    ),
    _entry(
        "zork-3",
        "The last stair leads down to a test of character.",
        developers=_INFOCOM,
        platforms=("DOS", "Apple II"),
        igdb=533,
        rawg=16003,
        wikidata=195004,
        kept_by=1100,
    ),
    _entry(
        "trinity",
        "A holiday in London ends with a door into the history of the bomb.",
        developers=_INFOCOM,
        platforms=("DOS",),
        igdb=700,
        rawg=16040,
        wikidata=1195100,
        kept_by=130,
    ),
    _entry(
        "photopia",
        "Several stories told at once, of which one is true.",
        igdb=702,
        rawg=16555,
        wikidata=1195777,
        kept_by=260,
        vndb=17,
        itch="adamcadre/photopia",
    ),
    _entry(
        "counterfeit-monkey",
        "Take a letter from a thing and it is another thing; the island's police have heard of you.",
        igdb=940,
        rawg=17001,
        wikidata=19200400,
        kept_by=310,
        itch="emshort/counterfeit-monkey",
    ),
    _entry(
        "cragne-manor",
        "More than eighty authors built this house, a room each, and none of them saw the others' work.",
        developers=("Ryan Veeder", "Jenni Polodna"),
        igdb=1010,
        rawg=17400,
        wikidata=62200000,
        kept_by=101,
        players=84,
        itch="rcveeder/cragne-manor",
    ),
    _entry(
        "galatea",
        "A statue stands in the corner of the gallery, and she would rather talk.",
        igdb=1022,
        rawg=17433,
        wikidata=1195900,
        kept_by=40,
        vndb=108,
        itch="emshort/galatea",
    ),
    _entry(
        "mainland",
        "Somebody says that beyond the ice there is land, and a whole town does not want to hear it.",
        developers=("Василий Воронков",),
        languages=("ru", "en"),
        igdb=1180,
        rawg=17905,
        wikidata=62299999,
        steam=1099640,
        kept_by=150,
        vndb=221,
        itch="voronkov/mainland",
    ),
    _entry(
        "frankenstein-2012",
        "The doctor asks for advice, and the book turns the page that you deserve.",
        developers=("Dave Morris", "inkle"),
        platforms=("Android", "iOS"),
        igdb=1203,
        rawg=18002,
        kept_by=60,
        vndb=230,
    ),
    _entry(
        "the-wizard-sniffer",
        "You are a pig, a knight has bought you for your nose, and there are no wizards here.",
        released="2017-10-01",
        igdb=1190,
        rawg=18100,
        wikidata=62300001,
        steam=1204000,
        kept_by=120,
        vndb=233,
        itch="bhudson/the-wizard-sniffer",
        since=2,
    ),
)
"""By the order of nothing in particular; the databases sort as they are asked to."""
