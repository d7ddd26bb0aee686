"""One typed settings object: the environment (`GAME_PIPELINE_*`) over `game_pipeline.toml` over the defaults.

Everything wrong is reported in one message at start, none of it at three in the morning.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import ipaddress
import os
import re
import tomllib
import zoneinfo
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

__all__ = [
    "CONFIG_VARIABLE",
    "BreakerSettings",
    "CrawlSettings",
    "DeskSettings",
    "GameNote",
    "LibrarySettings",
    "LimitSettings",
    "ParseSettings",
    "QuietHours",
    "RawSettings",
    "Settings",
    "SettingsError",
    "SourceSettings",
    "WebhookSettings",
    "config_in_force",
    "load_settings",
]

CONFIG_VARIABLE = "GAME_PIPELINE_CONFIG"
DEFAULT_CONFIG = "game_pipeline.toml"

Seconds = Annotated[float, Field(ge=0)]


class SettingsError(ValueError):
    """The settings are wrong; the message lists every problem, where it stands and what is expected."""


class LimitSettings(BaseModel):
    """How far an import may change a game, or a source's games, before a person is asked; None keeps what holds else.

    Shares are of what was there before: a description may shrink to `description_kept` of its length, a title may
    change while it is as similar as `title_similarity`, a date may move by fewer than `date_years` years, `links_kept`
    of a game's links must stay, and `run_share` of a source's games may change at once (where so many as `run_minimum`
    do).
    """

    model_config = ConfigDict(extra="forbid")

    description_kept: Annotated[float, Field(ge=0, le=1)] | None = None
    title_similarity: Annotated[float, Field(ge=0, le=1)] | None = None
    date_years: Annotated[int, Field(ge=1)] | None = None
    links_kept: Annotated[float, Field(ge=0, le=1)] | None = None
    run_share: Annotated[float, Field(gt=0, le=1)] | None = None
    run_minimum: Annotated[int, Field(ge=1)] | None = None


class BreakerSettings(BaseModel):
    """When a source's circuit breaker opens, and how it comes back. Times are seconds.

    It opens where `failure_share` of at least `min_calls` calls within `window` failed, where `min_calls` in a row did,
    or where the site refused `refusals` in a row. It rests for `rest`, then twice as long each time, up to
    `longest_rest`; after `trials` good trials the rate comes back in steps of a `window` each. A site that refuses us,
    or shows a captcha or a login page, is left alone for `longest_rest` at first and for up to `blocked_rest` in the
    end. A source that has not been well for `chronic_after`, or that opened `chronic_openings` times within a day, is a
    person's.
    """

    model_config = ConfigDict(extra="forbid")

    window: Annotated[float, Field(gt=0)] = 600.0
    min_calls: Annotated[int, Field(ge=2)] = 8
    failure_share: Annotated[float, Field(gt=0, le=1)] = 0.5
    refusals: Annotated[int, Field(ge=1)] = 3
    rest: Annotated[float, Field(gt=0)] = 60.0
    longest_rest: Annotated[float, Field(gt=0)] = 3_600.0
    blocked_rest: Annotated[float, Field(gt=0)] = 86_400.0
    trials: Annotated[int, Field(ge=1)] = 3
    chronic_after: Annotated[float, Field(gt=0)] = 86_400.0
    chronic_openings: Annotated[int, Field(ge=2)] = 5

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.rest <= self.longest_rest <= self.blocked_rest:
            raise ValueError("rest, longest_rest and blocked_rest must not fall in this order")
        return self


class RawSettings(BaseModel):
    """How much of a source's pages, as they were sent, is kept.

    At most `versions` of a page, none older than `days`, `megabytes` of the source in all (compressed; the oldest go
    first). What a page says now, and what a version of a record was read from, is kept whatever the limits say.
    """

    model_config = ConfigDict(extra="forbid")

    versions: Annotated[int, Field(ge=1)] = 20
    days: Annotated[float, Field(gt=0)] = 730.0
    megabytes: Annotated[float, Field(gt=0)] = 4_096.0


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The hours of each day in which a site is sent nothing, by the clock of a named time zone."""

    start: dt.time
    end: dt.time
    zone: zoneinfo.ZoneInfo

    @classmethod
    def parse(cls, text: str) -> QuietHours:
        """Read `23:00-07:00 Europe/Moscow`. Raises ValueError."""
        match = re.fullmatch(r"(\d\d:\d\d)-(\d\d:\d\d) ([A-Za-z0-9_+/-]{1,64})", text.strip())
        if match is None:
            raise ValueError("hours and a time zone such as 23:00-07:00 Europe/Moscow are expected")
        try:
            start, end = dt.time.fromisoformat(match[1]), dt.time.fromisoformat(match[2])
        except ValueError:
            raise ValueError(f"{match[1]}-{match[2]} are no times of day") from None
        if start == end:
            raise ValueError("the hours begin when they end; to stop a source altogether set enabled = false")
        try:
            return cls(start, end, zoneinfo.ZoneInfo(match[3]))
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"there is no time zone {match[3]!r}; it looks like Europe/Moscow or UTC") from None

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M} {self.zone.key}"


