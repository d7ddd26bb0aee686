"""What moves on the sites every day without meaning anything: counters, tokens. The same day has the same noise."""

from hashlib import blake2b

_ADVERTISEMENTS = (
    "Хостинг от 99 рублей в месяц",
    "Настольные игры с доставкой",
    "Курсы для начинающих программистов",
    "Книги-игры нашего детства",
    "Radio for the night shift",
)


def roll(below: int, *about: object) -> int:
    """A number from 0 to `below` - 1 that depends on nothing but what it is about."""
    name = "\x1f".join(map(str, about)).encode()
    return int.from_bytes(blake2b(name, digest_size=8).digest()) % below


def token(*about: object) -> str:
    """24 hexadecimal digits, as sites put them into forms and request ids."""
    return blake2b("\x1f".join(map(str, about)).encode(), digest_size=12).hexdigest()


def seconds(*about: object) -> str:
    """How long a page took to make: `0.0123`."""
    return f"0.{roll(900, 'seconds', *about) + 100:04}"


def advertisement(*about: object) -> str:
    return _ADVERTISEMENTS[roll(len(_ADVERTISEMENTS), "advertisement", *about)]
