"""One Latin spelling for words that people romanise in many ways; for comparing, never for showing.

`Косых`, `Kosyh` and `Kosykh` fold to one form, as do `Юрий`, `Yuri` and `Jurij`. Real transliteration for readers
does not live here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["has_cyrillic", "latin"]

_CYRILLIC = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "є": "e", "ж": "zh", "з": "z",
        "и": "i", "і": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s",
        "т": "t", "у": "u", "ф": "f", "х": "h", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sh", "ъ": "", "ы": "i",
        "ь": "", "э": "e", "ю": "iu", "я": "ia",
    }
)  # fmt: skip
# In this order: the longer spellings first, then what schools of romanisation write differently.
_FOLDS = (
    (re.compile("shch|sch"), "sh"),
    (re.compile("tch"), "ch"),
    (re.compile("kh"), "h"),
    (re.compile("tz"), "ts"),
    (re.compile("ph"), "f"),
    (re.compile("x"), "ks"),
    (re.compile("w"), "v"),
    (re.compile("c(?!h)"), "k"),
    (re.compile("[yj]"), "i"),
    (re.compile("i+o"), "e"),  # ё: yo, jo, io or plain e
    (re.compile("i+([aeu])"), r"\1"),
    (re.compile(r"([^\W\d_])\1+"), r"\1"),
)
_IS_CYRILLIC = re.compile("[\u0400-\u04ff]")


def has_cyrillic(text: str) -> bool:
    return _IS_CYRILLIC.search(text) is not None


@lru_cache(maxsize=65_536)
def latin(text: str) -> str:
    """The folded spelling: case and accents gone (ё is е, й is и), digits and other scripts as they were."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    folded = plain.translate(_CYRILLIC)
    for pattern, replacement in _FOLDS:
        folded = pattern.sub(replacement, folded)
    return folded
