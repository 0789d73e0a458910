"""Claude Desktop as an app: when its file may be written, what it has to be told, and what only people can do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mem0_agent.clients import cowork, cowork_places

if TYPE_CHECKING:
    from mem0_agent.model import Backend, Endpoint, Files, Finding, Host, Registration

APP = "Claude Desktop"
QUIT = "Quit Claude Desktop, beside the clock or in the menu bar too"

PROVED = (
    "Verification proves that the file is right and that the entry answers list_entities when started as Desktop would"
    " start it; it cannot prove that a Cowork session sees it."
)
REACH = (
    "MCP only: Cowork runs no hooks from this machine's files. A task in Anthropic's cloud reaches this entry at the"
    " most while Desktop is open here."
)
INSTEAD = (
    "For the web, mobile and Desktop closed, add Mem0 as a custom connector instead of this entry (both together show"
    " every tool twice):"
)
UPLOAD = (
    "1. Open Claude → Customize → Plugins → Add plugin → Upload plugin.",
    "2. Choose {bundle}",
)
NO_SERVER = "It brings the skills and no server."
CONNECT = "Then connect the memory itself:"
DIRECT = "The tools come with an entry in Desktop's own file: mem0-agent install --client cowork --mode direct"
HOOKS = (
    "Its hooks call this machine's launcher. They can work in Cowork tasks that run on this machine, and do nothing in"
    " Anthropic's cloud or on another machine; whether Cowork runs them is up to its version."
)
NO_HOOKS = "It has no hooks: on Windows nobody knows yet which shell would run them."
NO_KEY = "Without a stored key those hooks stay silent: add --store-key."
CONNECTOR = (
    "1. Open Claude → Customize → Connectors → + → Add custom connector.",
    "2. Name Mem0, URL https://mcp.mem0.ai/mcp, Add.",
    "3. Connect, and sign in to the Mem0 account that owns your key.",
    "4. In a new Cowork task ask: call list_entities from Mem0.",
    "Menus move; Mem0's own page: https://docs.mem0.ai/platform/mem0-mcp",
)
HERE_ONLY = "The memory is on this machine: nothing leads to it from Anthropic's cloud while Desktop is closed."
OWN_SERVER = "A custom connector is reached from Anthropic's cloud: it needs an address of your server that is public."
NO_CONNECTORS = "With an organisation's own inference Claude has no connectors of an account."
WSL = (
    "This is the Linux side of a Windows machine (WSL). Claude Desktop for Windows reads Windows' files only: run"
    " mem0-agent install --client cowork in PowerShell for that one."
)
WINDOWS = "Written by the rules for Windows, where nobody has tried it yet."
PACKAGED = (
    "Windows' package of Desktop may keep apart what its programs write: if memories stored there are missing"
    " elsewhere, use --backend platform."
)

programs = cowork_places.programs
key_file = cowork.key_file
bundle_file = cowork.bundle_file
plugin_ban = cowork.uploads


def server_ban(host: Host, files: Files, target: Registration, endpoint: Endpoint) -> Finding | None:
    """Nothing beyond its policy."""
    del host, files, target, endpoint
    return None


def hints(host: Host, files: Files) -> tuple[str, ...]:
    """None: no file on this machine tells which connectors an account has."""
    del host, files
    return ()


def remarks(host: Host, backend: Backend) -> tuple[str, ...]:
    """What goes with an entry in Desktop's file."""
    instead = (INSTEAD,) if connectable(host, backend) else ()
    apart = (PACKAGED,) if backend.kind == "local" and cowork_places.packages(host) else ()
    return (*side(host), *apart, PROVED, REACH, *instead, *connector(host, backend))


def steps(host: Host, backend: Backend, *, hooks: bool, key: bool) -> tuple[str, ...]:
    """What people do with the plugin, one step a line; ``key`` is whether our own file has one."""
    silent = (NO_KEY,) if backend.kind == "platform" and not key else ()
    about = ((HOOKS, *silent) if not host.windows else (NO_HOOKS,)) if hooks else ()
    upload = tuple(line.format(bundle=bundle_file(host)) for line in UPLOAD)
    further = (CONNECT,) if connectable(host, backend) else (DIRECT,)
    return (*side(host), *upload, NO_SERVER, *further, *connector(host, backend), *about)


def connectable(host: Host, backend: Backend) -> bool:
    """Whether a connector of the account could lead to this memory."""
    return backend.kind == "platform" and cowork_places.data_folder(host).name == cowork_places.USUAL


def connector(host: Host, backend: Backend) -> tuple[str, ...]:
    """How the memory is reached from Anthropic's cloud, if it can be."""
    if backend.kind == "platform":
        return CONNECTOR if connectable(host, backend) else (NO_CONNECTORS,)
    return (HERE_ONLY,) if backend.kind == "local" else (OWN_SERVER,)


def side(host: Host) -> tuple[str, ...]:
    """Which side of the machine was set up, where it has several."""
    if host.windows:
        return (WINDOWS,)
    return (WSL,) if host.env.get("WSL_DISTRO_NAME") or "WSL" in host.names(Path("/run")) else ()
