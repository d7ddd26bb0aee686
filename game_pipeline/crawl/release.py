"""A person's word that what was held as too great a loss, or for a layout that differs, is true: of one page, or of
the source's listing."""

from __future__ import annotations

from uuid_utils.compat import uuid7

from game_pipeline.store import Event, Store, append

__all__ = ["LISTING", "NothingHeld", "release"]

LISTING = "listing"


class NothingHeld(ValueError):
    """There is nothing to release under that name; the message says what there is."""


# The reader comes back to a page whose `parsed_version` is not the parser's.
_RELEASE_PAGE = b"""
UPDATE source_url_state SET released_snapshot = snapshot_id, parsed_version = NULL
WHERE source = %(source)s AND parse_outcome IN ('suspect_shrink', 'selector_missing') AND snapshot_id IS NOT NULL
  AND (page_key = %(page)s OR url = %(page)s)
RETURNING page_key
"""
_RELEASE_LISTING = b"""
UPDATE importer_health SET listing_released = now(), listing_owed = true WHERE source = %(source)s RETURNING source
"""
_HELD = (
    b"SELECT page_key FROM source_url_state "
    b"WHERE source = %s AND parse_outcome IN ('suspect_shrink', 'selector_missing') ORDER BY page_id LIMIT 10"
)


def release(store: Store, source: str, page: str, *, reason: str, actor: str) -> str:
    """Believe this snapshot of a page (by key or address), or (`listing`) the next walk of the listing within a week.

    Written as an event. Returns what follows, in words. Raises `NothingHeld`.
    """
    listing = page == LISTING
    with store.transaction() as connection:
        found = connection.execute(
            _RELEASE_LISTING if listing else _RELEASE_PAGE, {"source": source, "page": page}
        ).fetchone()
        if found is None:
            held = [row["page_key"] for row in connection.execute(_HELD, (source,))]
            there = f"held are: {', '.join(held)}" if held else "no page of it is held"
            raise NothingHeld(
                f"{source} was never imported" if listing else f"{source} holds no page {page!r}; {there}"
            )
        append(
            connection,
            [
                Event(
                    stream=f"source:{source}",
                    event_type="source.released",
                    payload={
                        "what": "listing" if listing else "page",
                        "page": None if listing else found["page_key"],
                        "reason": reason,
                    },
                    actor=actor,
                    correlation_id=f"command:{uuid7()}",
                    source=source,
                )
            ],
        )
    if listing:
        return "the next import walks the listing and believes it, whatever it lacks"
    return f"page {found['page_key']} is read again and believed, whatever it lost"
