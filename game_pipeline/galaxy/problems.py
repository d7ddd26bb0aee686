"""Why an upload is refused: a code for programs and a sentence for whoever sent it."""

from __future__ import annotations

from typing import Literal, get_args

__all__ = ["CODES", "Code", "GalaxyError"]

Code = Literal[
    "no_file",
    "too_large",
    "bad_archive",
    "not_sqlite",
    "damaged",
    "not_galaxy",
    "unknown_schema",
    "no_user",
    "nothing_owned",
    "too_much",
    "too_slow",
    "no_memory",
    "crashed",
]
CODES: frozenset[str] = frozenset(get_args(Code))


class GalaxyError(ValueError):
    """The upload is refused. `code` is one of `CODES`; the message says what is wrong and what to do."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code: Code = code
