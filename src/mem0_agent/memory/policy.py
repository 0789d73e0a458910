"""Where hooks may work: the capture modes and the directories that people listed or excluded."""
# pathlib takes longer to import than this wing may take to start
# ruff: noqa: PTH111

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mem0_agent.memory.settings import Settings


def open_to(settings: Settings, cwd: str) -> bool:
    """Whether anything may be done for ``cwd``: it is not excluded, and listed where only those count."""
    hooks = settings.hooks
    if inside(cwd, hooks.exclude):
        return False
    return hooks.capture != "listed" or inside(cwd, hooks.directories)


def captures(settings: Settings, cwd: str) -> bool:
    """Whether what is said in ``cwd`` may be stored."""
    return settings.hooks.capture != "off" and open_to(settings, cwd)


def recalls(settings: Settings, cwd: str) -> bool:
    """Whether memories may be looked up for ``cwd``.

    To ask a remote memory is to send it the prompt: with capture off nothing is sent.
    """
    if settings.backend != "local" and settings.hooks.capture == "off":
        return False
    return settings.hooks.recall and open_to(settings, cwd)


def inside(cwd: str, directories: list[str]) -> bool:
    """Whether ``cwd``, as named or with its links resolved, is one of ``directories`` or stands below one."""
    if not directories:
        return False
    places = {os.path.normpath(cwd), os.path.realpath(cwd)}
    return any(below(place, name) for name in directories for place in places)


def below(place: str, name: str) -> bool:
    expanded = os.path.expanduser(name)
    if not expanded.strip():
        return False
    tops = {os.path.normpath(expanded), os.path.realpath(expanded)}
    return any(place == top or place.startswith(top.rstrip(os.sep) + os.sep) for top in tops)