Days = Annotated[float, Field(gt=0, le=3650)]


class SourceSettings(BaseModel):
    """What an operator may change about one source; None keeps the source's own policy."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    enabled: bool = True
    min_delay: Seconds | None = None
    requests_per_day: Annotated[int, Field(ge=1)] | None = None
    """The most that is sent to each host of the source on a day (UTC), by all processes; None: no limit."""
    quiet_hours: QuietHours | None = None
    revisit_min_days: Days | None = None
    revisit_mean_days: Days | None = None
    revisit_max_days: Days | None = None
    wall_markers: list[str] = Field(default_factory=list)
    """Text of the site's captcha or login page, over what its source knows."""
    priority: int | None = None
    asset_retries: Annotated[int, Field(ge=0)] | None = None
    asset_retry_delay: Seconds | None = None
    monitor_every: Annotated[float, Field(ge=5)] | None = None
    reimport_cron: str | None = None
    limits: LimitSettings = Field(default_factory=LimitSettings)
    breaker: BreakerSettings = Field(default_factory=BreakerSettings)
    raw: RawSettings = Field(default_factory=RawSettings)

    @field_validator("quiet_hours", mode="before")
    @classmethod
    def _hours(cls, value: Any) -> Any:
        return QuietHours.parse(value) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        named = [days for days in (self.revisit_min_days, self.revisit_mean_days, self.revisit_max_days) if days]
        if named != sorted(named):
            raise ValueError("revisit_min_days, revisit_mean_days and revisit_max_days must not fall in this order")
        return self


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
    lease: Annotated[float, Field(ge=1)] = 60.0
    """Seconds without a sign of life after which a run has lost its source to whoever asks for it."""
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


class ParseSettings(BaseModel):
    """How pages are read: in processes of their own, which may be killed."""

    model_config = ConfigDict(extra="forbid")

    workers: Annotated[int, Field(ge=0, le=64)] = 2
    """Processes that read at once, at most; started when there is something to read. 0: read in the run's own process,
    which nothing can stop then."""
    memory_mb: Annotated[int, Field(ge=512)] = 1024
    """Address space of a worker, in MiB. Not every system enforces it (macOS does not)."""
    seconds: Annotated[float, Field(gt=0, le=600)] = 10.0
    """Time for one page, after which its worker is killed."""
    cpu_seconds: Annotated[float, Field(gt=0, le=600)] = 8.0
    """Time of the processor for one page (whole seconds, rounded up). Less than `seconds`, or that comes first."""
    pages_per_worker: Annotated[int, Field(ge=1)] = 10_000
    """A worker is replaced after so many pages, or once it holds a quarter of its memory."""


class GameNote(BaseModel):
    """What the operator says about a game of the comparison; it goes over what sources say."""

    model_config = ConfigDict(extra="forbid")

    comment: str | None = None
    url: str | None = None
    multiplayer: bool | None = None
    max_players: Annotated[int, Field(ge=1)] | None = None


class LibrarySettings(BaseModel):
    """Uploaded Galaxy databases and the file that comparisons are answered from."""

    model_config = ConfigDict(extra="forbid")

    upload_dir: Path | None = None
    """Where uploads are kept, and where databases may be dropped; by default `uploads` in the data directory."""
    data_store_path: Path | None = None
    """The data file; by default `library.json` in the data directory."""
    max_backups: Annotated[int, Field(ge=0, le=100)] = 3
    compression: Literal["none", "gzip", "zstd"] = "none"
    max_upload_mb: Annotated[int, Field(ge=1)] = 1024
    """The largest database, unpacked."""
    cpu_seconds: Annotated[float, Field(gt=0, le=600)] = 3.0
    """What reading one database may need; `read_seconds` by the clock, whatever else the machine does."""
    read_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    read_memory_mb: Annotated[int, Field(ge=192)] = 256
    """Address space of the process that reads a database, in MiB."""
    hidden: list[str] = Field(default_factory=list)
    """Titles that comparisons leave out unless asked for."""
    single_player: list[str] = Field(default_factory=list)
    """Titles that are for one, whatever the sources say."""
    games: dict[str, GameNote] = Field(default_factory=dict)
    """Notes by title."""


