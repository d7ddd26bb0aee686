"""The words that titles are taken apart with: numbers, articles, editions, demos and additions, tags. Data, no rules.

All are written as `titles` folds them: lower case, no accents, no apostrophes, е for ё.
"""

from __future__ import annotations

__all__ = [
    "ARTICLES",
    "BRACKET_EDITION",
    "EDITION",
    "EDITION_NOUNS",
    "FILLERS",
    "NOT_NUMBERS",
    "NUMBER_WORDS",
    "PART_WORDS",
    "PHRASES",
    "ROMAN",
    "TAGS",
    "THINGS",
    "TRAILING_THINGS",
]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _counted(text: str) -> dict[str, str]:
    return {word: str(value) for value, word in enumerate(text.split(), start=1)}


ARTICLES = "the|a|an|le|la|les|une?|der|die|das|eine?|el|los|las|un[ao]?|il|lo|gli"

ROMAN = _counted("i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx")
NUMBER_WORDS = _counted(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
) | _counted(
    "один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать четырнадцать "
    "пятнадцать шестнадцать семнадцать восемнадцать девятнадцать двадцать"
)
# A number after one of these is that of a part, never of a year. Each with the one spelling that stands for all.
PART_WORDS = {
    "part": "part", "pt": "part", "часть": "part", "ч": "part", "parte": "part", "teil": "part",
    "episode": "episode", "ep": "episode", "эпизод": "episode", "серия": "episode",
    "chapter": "chapter", "глава": "chapter", "chapitre": "chapter", "kapitel": "chapter",
    "book": "book", "книга": "book", "volume": "vol", "vol": "vol", "том": "vol",
    "act": "act", "акт": "act", "season": "season", "сезон": "season",
    "disc": "disc", "disk": "disc", "диск": "disc", "no": "no", "nr": "no",
}  # fmt: skip
# They have a digit and count nothing.
NOT_NUMBERS = _words("2d 3d 4d 4k 8bit 16bit 32bit 64bit 8k")

# Several words that mean one, replaced before a title is cut into words.
PHRASES = (
    ("game of the year", "goty"),
    ("directors cut", "directorscut"),
    ("режиссерская версия", "directorscut"),
    ("издание года", "goty"),
    ("игра года", "goty"),
    ("add-on", "addon"),
    ("add on", "addon"),
    ("art book", "artbook"),
    ("mini soundtrack", "soundtrack"),
    ("special steam edition", "special edition"),
    ("power up kit", "powerup"),
    ("power-up kit", "powerup"),
)

EDITION_NOUNS = _words("edition editions version ver издание издания версия edicion edizione ausgabe release релиз")
# Before such a noun, or alone at a title's end, they tell of an edition and not of another game.
EDITION = _words(
    "goty directorscut remastered remaster deluxe definitive enhanced complete ultimate anniversary collectors "
    "collector legendary limited special premium gold platinum standard digital extended expanded hd uhd redux "
    "classic original final international steam mac windows gog epic improved updated reforged remake reissue "
    "rerelease reprint launch soul founders champion championship revised budget full uncut uncensored director "
    "полное золотое коллекционное полная золотая переиздание ремастер дополненное расширенное подарочное"
)
FILLERS = _words("the of and s a for year years")
# In brackets, any of these makes the whole bracket tell of an edition.
BRACKET_EDITION = (
    EDITION
    | EDITION_NOUNS
    | _words(
        "best selection price hits hit box pack package packs bundle discs disc collection series print rated rating "
        "pegi esrb usk oflc preorder prepurchase promo quality microphone camera guitar headset keyboard only old new "
        "en de fr it es ru eu us uk pl fi dk no se be jp na pal ntsc english german french russian spanish italian "
        "polish japanese korean chinese japan usa europe asia world"
    )
)

# What is sold or told of beside a game: wherever the word stands, it is not the game itself.
THINGS = {
    "demo": "demo", "taikenban": "demo", "taikenhan": "demo", "демо": "demo", "демоверсия": "demo", "trial": "demo",
    "beta": "demo", "бета": "demo", "prototype": "demo", "playtest": "demo", "preview": "demo", "демка": "demo",
    "dlc": "dlc", "addon": "dlc", "дополнение": "dlc", "аддон": "dlc",
    "soundtrack": "soundtrack", "soundtracks": "soundtrack", "ost": "soundtrack", "саундтрек": "soundtrack",
    "artbook": "extra", "wallpaper": "extra", "wallpapers": "extra", "trailer": "extra", "teaser": "extra",
    "трейлер": "extra", "walkthrough": "extra",
}  # fmt: skip
# These only as a title's or a subtitle's last word, a number aside.
TRAILING_THINGS = {
    "pack": "dlc", "packs": "dlc", "pass": "dlc", "expansion": "dlc", "skin": "dlc", "skins": "dlc", "costume": "dlc",
    "costumes": "dlc", "upgrade": "dlc", "unlock": "dlc", "content": "dlc", "season pass": "dlc", "kit": "dlc",
    "server": "extra", "sdk": "extra", "editor": "extra", "benchmark": "extra", "guide": "extra", "alpha": "demo",
    "launcher": "extra", "key": "extra",
}  # fmt: skip

# In brackets these say on what a game runs, never which game it is.
TAGS = _words("""
парсер парсерная менюшка менюшная parser choice urq qsp instead axma twine inform inform6 inform7 tads tads2 tads3
adrift zcode glulx rinform alan hugo quest ink dos windows win win32 win64 linux macos mac macintosh osx android ios
web html html5 online pc amiga atari c64 zx spectrum ps1 ps2 ps3 ps4 ps5 psp psvita xbox switch steam
""")
