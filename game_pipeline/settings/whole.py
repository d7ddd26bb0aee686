"""All settings as one object, and which of two that disagree counts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from .catalogue import LimitSettings, MergeSettings
from .crawling import CrawlSettings, ParseSettings
from .library import LibrarySettings
from .serving import DeskSettings, WebhookSettings
from .source import SourceSettings

__all__ = ["Settings"]


class Settings(BaseSettings):
    """All settings. Nested keys in the environment use two underscores: `GAME_PIPELINE_CRAWL__CONTACT`."""

    model_config = SettingsConfigDict(
        env_prefix="GAME_PIPELINE_", env_nested_delimiter="__", extra="forbid", hide_input_in_errors=True
    )

    data_dir: Path = Path(".game_pipeline")
    database_url: str | None = None
    """A PostgreSQL server (15 or later) instead of the embedded one: postgresql://user@host/catalogue."""
    owner_database_url: str | None = None
    """The same database by the role that owns its schema; then the role of `database_url` cannot change the log."""
    dagster_database_url: str | None = None
    """Dagster's own database; by default `<catalogue>_dagster` on the same server."""
    postgres_bin: Path | None = None
    archive_dir: Path = Field(default_factory=lambda values: values["data_dir"] / "archive")
    """Where `events archive` puts the months that leave the database."""
    automation: bool = True
    """Whether sensors and schedules run from the start; either way the UI switches each on and off."""
    pool_size: Annotated[int, Field(ge=1, le=50)] = 4
    crawl: CrawlSettings = Field(default_factory=CrawlSettings)
    parse: ParseSettings = Field(default_factory=ParseSettings)
    library: LibrarySettings = Field(default_factory=LibrarySettings)
    desk: DeskSettings = Field(default_factory=DeskSettings)
    merge: MergeSettings = Field(default_factory=MergeSettings)
    limits: LimitSettings = Field(default_factory=LimitSettings)
    """For every source; `[sources.NAME.limits]` goes over it."""
    edits_age_days: Annotated[int, Field(ge=1)] = 730
    """When a person's edit is so old that the sources' word is suggested again. It stands all the same."""
    shadow: bool = False
    """Whether automatic changes are only proposed: everything runs, but what games say is changed by people alone."""
    catalogue_priority: int = 1_000
    """Rank of the word of an existing catalogue that is imported without one of its own: after all sources."""
    sources: dict[str, SourceSettings] = Field(default_factory=dict)
    keys: dict[str, SecretStr] = Field(default_factory=dict)
    """The keys that sites want, by the names that their sources give them: `GAME_PIPELINE_KEYS__RAWG_KEY`. Never shown,
    and sent to the hosts only that the source names with the key."""
    webhooks: dict[str, WebhookSettings] = Field(default_factory=dict)

    @field_validator("keys")
    @classmethod
    def _sendable(cls, keys: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, value in keys.items():
            # Fit for a header and for JSON as it is; a shorter one would be found by chance in what a site sends.
            if not re.fullmatch(r"[!#-\[\]-~]{8,500}", value.get_secret_value()):
                raise ValueError(f"{name}: 8 to 500 characters of ASCII without spaces, quotes and backslashes")
        return {name.upper(): value for name, value in keys.items()}

    @field_validator("webhooks")
    @classmethod
    def _webhook_names(cls, webhooks: dict[str, WebhookSettings]) -> dict[str, WebhookSettings]:
        for name in webhooks:
            if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or len(name) > 40:  # fit for a variable's name
                raise ValueError(f"{name!r}: a name of small letters, digits and single underscores is expected")
        return webhooks

    @field_validator("database_url", "owner_database_url", "dagster_database_url")
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

    @property
    def upload_dir(self) -> Path:
        """Where uploaded Galaxy databases lie."""
        return self.library.upload_dir or self.data_dir / "uploads"

    @property
    def data_store_path(self) -> Path:
        """The file that comparisons are answered from."""
        return self.library.data_store_path or self.data_dir / "library.json"
