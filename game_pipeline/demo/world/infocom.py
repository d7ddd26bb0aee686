"""Infocom's games on IFDB; Zork I also has a page on ifwiki.ru."""

from game_pipeline.demo.world.entries import Game, IfdbEntry, Link, WikiEntry

INFOCOM = (
    Game(
        slug="zork-1",
        ifdb=IfdbEntry(
            tuid="0dbnusxunq7fw5ro",
            title="Zork I",
            author="Marc Blank and Dave Lebling",
            published="1980",
            language="English, Castilian (en, es)",
            genre="Zorkian/Cave crawl",
            devsys="ZIL",
            description=(
                "The first part of the trilogy begins outside a boarded-up white house. "
                "Below it lie the ruins of the Great Underground Empire, full of traps, puzzles and odd inhabitants. "
                "The goal is to bring out every treasure and put it on display in the trophy case. "
                "A lamp is essential: something called a grue lives in the dark."
            ),
            ifids=("ZCODE-88-840726", "ZCODE-52-871125", "ZCODE-119-880429"),
            format="zcode",
            links=(
                Link(
                    url="https://eblong.com/infocom/gamefiles/zork1-invclues-r52-s871125.z5",
                    title="Zork 1",
                    desc="Release 52, with hints built in",
                    format="zcode",
                    is_game=True,
                    play_online="https://iplayif.com/?story=https%3A%2F%2Feblong.com%2Finfocom%2Fgamefiles%2Fzork1-invclues-r52-s871125.z5",
                ),
                Link(
                    url="https://ifarchive.org/if-archive/mapping-tools/maps/Zork_Trilogy.zip",
                    title="Zork_Trilogy.zip",
                    desc="Maps",
                    format="guemap",
                ),
            ),
            tags=("cave crawl", "fantasy", "grue", "Infocom", "parser", "treasure hunt"),
            pageversion=45,
            rating=3.8,
            ratings=226,
        ),
        wiki=WikiEntry(
            pageid=268,
            title="Zork",
            authors=("Марк Бланк", "Дэйв Леблинг"),
            released="1980",
            platform="Z-машина",
            language="русский",
            themes=("Фэнтези", "Классика", "Перевод"),
            ifid="ZCODE-88-840726",
            description=(
                "Страница посвящена первой части трилогии Zork и её русскому переводу. "
                "Игра начинается у заколоченного белого дома, под которым лежат развалины Великой подземной империи. "
                "Нужно собрать сокровища и не остаться в темноте: там водится грю. "
                "Игра выросла из большой программы, написанной студентами MIT для мейнфрейма."
            ),
            links=(Link(url="https://ifdb.org/viewgame?id=0dbnusxunq7fw5ro", title="Zork I на IFDB"),),
            revid=27763,
        ),
    ),
    Game(
        slug="zork-2",
        ifdb=IfdbEntry(
            tuid="yzzm4puxyjakk8c4",
            title="Zork II",
            author="Dave Lebling and Marc Blank",
            published="1981",
            language="en",
            genre="Zorkian/Cave crawl",
            devsys="ZIL",
            description=(
                "The second part of the trilogy starts in a barrow, with only a lamp and a sword to hand. "
                "A wizard with a poor memory for his own spells keeps interfering. "
                "There are treasures to find again, but this time they serve a larger plan."
            ),
            ifids=("ZCODE-48-840904",),
            format="zcode",
            links=(
                Link(
                    url="https://ifarchive.org/if-archive/mapping-tools/maps/Zork_Trilogy.zip",
                    title="Zork_Trilogy.zip",
                    desc="Maps",
                    format="guemap",
                ),
            ),
            tags=("cave crawl", "fantasy", "Infocom", "wizard"),
            pageversion=24,
            rating=3.4,
            ratings=112,
        ),
    ),
    Game(
        slug="zork-3",
        ifdb=IfdbEntry(
            tuid="vrsot1zgy1wfcdru",
            title="Zork III",
            author="Dave Lebling and Marc Blank",
            published="1982",
            language="en",
            genre="Zorkian/Cave crawl",
            devsys="ZIL",
            description=(
                "The last part of the trilogy is quieter and stranger than the first two. "
                "Instead of collecting treasures, the adventurer is tested by the mysterious Dungeon Master. "
                "The score counts to seven, and even a perfect score does not mean that the game is over."
            ),
            ifids=("ZCODE-17-840727",),
            format="zcode",
            links=(
                Link(
                    url="https://ifarchive.org/if-archive/mapping-tools/maps/Zork_Trilogy.zip",
                    title="Zork_Trilogy.zip",
                    desc="Maps",
                    format="guemap",
                ),
            ),
            tags=("fantasy", "Infocom", "parser"),
            pageversion=19,
            rating=3.5,
            ratings=97,
        ),
    ),
    Game(
        slug="trinity",
        ifdb=IfdbEntry(
            tuid="j18kjz80hxjtyayw",
            title="Trinity",
            author="Brian Moriarty",
            published="1986",
            language="en",
            genre="Fantasy/Historical",
            devsys="ZIL",
            description=(
                "An American tourist is strolling through Kensington Gardens on the day the missiles fall. "
                "The only way out leads to a land outside time, whose doors open on the history of the atomic bomb. "
                "The journey ends in the desert of New Mexico in July 1945, just before the first test."
            ),
            ifids=("ZCODE-12-860926",),
            format="zcode",
            tags=("historical", "Infocom", "nuclear war", "time travel"),
            pageversion=28,
            rating=4.2,
            ratings=164,
        ),
    ),
    Game(
        slug="a-mind-forever-voyaging",
        ifdb=IfdbEntry(
            tuid="4h62dvooeg9ajtfa",
            title="A Mind Forever Voyaging",
            author="Steve Meretzky",
            published="1985",
            language="en",
            genre="Science Fiction",
            devsys="ZIL",
            description=(
                "You are PRISM, a thinking computer that once believed itself to be a man called Perry Simm. "
                "Your makers send you into a simulated American town to see what a political programme will do to it. "
                "There are few puzzles: the work is to walk, look, record what matters & draw conclusions."
            ),
            ifids=("ZCODE-77-850814",),
            format="zcode",
            tags=("dystopia", "exploration", "Infocom", "political"),
            pageversion=26,
            rating=4.1,
            ratings=140,
        ),
    ),
)
