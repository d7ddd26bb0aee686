"""What a person may set by hand, and the form a value takes before it stands. Who may edit does not live here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from game_pipeline.model import Attribution, GameRecord

from .claims import HumanEdit

__all__ = ["DESCRIPTION", "EDITABLE", "edited_record", "standing_edits"]

EDITABLE = frozenset({"title", "alt_titles", "kind", "release_date", "credits", "tags", "urls", "external_ids"})
DESCRIPTION = "descriptions."
_NEVER_EMPTY = frozenset({"title", "kind"})


def standing_edits(edits: Sequence[HumanEdit]) -> dict[str, HumanEdit]:
    """The edit that stands for each field, in the order of the fields' names."""
    standing: dict[str, HumanEdit] = {}
    for edit in sorted(edits, key=lambda edit: (edit.field, edit.edit_id)):
        standing[edit.field] = edit
    return standing


def edited_record(edit: HumanEdit) -> GameRecord:
    """The edit as a record that states this field alone: a person's value takes the same form as a source's.

    Raises ValueError (RecordError for a malformed value) that names the field.
    """
    if edit.field not in EDITABLE and not edit.field.startswith(DESCRIPTION):
        raise ValueError(f"edit {edit.edit_id}: there is no field {edit.field!r} to edit")
    if edit.value is None and edit.field in _NEVER_EMPTY:
        raise ValueError(f"edit {edit.edit_id}: {edit.field} cannot be emptied")
    claims: dict[str, Any] = {
        "source": "person",
        "identity": str(edit.edit_id),
        "url": "https://person.invalid/",
        "title": "-",
        "attribution": Attribution(site=edit.author or "-", licence="-"),
        "parser_version": 1,
    }
    if edit.field.startswith(DESCRIPTION):
        lang = edit.field.removeprefix(DESCRIPTION)
        if edit.value is not None:
            claims["descriptions"] = [{"lang": None if lang == "und" else lang, "text": edit.value}]
    elif edit.value is not None:
        claims[edit.field] = edit.value
    return GameRecord.build(**claims)
