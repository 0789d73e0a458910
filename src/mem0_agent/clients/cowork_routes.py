"""What else brings servers into Claude Desktop: extensions and the account's plugins. Read, never written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mem0_agent.clients import bundles, cowork_places
from mem0_agent.model import Registration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mem0_agent.model import Files, Host, Json

ID = "cowork"
MANIFESTS = (".claude-plugin/plugin.json",)
INSTALLED = "extensions-installations.json"
SESSIONS = "local-agent-mode-sessions"
SHARED = "skills-plugin"
"""A folder beside the accounts' that is none."""


def wants(host: Host, known: Files) -> frozenset[Path]:
    data = cowork_places.data_folder(host)
    extensions = {setting(data, name) for name, _ in installed(data, known)}
    accounts = manifests(host, data)
    plugins = (bundles.wants(root, MANIFESTS, known) for _, _, root in account_plugins(accounts, known))
    return frozenset({data / INSTALLED, *extensions, *accounts}).union(*plugins)


def registrations(host: Host, files: Files) -> Iterator[Registration]:
    data = cowork_places.data_folder(host)
    yield from extensions(data, files)
    for path, identity, root in account_plugins(manifests(host, data), files):
        names = {"CLAUDE_PLUGIN_ROOT": str(root)}
        for name, entry in bundles.servers(root, MANIFESTS, files).items():
            filled: Mapping[str, Json] = bundles.filled(dict(entry), names)
            yield Registration(ID, name, "account", path, ("plugins", identity, name), filled, plugin=identity)


# Extensions


def installed(data: Path, files: Files) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """The id and the manifest of each extension."""
    held = bundles.members(bundles.lenient(data / INSTALLED, files).get("extensions"))
    for name, row in held.items():
        yield name, bundles.members(bundles.members(row).get("manifest"))


def setting(data: Path, name: str) -> Path:
    """The switch of an extension; a name that is no plain name leads nowhere."""
    return data / "Claude Extensions Settings" / f"{name.replace('/', '_')}.json"


def extensions(data: Path, files: Files) -> Iterator[Registration]:
    for name, manifest in installed(data, files):
        server = bundles.members(manifest.get("server"))
        folder = {"__dirname": str(data / "Claude Extensions" / name)}
        entry: Mapping[str, Json] = bundles.filled(dict(bundles.members(server.get("mcp_config"))), folder)
        on = bundles.lenient(setting(data, name), files).get("isEnabled") is not False
        title = str(manifest.get("name") or name)
        yield Registration(ID, title, "extension", data / INSTALLED, ("extensions", name), entry, on)


# The account's plugins


def manifests(host: Host, data: Path) -> tuple[Path, ...]:
    """The list of plugins of each account and organisation that has been here."""
    root = data / SESSIONS
    accounts = [root / name for name in host.names(root) if name != SHARED]
    owners = [account / name for account in accounts for name in host.names(account)]
    return tuple(owner / "rpm/manifest.json" for owner in owners if "rpm" in host.names(owner))


def account_plugins(paths: tuple[Path, ...], files: Files) -> Iterator[tuple[Path, str, Path]]:
    """The list, the id ``name@marketplace`` and the folder of each plugin."""
    for path in paths:
        rows = bundles.lenient(path, files).get("plugins")
        for row in rows if isinstance(rows, list) else ():
            told = bundles.members(row)
            name, folder = str(told.get("name", "")), f"plugin_{told.get('id', '')}"
            if name and "/" not in folder:
                market = told.get("marketplaceName")
                yield path, f"{name}@{market}" if market else name, path.parent / folder


def used(host: Host, files: Files) -> bool:
    """Whether Cowork has run here. No sign is no proof: in the cloud it leaves none."""
    data = cowork_places.data_folder(host)
    root = data / SESSIONS
    there = set(host.names(data))
    sessions = any(host.names(root / name) for name in host.names(root) if name != SHARED)
    config = bundles.lenient(data / cowork_places.CONFIG, files)
    wishes = bundles.members(config.get("preferences"))
    told = "coworkUserFilesPath" in config or "coworkScheduledTasksEnabled" in wishes
    return sessions or told or bool({"vm_bundles", "cowork-enabled-cli-ops.json"} & there)
