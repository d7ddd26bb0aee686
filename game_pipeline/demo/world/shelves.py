"""Which of the demo's games the smaller Russian sites list, and what they say about them.

Told in the manner of the package: titles, authors and years are facts; which site lists a game, its numbers, dates and
sizes are arranged for the demo, and the descriptions were written for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from game_pipeline.demo.world import GAMES

__all__ = ["SHELVES", "ShelfEntry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfEntry:
    """How a site lists a game. `game` is its slug in `GAMES`; `key` what its address on the site has: a number or a
    name. `since` is the day the site has had it (YYYY-MM-DD), `size` the kilobytes of its file."""

    game: str
    key: str
    title: str
    authors: tuple[str, ...]
    platform: str
    year: str
    genres: tuple[str, ...]
    since: str
    size: int
    text: str


_GAMES = {game.slug: game for game in GAMES}


def _entry(
    game: str,
    key: str,
    since: str,
    text: str,
    *,
    title: str = "",
    authors: tuple[str, ...] = (),
    platform: str = "",
    size: int = 120,
) -> ShelfEntry:
    """An entry that says of its game what ifwiki.ru says, or else what IFDB says, but for what is given."""
    on_wiki, on_ifdb = _GAMES[game].wiki, _GAMES[game].ifdb
    return ShelfEntry(
        game=game,
        key=key,
        title=title or (on_wiki.title if on_wiki else on_ifdb.title if on_ifdb else game),
        authors=authors or (on_wiki.authors if on_wiki else ()),
        platform=platform or (on_wiki.platform if on_wiki else ""),
        year=(on_wiki.released or "")[-4:] if on_wiki else "",
        genres=on_wiki.themes if on_wiki else (),
        since=since,
        size=size,
        text=text,
    )


_CASTLE = "Подземелья Чёрного Замка"
_PUSHKIN = ("Александр Пушкин",)
_NOBODY = ("Аноним",)

SHELVES: Mapping[str, tuple[ShelfEntry, ...]] = {
    "quest_book": (
        _entry("black-castle-urq", "game17", "2011-03-05", "Замок, чародей и похищенная принцесса.", title=_CASTLE),
        _entry("count-nulin", "game88", "2011-05-16", "Пушкинский граф снова едет в гости."),
        _entry("lift", "game102", "2011-09-01", "Кабина застряла между этажами, и это только начало."),
        _entry("lift-3", "game340", "2012-02-29", "Кабина едет в третий раз."),
        _entry("guardians-of-time", "game519", "2012-06-12", "У времени есть сторожа, и у них выходной."),
        _entry("relative-reality", "game640", "2012-11-30", "Действительность зависит от того, кто на неё смотрит."),
        _entry("fallout-quest-original", "game801", "2013-01-14", "Пустошь, Джанктаун и крышки вместо денег."),
        _entry("winnie-the-pooh-urq", "game1033", "2013-07-07", "Звери заняты делами, мёд кончается."),
        _entry("in-the-rye", "game1450", "2014-08-19", "Шесть авторов, одно поле и много неприятностей."),
        _entry("constellation-black-hole", "game2204", "2015-10-10", "Капитан не читал инструкцию к чёрной дыре."),
        _entry("am-i-a-monster", "game3317", "2016-12-31", "Ночью в зеркале кто-то другой."),
        _entry("quarantine", "game5296", "2018-03-05", "Город закрыт, а выйти всё-таки надо."),
    ),
    "apero": (
        _entry("count-nulin", "Граф-Нулин", "2014-02-10", "Поэма, где читатель отвечает за графа.", authors=_PUSHKIN),
        _entry("mission-tourist", "Миссия-Турист", "2015-11-02", "Шпион едет в отпуск и никому не верит."),
        _entry("one-old-story", "Одна-старая-история", "2016-04-12", "Старый корабль помнит больше, чем экипаж."),
        _entry("darkwing", "Чёрный-Плащ", "2016-09-21", "Герой в маске выходит на ночное дежурство.", authors=_NOBODY),
        _entry("death-note-autograph", "Death-Note", "2017-05-05", "Тетрадь, в которую лучше не писать."),
        _entry("quarantine", "Карантин", "2018-01-30", "Две недели взаперти, и это ещё не всё."),
    ),
    "rilarhiv": (
        _entry("photopia", "rinform/Photopia.rar", "2004-01-01", "перевод Валентина Коптельцева, 2003 г.", size=151),
        _entry("vespers", "rinform/Vespers.zip", "2008-01-01", "", size=388),
        _entry("koschei", "rtads/Kaschey.zip", "2010-01-01", "", size=214),
        _entry("a-night-guest", "rtads/nightguest.rar", "2012-06-01", "", size=97),
        _entry("black-castle-urq", "urq/BlackCastle.zip", "2006-01-01", "", title=_CASTLE, size=183),
        _entry("winnie-the-pooh-urq", "urq/vinni.rar", "2007-01-01", "", size=44),
        _entry("in-the-rye", "https://example.org/urqw/#rye", "2010-01-01", ""),
        _entry("guardians-of-time", "qsp/guardians.rar", "2009-12-01", "", size=530),
        _entry("relative-reality", "qsp/Reality.rar", "2009-12-01", "", size=21),
        _entry("relative-reality", "aeroqsp/Reality.zip", "2010-03-01", "", platform="AeroQSP", size=1640),
        _entry("mainland", "instead/mainland.zip", "2015-05-20", "", size=12288),
        _entry("wumpus-kir", "adrift/wumpus.zip", "2005-01-01", "", title="Охота на Вампуса", size=9),
        _entry("lift-3", "milena/lift3.rar", "2006-01-01", "", size=15),
        _entry("clara-6days", "6days/klara.rar", "2006-09-01", "", size=61),
        _entry("count-nulin", "yaril/nulin.zip", "2007-01-01", "", authors=_PUSHKIN, size=12),
        _entry("am-i-a-monster", "tweebox/monster.zip", "2016-01-01", "", size=240),
        _entry("constellation-black-hole", "tge2/hole.rar", "2012-01-01", "", size=77),
        _entry("quarantine", "tkr/karantin.zip", "2011-01-01", "", size=33),
        _entry("kayleth", "spectrum/KAYLETH.rar", "2003-01-01", "", title="KAYLETH", size=63),
        _entry("lift", "vneplatform/lift.zip", "2005-01-01", "", authors=_NOBODY, platform="Inklewriter", size=3),
    ),
    "ifiction_forum": (
        _entry("quantum-cat", "812", "2009-12-20", "Снежные горы, лаборатория и кот, который и есть, и нет."),
        _entry("koschei", "830", "2009-12-24", "Смерть Кащею надо спрятать так, чтобы и самому не найти."),
        _entry("guardians-of-time", "833", "2009-12-25", "Игра двух авторов о тех, кто стережёт часы."),
        _entry("clara-6days", "415", "2007-02-03", "Варенье на верхней полке, а Клара на нижней."),
        _entry("wumpus-kir", "1207", "2012-05-01", "Пещеры, стрелы и дурной запах из соседнего хода."),
        _entry("a-night-guest", "1311", "2012-08-15", "В стихах и навеселе: к барону приходит Смерть."),
    ),
    "plut": (
        _entry("black-castle-urq", "205", "2008-04-02", "Книга-игра Браславского на языке URQ.", title=_CASTLE),
        _entry("winnie-the-pooh-urq", "311", "2009-10-11", "Добрая история про лес, где все со всеми знакомы."),
        _entry("in-the-rye", "vo-rzhi", "2009-12-28", "Сборник, в котором каждый писал свою главу."),
        _entry("fallout-quest-original", "402", "2010-06-06", "По мотивам известной ролевой игры.", platform="URQ"),
        _entry("lift", "961", "2013-02-17", "Короткая игра про очень долгую поездку.", authors=_NOBODY, platform="URQ"),
    ),
    "axma": (
        _entry("lift", "100", "2014-02-01", "Кнопка одна, этажей много.", authors=_NOBODY),
        _entry("am-i-a-monster", "172", "2016-12-30", "Кто-то воет, и, кажется, это вы."),
        _entry("constellation-black-hole", "205", "2017-04-12", "Космос, юмор и немного физики."),
        _entry("quarantine", "311", "2018-02-15", "Дверь заперта снаружи."),
        _entry("one-old-story", "402", "2019-06-01", "Чужой корабль зовёт на помощь."),
    ),
    "hyperbook": (
        _entry("black-castle-urq", "12", "2012-03-01", "Параграфы, кубики и заклинания.", title=_CASTLE),
        _entry("count-nulin", "57", "2013-06-06", "Пушкин, в котором можно свернуть не туда.", authors=_PUSHKIN),
        _entry("guardians-of-time", "123", "2014-09-09", "Кто сторожит сторожей времени?"),
        _entry("in-the-rye", "208", "2015-05-05", "Неприятностей хватит на всех."),
        _entry("death-note-autograph", "331", "2017-11-11", "Имя в тетради, и обратного пути нет."),
    ),
    "qsp": (
        _entry("guardians-of-time", "41-hraniteli-vremeni", "2009-12-01", "Часы встали, а сторожа спят."),
        _entry("relative-reality", "57-otnositelnaya-realnost", "2010-01-15", "Всё не так, как кажется, и наоборот."),
        _entry(
            "lift-3",
            "133-lift-3",
            "2011-04-09",
            "Теперь с попутчиком.",
            authors=_NOBODY,
            platform="QSP",
        ),
        _entry(
            "count-nulin",
            "288-graf-nulin",
            "2014-07-01",
            "Выбор вместо рифмы.",
            authors=_PUSHKIN,
            platform="QSP",
        ),
        _entry("fallout-quest-original", "455-fallout-quest", "2017-03-30", "Пустошь на новом движке.", platform="QSP"),
    ),
}
"""By the name of the source. On rilarhiv.ru a key is the target of a row's link, a text the note of a translation."""
