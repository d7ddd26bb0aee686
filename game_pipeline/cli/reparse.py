"""Reading a source's stored pages, here and now, and taking into the catalogue what comes of it: again, or for the
first time where they came out of a dump."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from .context import App, Failed, print_json, print_table

if TYPE_CHECKING:
    from game_pipeline.sources import Source

__all__ = ["read_pages"]

_PAGES = """
SELECT count(*)::int AS pages, count(*) FILTER (WHERE parse_error IS NOT NULL)::int AS unreadable
FROM source_url_state WHERE source = %s AND segment = ANY(%s) AND snapshot_id IS NOT NULL
"""
_CHANGES = ("new", "changed", "format", "reparsed", "vanished", "returned")


def read_pages(
    app: App,
    source: Source,
    segments: Sequence[str],
    *,
    again: bool,
    json_: bool,
    more: Mapping[str, int] = MappingProxyType({}),
) -> None:
    """Read stored pages: all of them `again`, or those that nobody has read yet. `more`: told beside in JSON.

    Raises `Failed`. No request is sent.
    """
    from game_pipeline.orchestration.build import build_defs
    from game_pipeline.orchestration.importing import reconcile, reread_source
    from game_pipeline.orchestration.instance import open_instance
    from game_pipeline.store import Store, opened_databases, prepare_schema

    settings = app.settings
    with opened_databases(settings) as databases:
        prepare_schema(databases)
        with (
            Store(databases.catalogue_url, pool_size=settings.pool_size) as store,
            open_instance(settings, databases) as instance,
        ):
            defs = build_defs(settings)
            outcome = reread_source(defs, instance, store, source, segments=segments or None, again=again)
            pages = store.row(_PAGES, (source.name, list(segments or source.segment_keys())))
            taken = reconcile(defs, instance, store)
    records = {kind: outcome.counts[f"records_{kind}"] for kind in _CHANGES}
    if json_:
        print_json(
            {
                "source": source.name,
                "status": outcome.status,
                "runs": outcome.run_ids,
                **(pages or {}),
                **more,
                "records": records,
                "failed": outcome.failed,
                "catalogue": taken,
            }
        )
    else:
        told = ", ".join(f"{n} {kind}" for kind, n in records.items() if n) or "as they were"
        facts = [*(pages or {}).items(), ("records", told)]
        print_table(("", source.name), facts)
        click.echo(
            f"catalogue: {taken.games_new} games new, {taken.games_updated} updated, {taken.games_untouched} untouched"
        )
    failed = [*outcome.failed]
    if taken.failed:
        failed.append(f"the catalogue was not brought up to date: {taken.failed}")
    if failed:
        raise Failed("; ".join(failed))
