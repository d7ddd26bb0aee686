"""Reading the settings, with all that is wrong with them told at once."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from .whole import Settings

__all__ = ["CONFIG_VARIABLE", "DEFAULT_CONFIG", "SettingsError", "config_in_force", "load_settings"]

CONFIG_VARIABLE = "GAME_PIPELINE_CONFIG"
DEFAULT_CONFIG = "game_pipeline.toml"


class SettingsError(ValueError):
    """The settings are wrong; the message lists every problem, where it stands and what is expected."""


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
