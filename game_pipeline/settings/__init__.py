"""One typed settings object: the environment (`GAME_PIPELINE_*`) over `game_pipeline.toml` over the defaults.

Everything wrong is reported in one message at start, none of it at three in the morning.
"""

from .catalogue import LimitSettings, MergeSettings
from .crawling import BreakerSettings, CrawlSettings, ParseSettings, RawSettings
from .library import GameNote, LibrarySettings
from .loading import CONFIG_VARIABLE, DEFAULT_CONFIG, SettingsError, config_in_force, load_settings
from .serving import DeskSettings, WebhookSettings
from .source import QuietHours, SourceSettings
from .whole import Settings

__all__ = [
    "CONFIG_VARIABLE",
    "DEFAULT_CONFIG",
    "BreakerSettings",
    "CrawlSettings",
    "DeskSettings",
    "GameNote",
    "LibrarySettings",
    "LimitSettings",
    "MergeSettings",
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
