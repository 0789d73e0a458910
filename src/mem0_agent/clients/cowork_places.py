"""Where Claude Desktop keeps its files and its programs, on three operating systems, and which version it is."""

from __future__ import annotations

import json
import plistlib
import re
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING
from xml.parsers.expat import ExpatError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mem0_agent.model import Files, Host, Json

USUAL, OTHER_INFERENCE = "Claude", "Claude-3p"
"""The data folder's name, and its name where an organisation brings its own inference."""
PACKAGES = "Claude_*"
"""The package from Windows' own installer; its copy of the files is the only one that it reads."""
FAMILY = "Claude_pzs8sxrjxfjjc"
CONFIG = "claude_desktop_config.json"
DEBIAN = ("claude-desktop", "claude-desktop-unofficial")
DPKG = Path("/var/lib/dpkg")

SAID = re.compile(rb"appVersion[\"']?\s*[:=]\s*[\"']?(\d+(?:\.\d+)+)")
NUMBERED = re.compile(r"^(?:app-|Claude_)(\d+(?:\.\d+)+)")
BUNDLE = "CFBundleShortVersionString"


# Data folders


def folders(host: Host) -> tuple[Path, ...]:
    """Where its data may lie, the one that it reads first; the usual kind before that with other inference."""
    if host.platform == "darwin":
        support = host.home / "Library/Application Support"
        return support / USUAL, support / OTHER_INFERENCE
    if host.windows:
        local, roaming = windows_data(host)
        caches = [package / "LocalCache" for package in packages(host)]
        packaged = [cache / "Roaming" / USUAL for cache in caches]
        packaged += [cache / "Local" / OTHER_INFERENCE for cache in caches]
        return tuple(packaged) or (roaming / USUAL, local / OTHER_INFERENCE)
    named = host.env.get("XDG_CONFIG_HOME", "")
    config = Path(named) if Path(named).is_absolute() else host.home / ".config"
    return config / USUAL, config / OTHER_INFERENCE


def windows_data(host: Host) -> tuple[Path, Path]:
    """The folders AppData/Local and AppData/Roaming."""
    data = host.home / "AppData"
    return Path(host.env.get("LOCALAPPDATA") or data / "Local"), Path(host.env.get("APPDATA") or data / "Roaming")


def packages(host: Host) -> tuple[Path, ...]:
    """The package's folders on Windows, the vendor's own family first."""
    if not host.windows:
        return ()
    root = windows_data(host)[0] / "Packages"
    found = [name for name in host.names(root) if fnmatch(name, PACKAGES)]
    return tuple(root / name for name in sorted(found, key=lambda name: (name != FAMILY, name)))


def is_there(host: Host, path: Path) -> bool:
    return path.name in host.names(path.parent)


def standing(host: Host) -> tuple[Path, ...]:
    """The data folders that exist, the one that it reads first."""
    return tuple(folder for folder in folders(host) if is_there(host, folder))


def data_folder(host: Host) -> Path:
    """The one that it reads, or will read when it comes."""
    return next(iter((*standing(host), *folders(host))))


def unread(host: Host) -> tuple[Path, ...]:
    """The copy that people edit in vain where the package is installed."""
    classic = windows_data(host)[1] / USUAL / CONFIG
    return (classic,) if packages(host) else ()


# Programs


def programs(host: Host) -> tuple[str, ...]:
    """Its programs' paths as patterns (``*`` also matches slashes); another program of the name ``claude`` is none."""
    if host.platform == "darwin":
        roots = ("/Applications", f"{host.home}/Applications")
        return tuple(f"{root}/Claude.app/Contents/MacOS/Claude" for root in roots)
    if host.windows:
        return ("*/AnthropicClaude/app-*/claude.exe", "*/WindowsApps/Claude_*/claude.exe")
    trees = (
        "/usr/lib/claude-desktop*", "/opt/claude-desktop*", "/nix/store/*claude-desktop*", "/tmp/.mount_[Cc]laude*",  # noqa: S108 - where an AppImage shows itself
        f"{host.home}/*claude-desktop*",
    )  # fmt: skip
    return tuple(f"{root}/{name}" for root in trees for name in ("claude-desktop", "claude", "electron", "app.asar"))


def applications(host: Host) -> tuple[Path, ...]:
    """The application where its installers put it, if it is there."""
    if host.platform == "darwin":
        places = [Path("/Applications/Claude.app"), host.home / "Applications/Claude.app"]
    elif host.windows:
        places = [*packages(host), windows_data(host)[0] / "AnthropicClaude"]
    else:
        places = [Path("/usr/bin/claude-desktop"), *(Path("/usr/lib") / name for name in DEBIAN)]
    return tuple(place for place in places if is_there(host, place))


# Versions


def version_files(host: Host) -> frozenset[Path]:
    """The files that tell its version."""
    bundles = {place / "Contents/Info.plist" for place in applications(host) if place.suffix == ".app"}
    return frozenset({*bundles, *debian_files(host), log_file(host)})


def debian_files(host: Host) -> frozenset[Path]:
    """The list of Debian's packages, where Claude Desktop is one of them."""
    if host.platform in ("darwin", "win32"):
        return frozenset()
    lists = {f"{name}.list" for name in DEBIAN}
    return frozenset({DPKG / "status"} if lists & set(host.names(DPKG / "info")) else ())


def log_file(host: Host) -> Path:
    logs = host.home / "Library/Logs/Claude" if host.platform == "darwin" else data_folder(host) / "logs"
    return logs / "main.log"


def version(host: Host, files: Files) -> str:
    """What is installed; else what its log says has run last; empty where no file tells."""
    bundled = (bundle_version(files.get(place / "Contents/Info.plist")) for place in applications(host))
    said = SAID.findall(files.get(log_file(host)) or b"")
    told = [
        *bundled,
        newest(numbered(host)),
        debian_version(files.get(DPKG / "status")),
        *map(bytes.decode, said[-1:]),
    ]
    return next(filter(None, told), "")


def bundle_version(data: bytes | None) -> str:
    return str(property_list(data).get(BUNDLE, ""))


def property_list(data: bytes | None) -> Mapping[str, Json]:
    """A property list of macOS as data, in either form; empty where it is none."""
    try:
        found = plistlib.loads(data or b"")
    except (ValueError, ExpatError):
        return {}
    return found if isinstance(found, dict) else {}


def numbered(host: Host) -> Iterator[str]:
    """The versions that stand in the names of Windows' folders."""
    roots = (windows_data(host)[0] / "AnthropicClaude", Path("C:/Program Files/WindowsApps")) if host.windows else ()
    for name in (name for root in roots for name in host.names(root)):
        if found := NUMBERED.match(name):
            yield found.group(1)


def newest(versions: Iterator[str]) -> str:
    """The highest as a row of numbers: they are not what the usual scheme expects."""
    return max(versions, key=lambda version: tuple(map(int, version.split("."))), default="")


def debian_version(data: bytes | None) -> str:
    for paragraph in (data or b"").decode("utf-8", "replace").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if ": " in line and line[0] != " ")
        if fields.get("Package") in DEBIAN and fields.get("Status", "").endswith(" installed"):
            return fields.get("Version", "")
    return ""


# An administrator's settings


def settings(path: Path, data: bytes | None) -> Mapping[str, Json]:
    """A file of settings as data; one that cannot be read as such says nothing."""
    if path.suffix == ".plist":
        return property_list(data)
    try:
        found = json.loads(data or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
