"""One typed settings object: the environment (`GAME_PIPELINE_*`) over `game_pipeline.toml` over the defaults.

Everything wrong is reported in one message at start, none of it at three in the morning.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

__all__ = [
    "CONFIG_VARIABLE",
    "CrawlSettings",
    "Settings",
    "SettingsError",
    "SourceSettings",
    "config_in_force",
    "load_settings",
]

CONFIG_VARIABLE = "GAME_PIPELINE_CONFIG"
DEFAULT_CONFIG = "game_pipeline.toml"

Seconds = Annotated[float, Field(ge=0)]


class SettingsError(ValueError):
    """The settings are wrong; the message lists every problem, where it stands and what is expected."""


class SourceSettings(BaseModel):
    """What an operator may change about one source; None keeps the source's own policy."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool = True
    min_delay: Seconds | None = None
    priority: int | None = None
    asset_retries: Annotated[int, Field(ge=0)] | None = None
    asset_retry_delay: Seconds | None = None
    monitor_every: Annotated[float, Field(ge=5)] | None = None
    reimport_cron: str | None = None


class CrawlSettings(BaseModel):
    """How every request is made."""

    model_config = ConfigDict(extra="forbid")

    contact: Annotated[str, Field(pattern=r"^[!-~]+$", max_length=200)] | None = None
    """A page or address where a site's owner reaches the operator; part of the User-Agent."""
    connect_timeout: Annotated[float, Field(gt=0)] = 5.0
    total_deadline: Annotated[float, Field(gt=0)] = 60.0
    retry_base: Seconds = 1.0
    retry_cap: Seconds = 120.0
    retry_after_cap: Seconds = 300.0
    lease: Annotated[float, Field(gt=0)] = 300.0
    full_fetch_every: Annotated[int, Field(ge=1)] = 20
    """After this many 304 answers in a row the page is fetched whole: servers lie."""
    routes: dict[str, str] = Field(default_factory=dict)
    """Host -> origin: requests to that host go to the origin instead (replicas, tests, a caching mirror)."""

    @field_validator("routes")
    @classmethod
    def _origins(cls, routes: dict[str, str]) -> dict[str, str]:
        for host, origin in routes.items():
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
                raise ValueError(f"{host}: an origin such as http://127.0.0.1:8080 is expected, not {origin!r}")
        return routes


class MergeSettings(BaseModel):
    """Thresholds of the extractive merger: shares of a sentence's 4-grams found in another sentence."""

    model_config = ConfigDict(extra="forbid")

    duplicate: Annotated[float, Field(gt=0, le=1)] = 0.60
    near: Annotated[float, Field(gt=0, le=1)] = 0.45


class Settings(BaseSettings):
    """All settings. Nested keys in the environment use two underscores: `GAME_PIPELINE_CRAWL__CONTACT`."""

    model_config = SettingsConfigDict(env_prefix="GAME_PIPELINE_", env_nested_delimiter="__", extra="forbid")

    data_dir: Path = Path(".game_pipeline")
    database_url: str | None = None
    """A PostgreSQL server (15 or later) instead of the embedded one: postgresql://user@host/catalogue."""
    dagster_database_url: str | None = None
    """Dagster's own database; by default `<catalogue>_dagster` on the same server."""
    postgres_bin: Path | None = None
    automation: bool = True
    """Whether sensors and schedules run from the start; either way the UI switches each on and off."""
    pool_size: Annotated[int, Field(ge=1, le=50)] = 4
    crawl: CrawlSettings = Field(default_factory=CrawlSettings)
    merge: MergeSettings = Field(default_factory=MergeSettings)
    sources: dict[str, SourceSettings] = Field(default_factory=dict)

    @field_validator("database_url", "dagster_database_url")
    @classmethod
    def _postgres(cls, url: str | None) -> str | None:
        if url is not None and urlsplit(url).scheme not in ("postgresql", "postgres"):
            raise ValueError("must be postgresql://user:password@host:port/database")
        return url

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # The file arrives as init arguments (load_settings reads it); the environment goes over it.
        return env_settings, init_settings

    def source(self, name: str) -> SourceSettings:
        return self.sources.get(name, SourceSettings())


def config_in_force(config: Path | None = None) -> Path | None:
    """The settings file that counts, as an absolute path: the one given, else `GAME_PIPELINE_CONFIG`, else
    `game_pipeline.toml` in the current directory where it exists; else none."""
    named = config or (Path(os.environ[CONFIG_VARIABLE]) if os.environ.get(CONFIG_VARIABLE) else None)
    if named is None and Path(DEFAULT_CONFIG).is_file():
        named = Path(DEFAULT_CONFIG)
    return named.absolute() if named is not None else None


def load_settings(config: Path | None = None, known_sources: frozenset[str] | None = None) -> Settings:
    """Read the settings. `config`, else `GAME_PIPELINE_CONFIG`, else `game_pipeline.toml` here where it exists.

    Relative paths in the file are relative to the file. `known_sources`: the names that `[sources.NAME]` may
    use. Raises `SettingsError` with all problems at once.
    """
    path = config_in_force(config)
    values: dict[str, Any] = {}
    origin = "the environment"
    if path is not None:
        origin = f"{path} and the environment"
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise SettingsError(f"settings: {path} does not exist; name an existing file or unset it") from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"settings: {path} cannot be read: {error}") from None
    problems: list[str] = []
    settings: Settings | None = None
    try:
        settings = Settings(**values)
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            where = ".".join(str(part) for part in problem["loc"])
            problems.append(f"  {where}: {problem['msg'].removeprefix('Value error, ')}")
    except ValueError as error:  # pydantic-settings: JSON in a variable that does not parse
        problems.append(f"  {error}")
    named: Any = settings.sources if settings else values.get("sources")
    if known_sources is not None and isinstance(named, dict):
        problems += [
            f"  sources.{name}: no such source; known are {', '.join(sorted(known_sources))}"
            for name in named
            if name not in known_sources
        ]
    if problems or settings is None:
        raise SettingsError("\n".join([f"settings from {origin} are wrong:", *problems]))
    base = path.parent if path is not None else Path.cwd()
    settings.data_dir = (base / settings.data_dir.expanduser()).absolute()
    if settings.postgres_bin is not None:
        settings.postgres_bin = (base / settings.postgres_bin.expanduser()).absolute()
    return settings
