"""What Dagster is told: everything loads, is the known list, and keeps the conventions.

After a wanted change renew the list: run this module's tests with `GAME_PIPELINE_RENEW=1`.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

import game_pipeline
from game_pipeline.orchestration.build import build_defs
from game_pipeline.settings import Settings
from game_pipeline.sources import SOURCES
from game_pipeline.store.assets import asset_path

GOLDEN = Path(__file__).parent / "golden" / "definitions.json"
PACKAGE = Path(game_pipeline.__file__).parent
CRAWLED = [name for name, source in SOURCES.items() if source.segments]
HEAVY = ("pandas", "great_expectations", "openai", "altair", "scipy", "dagster_webserver")


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    return build_defs(Settings(data_dir=Path("nowhere"), database_url="postgresql://nobody@127.0.0.1:9/nothing"))


def test_everything_loads(defs: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(defs)


def test_the_definitions_are_the_known_ones(defs: dg.Definitions) -> None:
    found = _folded(_listed(defs))
    if os.environ.get("GAME_PIPELINE_RENEW"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    known = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert found == known, "the definitions changed; if that is wanted, run this test with GAME_PIPELINE_RENEW=1"


def _listed(defs: dg.Definitions) -> dict[str, Any]:
    """All that a rename or a loss would take from people: their links, their alerts, their history."""
    repository = defs.get_repository_def()
    specs = {spec.key: spec for spec in defs.resolve_all_asset_specs()}
    pools = {key: asset.op.pool for asset in repository.assets_defs_by_key.values() for key in asset.keys}
    return {
        "assets": {
            key.to_user_string(): {
                "group": spec.group_name,
                "partitions": _partitions(spec),
                "pool": pools[key],
                "deps": sorted(dep.asset_key.to_user_string() for dep in spec.deps),
            }
            for key, spec in sorted(specs.items())
        },
        "checks": sorted(
            f"{check.asset_key.to_user_string()}:{check.name}" for check in repository.asset_graph.asset_check_keys
        ),
        "jobs": {
            job.name: sorted(key.to_user_string() for key in job.asset_layer.executable_asset_keys)
            for job in sorted(_jobs(defs), key=lambda job: job.name)
        },
        "sensors": {
            sensor.name: {
                "jobs": [target.job_name for target in sensor.targets],
                "every_seconds": sensor.minimum_interval_seconds,
            }
            for sensor in sorted(repository.sensor_defs, key=lambda sensor: sensor.name)
        },
        "schedules": {
            schedule.name: {"job": schedule.job_name, "cron": schedule.cron_schedule}
            for schedule in sorted(repository.schedule_defs, key=lambda schedule: schedule.name)
        },
    }


def _folded(found: dict[str, Any]) -> dict[str, Any]:
    """The list with what every source has told once, under NAME, and a few lines for each source's own."""
    folded: dict[str, Any] = {kind: {} for kind in found} | {"every source": {}, "sources": {}}
    told: dict[str, set[str]] = {}
    for kind, items in found.items():
        for key, value in (items if isinstance(items, dict) else dict.fromkeys(items)).items():
            owner = next((name for name in sorted(CRAWLED, key=len, reverse=True) if _names(name, key)), None)
            if owner is None:
                folded[kind][key] = _without_sources(value)
                continue
            alike, fact = _renamed(owner, key), json.loads(_renamed(owner, json.dumps(value)))
            for name in ("partitions", "cron", "every_seconds"):
                if isinstance(fact, dict) and name in fact:
                    folded["sources"].setdefault(owner, {})[f"{name} of {alike}"] = fact.pop(name)
            assert folded["every source"].setdefault(alike, fact) == fact, f"{key} is not as those of other sources"
            told.setdefault(owner, set()).add(alike)
    assert {name: set(folded["every source"]) for name in CRAWLED} == told
    return folded


def _without_sources(value: Any) -> Any:
    records = [f"records/{name}" for name in CRAWLED]
    if isinstance(value, dict) and set(records) <= set(value.get("deps", ())):
        return value | {"deps": ["records/*", *(dep for dep in value["deps"] if dep not in records)]}
    return value


def _names(source: str, key: str) -> bool:
    return bool(re.search(rf"(?:^|[/_]){source}(?:$|[:_\"])", key))


