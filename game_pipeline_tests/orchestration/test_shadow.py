"""Shadow mode as the UI shows it: the numbers of `catalog/games`, and the switch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg

from game_pipeline.catalog import curator_for, proposed_games
from game_pipeline.demo.replicas import Replicas
from game_pipeline.store import Store

from .pipelines import Line

SITE = "instead_games"
GAMES = dg.AssetKey(["catalog", "games"])


def _games_metadata(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    (found,) = [
        event.step_materialization_data.materialization
        for event in result.all_events
        if event.is_step_materialization and event.asset_key == GAMES
    ]
    return {name: value.value for name, value in found.metadata.items()}


def test_the_games_asset_tells_how_catalogue_and_sources_differ(store: Store, tmp_path: Path) -> None:
    with Replicas(day=1) as site:
        line = Line(store, tmp_path, site.routes)
        line.settings.shadow = True
        assert line.import_source(SITE, full=True).success
        result = line.reconcile()
        assert result.success
        told = _games_metadata(result)
        proposed = len(proposed_games(store))
        assert proposed > 3
        assert (told["shadow_new"], told["shadow_changed"], told["dagster/row_count"]) == (proposed, 0, 0)

        line.settings.shadow = False
        result = line.reconcile()
        assert result.success
        told = _games_metadata(result)
        assert "shadow_new" not in told
        assert (told["dagster/row_count"], proposed_games(store)) == (proposed, [])


def test_the_rank_of_an_existing_catalogue_holds_for_every_later_run(store: Store, tmp_path: Path) -> None:
    line = Line(store, tmp_path, {})
    store.execute(
        "INSERT INTO existing_catalogue (name, sha256, priority, counts, imported_by, imported_at) "
        "VALUES ('old', '', 7, '{}', 'ann', now())"
    )
    assert curator_for(store, line.settings, "run").priorities["old"] == 7
