"""What administrators have set in Windows' registry, as values; the only place that knows of one."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mem0_agent.model import Json

POLICIES = "SOFTWARE\\Policies\\Claude"
"""The key of their rules over Claude Desktop."""


def registry() -> dict[str, dict[str, Json]]:
    """The values of each key that is there, the machine's before the user's; nothing on other systems."""
    if sys.platform != "win32":
        return {}
    import winreg

    return policies(winreg)


def policies(winreg: Any) -> dict[str, dict[str, Json]]:  # noqa: ANN401 - a module that other systems lack
    found = {}
    for name, root in (("HKLM", winreg.HKEY_LOCAL_MACHINE), ("HKCU", winreg.HKEY_CURRENT_USER)):
        with suppress(OSError), winreg.OpenKey(root, POLICIES, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY) as key:
            rows = [winreg.EnumValue(key, number) for number in range(winreg.QueryInfoKey(key)[1])]
            found[f"{name}\\{POLICIES}"] = {str(value): data for value, data, _ in rows}
    return found