def _renamed(source: str, text: str) -> str:
    return re.sub(rf"(?<=[/_\"]){source}(?=$|[:_\"])", "NAME", text)


def _partitions(spec: dg.AssetSpec) -> str | None:
    if isinstance(spec.partitions_def, dg.DynamicPartitionsDefinition):
        return f"dynamic: {spec.partitions_def.name}"
    return " ".join(spec.partitions_def.get_partition_keys()) if spec.partitions_def else None


def _jobs(defs: dg.Definitions) -> list[dg.JobDefinition]:
    return [job for job in defs.resolve_all_job_defs() if not job.name.startswith("__")]


def _assets(defs: dg.Definitions) -> Iterator[tuple[dg.AssetsDefinition, dg.AssetSpec]]:
    for asset in defs.get_repository_def().assets_defs_by_key.values():
        for spec in asset.specs:
            yield asset, spec


def test_every_asset_says_what_it_is_and_whose(defs: dg.Definitions) -> None:
    for asset, spec in _assets(defs):
        name = spec.key.to_user_string()
        assert spec.owners, name
        assert spec.kinds, name
        assert spec.group_name in {"sources", "records", "catalog", "library", "monitoring"}, name
        assert spec.description, name
        # Lists show the first line as it is written.
        assert not set(spec.description.splitlines()[0]) & set("[]*"), name
        if spec.partitions_def:
            assert asset.backfill_policy == dg.BackfillPolicy.single_run(), name
            assert all(map(_is_slug, (_partitions(spec) or "").removeprefix("dynamic: ").split())), name


def _is_slug(key: str) -> bool:
    return bool(key) and all(letter.isascii() and (letter.isalnum() or letter in "-_") for letter in key)


@pytest.mark.parametrize("source", CRAWLED)
def test_every_source_is_polite_retried_and_watched(defs: dg.Definitions, source: str) -> None:
    pages, records = (dg.AssetKey([group, source]) for group in ("sources", "records"))
    by_key = {spec.key: (asset, spec) for asset, spec in _assets(defs)}
    asset, spec = by_key[pages]
    assert asset.op.pool == by_key[records][0].op.pool == source
    assert asset.op.retry_policy is not None
    assert spec.freshness_policy is not None
    checked = {check.asset_key for check in defs.get_repository_def().asset_graph.asset_check_keys}
    assert records in checked
    names = {sensor.name for sensor in defs.get_repository_def().sensor_defs}
    assert {f"monitor_{source}", f"read_{source}_pages"} <= names


def test_all_that_the_ui_lists_is_described(defs: dg.Definitions) -> None:
    repository = defs.get_repository_def()
    graph = repository.asset_graph
    undescribed = [
        *(check.to_user_string() for check in graph.asset_check_keys if not graph.get(check).description),
        *(job.name for job in _jobs(defs) if not job.description),
        *(sensor.name for sensor in repository.sensor_defs if not sensor.description),
        *(schedule.name for schedule in repository.schedule_defs if not schedule.description),
    ]
    assert undescribed == []


def test_automation_is_one_switch() -> None:
    for automation in (True, False):
        repository = build_defs(Settings(automation=automation)).get_repository_def()
        running = {sensor.default_status == dg.DefaultSensorStatus.RUNNING for sensor in repository.sensor_defs}
        running |= {
            schedule.default_status == dg.DefaultScheduleStatus.RUNNING for schedule in repository.schedule_defs
        }
        assert running == {automation}


def test_only_orchestration_imports_dagster() -> None:
    guilty = [
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if "orchestration" not in path.relative_to(PACKAGE).parts and "dagster" in _imported(path)
    ]
    assert guilty == []


def _imported(path: Path) -> set[str]:
    """The top-level packages that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return found


def test_loading_the_definitions_imports_nothing_heavy(tmp_path: Path) -> None:
    code = f"import sys, game_pipeline.definitions; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=_bare(tmp_path), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_dagster_itself_finds_the_workspace_valid(tmp_path: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "dagster", "definitions", "validate", "-w", asset_path("workspace.yaml")],
        cwd=tmp_path,
        env=_bare(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _bare(home: Path) -> dict[str, str]:
    """An environment that names no settings and no instance of anybody's."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GAME_PIPELINE_", "DAGSTER_"))}
    return kept | {"HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "1"}
