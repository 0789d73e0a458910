"""The one place of this wing that reads the environment and the configuration file."""
# pathlib takes longer to import than this wing may take to start
# ruff: noqa: PTH105, PTH108, PTH116, PTH118, PTH123

from __future__ import annotations

import json
import os

from mem0_agent.memory.options import BACKENDS, CAPTURES, DEFAULTS, checked, closed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["API_URL", "BACKENDS", "CAPTURES", "DEFAULTS", "Hooks", "Settings", "load"]

API_URL = "https://api.mem0.ai"
"""The REST API of the platform, where the configuration names no other."""

CACHE_VERSION = 1


class Hooks:
    """The ``[hooks]`` table. Budgets in milliseconds, sizes in characters; the two lists hold directories."""

    __slots__ = (
        "capture",
        "directories",
        "exclude",
        "local_budget_ms",
        "max_characters",
        "max_memories",
        "min_prompt",
        "network_budget_ms",
        "recall",
    )

    capture: str
    directories: list[str]
    exclude: list[str]
    recall: bool
    max_memories: int
    max_characters: int
    min_prompt: int
    local_budget_ms: int
    network_budget_ms: int

    def __init__(self, table: dict[str, Any]) -> None:
        for name in self.__slots__:
            setattr(self, name, table[name])


class Settings:
    """What a person configured, with everything missing filled in.

    ``backend`` is one of BACKENDS. ``url`` is the MCP address (platform) or the base of the REST API
    (self-hosted); ``api_url`` the base of the REST API, without a trailing slash, empty for the local memory.
    ``user_id`` is never empty. ``problem`` is a sentence about a configuration that could not be read as it
    stands, else empty; every value that it concerns is the default, save that nothing is captured while one
    of ``options.PRIVACY`` is in doubt.
    """

    __slots__ = (
        "api_url",
        "backend",
        "config_dir",
        "data_dir",
        "environment",
        "hooks",
        "problem",
        "state_dir",
        "url",
        "user_id",
    )

    def __init__(self, home: tuple[str, str, str], table: dict[str, Any], problem: str = "") -> None:
        self.config_dir, self.data_dir, self.state_dir = home
        self.environment: dict[str, str] = dict(os.environ)
        self.problem = problem
        self.backend: str = table["backend"]
        self.url: str = table["url"]
        self.api_url = base(self.backend, self.url, table["api_url"])
        self.user_id: str = table["user_id"] or self.environment.get("MEM0_USER_ID", "").strip() or os_user()
        self.hooks = Hooks(table["hooks"])

    @property
    def database(self) -> str:
        """The path of the local memory's file, which need not exist."""
        return os.path.join(self.data_dir, "memory.db")

    def key(self) -> str:
        """Answer the API key: MEM0_API_KEY, else what ``credentials`` beside config.toml holds, or empty."""
        return self.environment.get("MEM0_API_KEY", "").strip() or credentials(self.config_dir)


def load(config_dir: str, data_dir: str, state_dir: str) -> Settings:
    """Read the settings of three directories, any of which may be missing. No content of a file raises."""
    path = os.path.join(config_dir, "config.toml")
    home = (config_dir, data_dir, state_dir)
    try:
        state = os.stat(path)
    except FileNotFoundError:
        return Settings(home, *checked({}))
    except OSError as error:
        return Settings(home, closed(), f"{path} cannot be read: {error.strerror}.")
    stamp = [CACHE_VERSION, path, state.st_mtime_ns, state.st_size, state.st_ino]
    known = remembered(state_dir, stamp)
    if known is not None:
        return Settings(home, *checked(known))
    table, problem = parsed(path)
    if problem:
        return Settings(home, closed(), problem)
    remember(state_dir, stamp, table)
    return Settings(home, *checked(table))


def parsed(path: str) -> tuple[dict[str, Any], str]:
    """Read a TOML file: its tables and an empty string, or nothing and a sentence about what is wrong."""
    import tomllib

    try:
        with open(path, "rb") as file:
            return tomllib.loads(file.read().decode("utf-8-sig")), ""
    except OSError as error:
        return {}, f"{path} cannot be read: {error.strerror}."
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return {}, f"{path} is not valid TOML: {error}."


def remembered(state_dir: str, stamp: list[Any]) -> dict[str, Any] | None:
    """Recall the tables parsed by an earlier process from the very same file, else None."""
    try:
        with open(os.path.join(state_dir, "settings.json"), "rb") as file:
            document = json.loads(file.read())
    except (OSError, ValueError):
        return None
    if not isinstance(document, dict) or document.get("stamp") != stamp:
        return None
    table = document.get("table")
    return table if isinstance(table, dict) else None


def remember(state_dir: str, stamp: list[Any], table: dict[str, Any]) -> None:
    """Leave what tomllib took long to read; a state directory that takes no file costs the next start."""
    path = os.path.join(state_dir, "settings.json")
    temporary = f"{path}.{os.getpid()}"
    try:
        data = json.dumps({"stamp": stamp, "table": table}).encode()
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except (TypeError, ValueError):  # a TOML date is no JSON: such a table is parsed each time
        return
    except OSError:
        discard(temporary)


def discard(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return


def base(backend: str, url: str, api_url: str) -> str:
    """Answer the base of the REST API that a backend is reached through; empty for the local one."""
    if backend == "local":
        return ""
    fallback = API_URL if backend == "platform" else url
    return (api_url or fallback).rstrip("/")


def credentials(config_dir: str) -> str:
    """Read the bare key in ``credentials``; empty where the file is missing or unreadable."""
    try:
        with open(os.path.join(config_dir, "credentials"), encoding="utf-8") as file:
            return file.readline(4096).strip()
    except (OSError, UnicodeDecodeError):
        return ""


def os_user() -> str:
    """Answer the login name, as the environment or the password database has it."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        if os.environ.get(name):
            return os.environ[name]
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        return "default"