class DeskSettings(BaseModel):
    """The web app. It answers on this machine alone; whatever stands before it names its hosts here."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    port: Annotated[int, Field(ge=1, le=65535)] = 3001
    token: SecretStr | None = None
    """Who has it may write; by default one is made in the data directory (`desk-token`)."""
    hosts: list[str] = Field(default_factory=list)
    """Names under which it answers besides 127.0.0.1 and localhost."""
    max_body_kb: Annotated[int, Field(ge=16)] = 1024
    """The largest body of a request that is no upload."""
    reconcile_origins: list[str] = Field(default_factory=list)
    """Sites whose pages may read the reconciliation service, such as http://127.0.0.1:3333, OpenRefine's."""

    @field_validator("reconcile_origins")
    @classmethod
    def _origins(cls, origins: list[str]) -> list[str]:
        for origin in origins:
            if not re.fullmatch(r"https?://[a-z0-9.-]+(:\d{1,5})?", origin):
                raise ValueError(f"an origin such as http://127.0.0.1:3333 is expected, not {origin[:60]!r}")
        return origins

    @field_validator("token")
    @classmethod
    def _long(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and not re.fullmatch(r"[!-~]{16,500}", token.get_secret_value()):
            raise ValueError("16 to 500 characters of ASCII without spaces are expected")
        return token


class MergeSettings(BaseModel):
    """Thresholds of the extractive merger: shares of a sentence's 4-grams found in another sentence."""

    model_config = ConfigDict(extra="forbid")

    duplicate: Annotated[float, Field(gt=0, le=1)] = 0.60
    near: Annotated[float, Field(gt=0, le=1)] = 0.45


class WebhookSettings(BaseModel):
    """One receiver of the event log. Neither its secrets nor its address, whose path may hold one, is ever shown."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    url: str = Field(repr=False)
    """https, or http where the host is this machine."""
    secret: SecretStr
    """The key of the signatures: `whsec_` and base64, or plain text; at least 24 bytes."""
    previous_secret: SecretStr | None = None
    """The key before, while it is being replaced: signatures are made with both."""
    events: Annotated[list[str], Field(min_length=1)] = ["game.*"]
    """Types of events, or patterns of them (`*`, `?`, `[...]`)."""
    enabled: bool = True
    timeout: Annotated[float, Field(gt=0, le=300)] = 10.0
    """Seconds for one delivery, from the name lookup to the last byte of the answer."""
    max_attempts: Annotated[int, Field(ge=1, le=100)] = 12
    backoff_base: Annotated[float, Field(gt=0)] = 30.0
    backoff_cap: Annotated[float, Field(gt=0)] = 21_600.0
    keep_days: Annotated[float, Field(ge=0)] = 30.0
    """How long it is remembered what was delivered; dead letters stay until they are sent again."""

    @property
    def origin(self) -> str:
        """The address as far as it may be shown."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def keys(self) -> list[bytes]:
        """The keys that sign, the newest first."""
        return [webhook_key(secret) for secret in (self.secret, self.previous_secret) if secret is not None]

    @field_validator("url")
    @classmethod
    def _reachable(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise ValueError("an address such as https://example.org/hook is expected") from None
        if parts.scheme not in ("http", "https") or not host or not re.fullmatch(r"[!-~]+", url):
            raise ValueError("an address such as https://example.org/hook is expected, in ASCII")
        if "@" in parts.netloc or parts.fragment:
            raise ValueError("an address without user, password and fragment is expected; the signature says who sends")
        if parts.scheme == "http" and not _is_loopback(host):
            raise ValueError("https is needed; http goes to this machine only (127.0.0.1, ::1, localhost)")
        return url

    @field_validator("secret", "previous_secret")
    @classmethod
    def _strong(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and len(webhook_key(secret)) < MIN_KEY_BYTES:
            raise ValueError(
                f"a key of at least {MIN_KEY_BYTES} bytes is expected; make one with: openssl rand -hex 32"
            )
        return secret

    @field_validator("events")
    @classmethod
    def _patterns(cls, events: list[str]) -> list[str]:
        for pattern in events:
            if not re.fullmatch(r"[a-z_.*?\[\]!-]+", pattern):
                raise ValueError(f"{pattern!r} is no type of event and no pattern such as game.*")
        return events

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.backoff_cap < self.backoff_base:
            raise ValueError("backoff_cap must not be less than backoff_base")
        return self


MIN_KEY_BYTES = 24


def webhook_key(secret: SecretStr) -> bytes:
    """The bytes of a secret. Raises `ValueError`, which does not tell the secret."""
    text = secret.get_secret_value()
    if not text.startswith("whsec_"):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("what follows whsec_ must be base64") from None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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
    if isinstance(values.get("keys"), dict):  # as the environment has them, which goes over the file
        values["keys"] = {name.lower(): value for name, value in values["keys"].items()}
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
    settings.archive_dir = (base / settings.archive_dir.expanduser()).absolute()
    library = settings.library
    if library.upload_dir is not None:
        library.upload_dir = (base / library.upload_dir.expanduser()).absolute()
    if library.data_store_path is not None:
        library.data_store_path = (base / library.data_store_path.expanduser()).absolute()
    if settings.postgres_bin is not None:
        settings.postgres_bin = (base / settings.postgres_bin.expanduser()).absolute()
    return settings
