"""What the hooks leave for doctor and for people: a small record per client and event, a bounded log."""
# pathlib takes longer to import than this wing may take to start
# ruff: noqa: PTH103, PTH105, PTH108, PTH118, PTH120, PTH123, PTH208

from __future__ import annotations

import json
import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LOG_BYTES = 256_000
ERROR_CHARACTERS = 300


def note(state_dir: str, client: str, event: str, milliseconds: float, error: str = "") -> None:
    """Count one run of ``event``: {"client", "event", "last", "ms", "count", "failures", "error", "failed"}.

    ``last`` and ``failed`` are seconds since 1970, ``error`` is that of the last failure. Of two at once
    one may be lost.
    """
    path = os.path.join(state_dir, "hooks", f"{client}.{event}.json")
    now = time.time()
    record = document(path)
    record.update(client=client, event=event, last=round(now, 3), ms=round(milliseconds, 1))
    record["count"] = whole(record.get("count")) + 1
    record["failures"] = whole(record.get("failures")) + bool(error)
    if error:
        record.update(error=bounded(error), failed=round(now, 3))
    save(path, record)


def notes(state_dir: str) -> list[dict[str, Any]]:
    """Every record, by client and event; broken ones are left out."""
    folder = os.path.join(state_dir, "hooks")
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".json"))
    except OSError:
        return []
    return [found for name in names if (found := document(os.path.join(folder, name))).get("event")]


def log(state_dir: str, message: str) -> None:
    """Append one bounded line without secrets to ``hook.log`` (0600), which starts anew at 256 kB."""
    path = os.path.join(state_dir, "hook.log")
    line = f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {bounded(message)}\n"
    try:
        os.makedirs(state_dir, 0o700, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, line.encode())
            full = os.fstat(handle).st_size > LOG_BYTES
        finally:
            os.close(handle)
        if full:
            os.replace(path, f"{path}.1")
    except OSError:
        return


def bounded(message: str) -> str:
    """``message`` on one short line, its secrets taken out first."""
    from mem0_agent.memory.redact import line, redact

    return line(redact(message[:20_000]), ERROR_CHARACTERS)


def document(path: str) -> dict[str, Any]:
    """Answer the JSON object in a file; an empty one where it is missing or broken."""
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read(1_000_000))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def save(path: str, value: dict[str, Any]) -> bool:
    """Write a JSON object as a whole or not at all (0600, folder 0700); False if it cannot be."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(json.dumps(value, separators=(",", ":")).encode())
        os.replace(temporary, path)
    except OSError:
        discard(temporary)
        return False
    return True


def discard(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return


def whole(value: object) -> int:
    return value if isinstance(value, int) else 0
