"""The nouns that every other module speaks in. Values only: nothing here reads or writes anything."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Json: TypeAlias = Any  # None, bool, int, float, str, list, dict[str, Json]; a recursive alias helps nobody here
Files: TypeAlias = Mapping[Path, bytes | None]
"""What was read: the bytes of each path, None where there is no file."""

Scope: TypeAlias = Literal["user", "project", "local"]
Severity: TypeAlias = Literal["ok", "info", "warning", "error"]
BackendKind: TypeAlias = Literal["local", "platform", "self-hosted"]

NAME = "mem0"
"""The name under which every client knows the server."""

PLATFORM_URL = "https://mcp.mem0.ai/mcp/"
KEY_VARIABLE = "MEM0_API_KEY"

TOOLS = frozenset({
    "add_memory", "search_memories", "get_memories", "get_memory", "update_memory",
    "delete_memory", "delete_all_memories", "delete_entities", "list_entities",
})  # fmt: skip
"""The nine tools that every Mem0 server has; some have more."""


class Exit(enum.IntEnum):
    """The exit codes, as README lists them."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    BUG = 3
    REFUSED = 4
    NOT_VERIFIED = 5
    INTERRUPTED = 130


class UserError(Exception):
    """The one error that people see: what happened, where, and what to do next."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str = "",
        path: Path | None = None,
        line: int | None = None,
        column: int | None = None,
        exit_code: Exit = Exit.FAILED,
        data: Mapping[str, Json] | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint
        self.path, self.line, self.column = path, line, column
        self.exit_code = exit_code
        self.data = data or {}

    @property
    def place(self) -> str:
        """``file:line:column`` as far as known, else an empty string."""
        parts = [str(self.path)] if self.path else []
        parts += [str(n) for n in (self.line, self.column) if n is not None and parts]
        return ":".join(parts)


# This machine


@dataclass(frozen=True, slots=True)
class Dirs:
    """Where our own state lives."""

    config: Path
    data: Path
    state: Path


@dataclass(frozen=True, slots=True)
class Host:
    """This machine as a value, so that three operating systems can be tested on one.

    ``platform`` is ``sys.platform``; ``which`` finds a program on PATH or answers None; ``names`` lists what is in a
    folder, nothing where there is none; ``python`` is the interpreter that outlives this one's virtual environment;
    ``registry`` is what Windows' registry holds of administrators' settings, values by their key.
    """

    home: Path
    cwd: Path
    platform: str
    env: Mapping[str, str]
    user: str
    dirs: Dirs
    python: Path
    which: Callable[[str], Path | None] = field(compare=False)
    names: Callable[[Path], tuple[str, ...]] = field(compare=False, default=lambda _: ())
    registry: Mapping[str, Mapping[str, Json]] = field(compare=False, default_factory=dict)

    @property
    def windows(self) -> bool:
        return self.platform == "win32"

    @property
    def launcher(self) -> Path:
        """What clients start and hooks call. This path never changes: a trusted command string holds it."""
        name = "mem0-memory.cmd" if self.windows else "mem0-memory"
        return self.dirs.data / "bin" / name


# What is asked of a memory


@dataclass(frozen=True, slots=True)
class Backend:
    """The memory that clients are connected to. ``url`` is empty for the local one."""

    kind: BackendKind
    url: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How one client reaches one server, with every variable filled in as that client would fill it.

    Either ``url`` (streamable HTTP, with ``headers``) or ``command`` (stdio, argv with its whole ``env``).
    ``unset`` names variables that the entry refers to and that the client's environment lacks.
    """

    url: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    command: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    cwd: str = ""
    unset: tuple[str, ...] = ()


