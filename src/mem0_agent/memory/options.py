"""What config.toml may hold: every key with its default, and which values are taken."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BACKENDS = ("local", "platform", "self-hosted")
CAPTURES = ("on", "off", "listed")
DEFAULTS: dict[str, Any] = {
    "backend": "local",
    "url": "",
    "api_url": "",
    "user_id": "",
    "hooks": {
        "capture": "on",
        "directories": [],
        "exclude": [],
        "recall": True,
        "max_memories": 5,
        "max_characters": 2000,
        "min_prompt": 20,
        "local_budget_ms": 150,
        "network_budget_ms": 2500,
    },
}
"""What holds where config.toml is silent. An empty user_id is MEM0_USER_ID, else the name of the OS user."""

CHOICES = {"backend": BACKENDS, "capture": CAPTURES}
PRIVACY = ("capture", "directories", "exclude")
"""The keys with which people keep things to themselves: a mistake in one of them must not open the door."""


def checked(table: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Answer DEFAULTS overlaid with the usable values of a table, and a sentence about the others."""
    wrong: list[str] = []
    top = {name: value for name, value in DEFAULTS.items() if name != "hooks"}
    hooks = table.get("hooks", {})
    if not isinstance(hooks, dict):
        wrong.extend(PRIVACY)
        hooks = {}
    result = chosen(table, top, wrong)
    result["hooks"] = chosen(hooks, DEFAULTS["hooks"], wrong)
    if not wrong:
        return result, ""
    if any(name in PRIVACY for name in wrong):
        result["hooks"]["capture"] = "off"
    return result, f"config.toml holds a value that cannot be used for: {', '.join(wrong)}."


def chosen(table: dict[str, Any], defaults: dict[str, Any], wrong: list[str]) -> dict[str, Any]:
    """``defaults`` overlaid with ``table``; the names of unusable values are appended to ``wrong``."""
    result = {}
    for name, default in defaults.items():
        value = table.get(name, default)
        usable = fits(name, value, default)
        if not usable:
            wrong.append(name)
        result[name] = (value.strip() if isinstance(value, str) else value) if usable else default
    return result


def fits(name: str, value: object, default: object) -> bool:
    """Whether a value has the type of its default, is a known choice, and is no negative number."""
    if type(value) is not type(default):
        return False
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    if isinstance(value, int):
        return value >= 0
    return name not in CHOICES or value in CHOICES[name]


def closed() -> dict[str, Any]:
    """Answer the defaults for a configuration that exists and cannot be read: nothing is captured."""
    return {**DEFAULTS, "hooks": {**DEFAULTS["hooks"], "capture": "off"}}
