"""Languages: names and codes as sites write them to BCP 47 tags, and which of a few languages a text is in."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["language_codes", "language_of"]

# ISO 639-1, and the codes that sites write though the standard has others.
_CODES = frozenset(
    re.findall(
        r"\w\w",
        "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee"
        " el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is"
        " it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms"
        " mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk"
        " sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi"
        " yo za zh zu",
    )
)
_ALIASES = {
    "jp": "ja",
    "ua": "uk",
    "cz": "cs",
    "gr": "el",
    "cn": "zh",
    "kr": "ko",
    "iw": "he",
    "rus": "ru",
    "eng": "en",
}
_NAMES = {
    name: code
    for code, names in {
        "af": "afrikaans",
        "am": "amharic",
        "ar": "arabic",
        "as": "assamese",
        "az": "azerbaijani",
        "be": "belarusian белорусский беларуская",
        "bg": "bulgarian болгарский",
        "bn": "bangla bengali",
        "bs": "bosnian",
        "ca": "catalan каталанский",
        "cs": "czech чешский čeština",
        "cy": "welsh",
        "da": "danish датский dansk",
        "de": "german немецкий deutsch",
        "el": "greek греческий",
        "en": "english английский",
        "eo": "esperanto эсперанто",
        "es": "spanish castilian испанский español",
        "et": "estonian",
        "eu": "basque",
        "fa": "persian",
        "fi": "finnish финский suomi",
        "fr": "french французский français",
        "ga": "irish",
        "gl": "galician",
        "gu": "gujarati",
        "ha": "hausa",
        "he": "hebrew иврит",
        "hi": "hindi",
        "hr": "croatian",
        "hu": "hungarian венгерский magyar",
        "hy": "armenian",
        "id": "indonesian",
        "ig": "igbo",
        "is": "icelandic",
        "it": "italian итальянский italiano",
        "ja": "japanese японский 日本語",
        "ka": "georgian",
        "kk": "kazakh",
        "km": "khmer",
        "kn": "kannada",
        "ko": "korean корейский",
        "ky": "kyrgyz",
        "la": "latin латинский латынь",
        "lb": "luxembourgish",
        "lt": "lithuanian",
        "lv": "latvian",
        "mi": "maori",
        "mk": "macedonian",
        "ml": "malayalam",
        "mn": "mongolian",
        "mr": "marathi",
        "ms": "malay",
        "mt": "maltese",
        "ne": "nepali",
        "nl": "dutch flemish нидерландский голландский nederlands",
        "no": "norwegian норвежский",
        "or": "odia",
        "pa": "punjabi",
        "pl": "polish польский polski",
        "pt": "portuguese португальский português",
        "qu": "quechua",
        "ro": "romanian румынский",
        "ru": "russian русский русская",
        "rw": "kinyarwanda",
        "sd": "sindhi",
        "si": "sinhala",
        "sk": "slovak словацкий",
        "sl": "slovenian словенский",
        "sq": "albanian",
        "sr": "serbian",
        "sv": "swedish шведский svenska",
        "sw": "swahili",
        "ta": "tamil",
        "te": "telugu",
        "tg": "tajik",
        "th": "thai",
        "tk": "turkmen",
        "tn": "tswana",
        "tr": "turkish турецкий",
        "tt": "tatar",
        "ug": "uyghur",
        "uk": "ukrainian украинский українська",
        "ur": "urdu",
        "uz": "uzbek",
        "vi": "vietnamese",
        "wo": "wolof",
        "xh": "xhosa",
        "yo": "yoruba",
        "zh": "chinese китайский",
        "zu": "zulu",
    }.items()
    for name in names.split()
}
_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_SEPARATOR = re.compile(r"[,;/+&|]|\s+(?:and|и)\s+")


def language_codes(text: str) -> tuple[str, ...]:
    """The BCP 47 tags of a list of languages: "English, Castilian (en, es)", "русский и английский", "pt-br".

    Codes in closing brackets win over the names before them. What is not recognised is left out.
    """
    bracketed = re.search(r"\(([^()]*)\)\s*$", text)
    if bracketed and (codes := _codes_of(bracketed[1])):
        return codes
    return _codes_of(text)


def _codes_of(text: str) -> tuple[str, ...]:
    found = (_code_of(part.strip()) for part in _SEPARATOR.split(text))
    return tuple(dict.fromkeys(code for code in found if code))


def _code_of(word: str) -> str | None:
    name = re.sub(r"\s+(?:language|язык)$", "", word.lower())
    if name in _NAMES:
        return _NAMES[name]
    if not _TAG.fullmatch(word):
        return None
    first, *rest = re.split("[-_]", word)
    first = _ALIASES.get(first.lower(), first.lower())
    if first not in _CODES:
        return None
    return "-".join([first, *(part.title() if len(part) == 4 else part.upper() for part in rest)])


_CYRILLIC = frozenset(("ru", "uk", "be", "bg", "sr", "mk", "kk"))
_OTHER_SCRIPTS = frozenset(("ru", "uk", "be", "bg", "ja", "zh", "ko", "he", "el"))

# Small words that a text of the language can hardly avoid.
_COMMON = {
    "en": "the and of to is you are with that this for it in",
    "es": "el la los las de que y en una es con por para del",
    "fr": "le la les de des et une est dans vous pour que du",
    "de": "der die das und ist ein eine nicht mit den zu von du",
    "it": "il la di che e un una per con sono non del della",
    "pt": "o a os as de que e um uma em com para não do da",
    "ru": "и в не на что с он как по но из у за это",
    "uk": "і в не на що з він як та але із у за це",
    "be": "і ў не на што з ён як па але з у за гэта",
}


_ENOUGH = 2_000  # characters of a text, which tell its language as well as all of it


def language_of(text: str, candidates: Sequence[str]) -> str | None:
    """Which of the game's languages (`candidates`) a text about it is in, or None where that is not plain.

    Sites state the languages of a game, not of its description; the script and the commonest words decide, and
    nothing outside the candidates is ever answered.
    """
    text = text[:_ENOUGH].lower()
    cyrillic, latin = len(re.findall("[а-яёіїєґў]", text)), len(re.findall("[a-z]", text))
    if cyrillic + latin < 20:
        return None
    written = _CYRILLIC if cyrillic > latin else _CODES - _OTHER_SCRIPTS
    fitting = [code for code in candidates if code[:2] in written]
    if len(fitting) < 2:
        return fitting[0] if fitting else None
    words = re.findall(r"\w+", text)
    scores = sorted(((_score(words, code), code) for code in fitting), reverse=True)
    return scores[0][1] if scores[0][0] >= 3 and scores[0][0] >= 2 * scores[1][0] else None


def _score(words: Sequence[str], code: str) -> int:
    common = frozenset(_COMMON.get(code[:2], "").split())
    return sum(word in common for word in words)