OutcomeKind: TypeAlias = Literal[
    "ok", "key-unset", "key-rejected", "rate-limited", "dns", "refused", "timeout", "tls", "insecure",
    "redirected", "server-error", "not-mcp", "tools-missing", "tool-error", "not-started",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of calling list_entities through an Endpoint.

    ``detail`` is one sentence for people, without the key. ``entities`` counts what list_entities returned.
    """

    kind: OutcomeKind
    detail: str
    entities: int | None = None
    elapsed_ms: int = 0
    server: str = ""
    status: int | None = None

    @property
    def ok(self) -> bool:
        return self.kind == "ok"


# What is done to files

EditOp: TypeAlias = Literal["put", "drop", "add", "take"]


@dataclass(frozen=True, slots=True)
class Edit:
    """One thing done to a document, small enough to be undone when the rest of the file has moved on.

    ``keys`` is the path of member names from the root.
    put: the member at ``keys`` becomes ``value``; missing parents are made.
    drop: the member at ``keys`` goes.
    add: ``value`` is appended to the array at ``keys``, which is made where it is missing.
    take: the first element equal to ``value`` leaves the array at ``keys``.
    ``was`` is what put or drop displaced (None where nothing stood there); ``made`` counts the parents (and,
    for add, the array) that did not exist before, so that undo can take them away again when they are empty.
    """

    op: EditOp
    keys: tuple[str, ...]
    value: Json = None
    was: Json = None
    made: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """One file, from the exact bytes read to the exact bytes to write; None is no file.

    With ``edits`` the file belongs to somebody else and only those edits are ours; without, the whole file is.
    ``mode`` is for files that do not exist yet; ``private`` makes an existing one 0600 before the new bytes stand in it
    (it is about to hold a key). ``lock`` is the directory that the owner of the file takes as a lock.
    ``durable`` is False for what a re-run puts back anyway: it need not outlast a power cut.
    """

    path: Path
    before: bytes | None
    after: bytes | None
    reason: str
    client: str = ""
    edits: tuple[Edit, ...] = ()
    mode: int = 0o600
    lock: Path | None = None
    private: bool = False
    scope: Scope = "user"
    durable: bool = True

    @property
    def action(self) -> Literal["create", "modify", "delete"]:
        if self.before is None:
            return "create"
        return "delete" if self.after is None else "modify"


@dataclass(frozen=True, slots=True)
class Record:
    """What the receipt keeps of one path, for the way back.

    ``baseline`` is the SHA-256 of the bytes before our first touch (None: no file), kept as a backup of that name;
    ``result`` that of the bytes we wrote last (None: we deleted it). ``folders`` were made by us, outermost first.
    ``mode`` is the permission bits of the baseline where we had to tighten them, else None.
    """

    path: Path
    client: str
    baseline: str | None
    result: str | None
    edits: tuple[Edit, ...] = ()
    folders: tuple[Path, ...] = ()
    mode: int | None = None
    scope: Scope = "user"


@dataclass(frozen=True, slots=True)
class Offer:
    """A plugin as a marketplace offers it. ``source`` is what clients fetch that marketplace from.

    ``known``: the client had the marketplace before we came, so that it stays when the plugin goes.
    """

    market: str
    plugin: str
    source: str
    known: bool = False

    @property
    def identity(self) -> str:
        """How clients name the plugin."""
        return f"{self.plugin}@{self.market}"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The undo journal of everything that stands installed. ``plugins`` are those of other marketplaces, by client."""

    backend: Backend
    records: Mapping[Path, Record]
    clients: tuple[str, ...] = ()
    version: str = ""
    plugins: Mapping[str, Offer] = field(default_factory=dict)


def digest(data: bytes) -> str:
    """The SHA-256 of ``data`` in hexadecimal: the name of a backup."""
    return hashlib.sha256(data).hexdigest()


# What a client holds


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether a client is on this machine, and what says so. ``version`` is empty where no file tells it."""

    detected: bool
    version: str = ""
    program: Path | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Registration:
    """One MCP server as one client's configuration holds it.

    ``scope`` is the client's own word (user, local, project, profile …). ``keys`` is where ``entry`` stands in the
    document at ``path``. ``live`` is False for places that the client never reads and for switched-off entries.
    ``plugin`` is the id (``name@marketplace``) of the plugin that brings it.
    """

    client: str
    name: str
    scope: str
    path: Path
    keys: tuple[str, ...]
    entry: Mapping[str, Json]
    live: bool = True
    project: Path | None = None
    plugin: str = ""


@dataclass(frozen=True, slots=True)
class Hook:
    """One event that we ask a client to call us at; ``timeout`` in whole seconds, ``matcher`` in the client's words."""

    event: str
    timeout: int
    matcher: str | None = None


@dataclass(frozen=True, slots=True)
class Handler:
    """One hook as it stands in a file: handler number ``index`` of group number ``group`` of ``event``."""

    client: str
    scope: str
    path: Path
    event: str
    group: int
    index: int
    entry: Mapping[str, Json]
    holder: Mapping[str, Json]

    @property
    def command(self) -> str:
        return str(self.entry.get("command", ""))


Trust: TypeAlias = Literal["not-needed", "trusted", "awaiting", "modified"]


@dataclass(frozen=True, slots=True)
class Kit:
    """What we hand out, as bytes: the memory wing by path, the template of our settings, the skills by path."""

    wing: Mapping[str, bytes]
    config: bytes
    skills: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class ClientPlan:
    """What is about to happen to one client; nothing where ``blocked`` says what forbids it.

    ``entry`` is the registration to be there (None without one), ``hooks`` are the events that will call us, ``skills``
    the names of those that will be there. ``commands`` are the client's own, which do what no edit of a file does.
    """

    client: str
    presence: Presence
    scope: Scope
    mode: Literal["direct", "plugin"]
    entry: Registration | None
    notes: tuple[str, ...] = ()
    blocked: Finding | None = None
    hooks: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it, before any of it: one Change a path."""

    backend: Backend
    clients: tuple[ClientPlan, ...]
    changes: tuple[Change, ...]
    leaves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One true sentence about this machine. Every warning and error carries a ``fix`` that a person can paste."""

    id: str
    severity: Severity
    title: str
    detail: str = ""
    fix: str = ""
    client: str | None = None
    path: Path | None = None


# What came of it


@dataclass(frozen=True, slots=True)
class Verification:
    """What list_entities said through what a client will read; ``elapsed_ms`` in milliseconds."""

    status: Literal["ok", "failed", "skipped"]
    detail: str
    entities: int | None = None
    elapsed_ms: int | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class ClientResult:
    """One client at the end of a command."""

    plan: ClientPlan
    changes: tuple[Change, ...] = ()
    verification: Verification | None = None
    notes: tuple[str, ...] = ()
    trust: Trust = "not-needed"


@dataclass(frozen=True, slots=True)
class Report:
    """What a command has to say at its end; ``render`` turns it into words or JSON.

    ``changes`` are all of them, ours included; ``leaves`` are sentences about what stays behind.
    """

    command: Literal["install", "uninstall", "doctor"]
    exit_code: Exit
    backend: Backend | None = None
    dry_run: bool = False
    receipt: Path | None = None
    clients: tuple[ClientResult, ...] = ()
    changes: tuple[Change, ...] = ()
    removed: tuple[Path, ...] = ()
    leaves: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    error: UserError | None = None
