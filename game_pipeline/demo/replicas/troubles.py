"""What goes wrong on the demo's second day on the smaller sites: a kind of failure each, with a sentence for people."""

from collections.abc import Callable
from dataclasses import dataclass

from .server import Replicas

__all__ = ["TROUBLES", "Trouble"]

_CAPTCHA = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A site that fails in one way. `begin` makes it so."""

    site: str
    sentence: str
    begin: Callable[[Replicas], None]


TROUBLES: tuple[Trouble, ...] = (
    Trouble("quest_book", "quest-book.ru asks for fewer requests (429)", lambda sites: sites.fail("quest_book", 429)),
    Trouble("plut", "urq.plut.info will not have us (403)", lambda sites: sites.fail("plut", 403)),
    Trouble(
        "apero",
        "apero.ru shows a captcha instead of its catalogue",
        lambda sites: sites.replace_everything("apero", _CAPTCHA),
    ),
    Trouble(
        "hyperbook",
        "hyperbook.ru has a new layout, whose pages nobody can read yet",
        lambda sites: sites.switch("hyperbook", "layout"),
    ),
    Trouble(
        "axma",
        "axmajs.ru lists nothing any more",
        lambda sites: sites.replace_everything("axma", b"<!DOCTYPE html><html><body><p>Nothing here</p></body></html>"),
    ),
)
