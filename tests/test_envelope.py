"""The JSON shape, from values."""

from __future__ import annotations

import json
from pathlib import Path

from mem0_agent.model import (
    Backend,
    Change,
    ClientPlan,
    ClientResult,
    Exit,
    Finding,
    Presence,
    Report,
    UserError,
    Verification,
)  # fmt: skip
from mem0_agent.showing.envelope import envelope

BLOCK = Finding("policy.blocked", "error", "title", "detail", "fix", "codex", Path("/etc/x"))
PLAN = ClientPlan("codex", Presence(True, "1.2.3"), "user", "direct", None, ("note",), BLOCK)
CHANGE = Change(Path("/a"), None, b"x", "why", "codex")


def test_everything_a_report_holds_is_in_it() -> None:
    error = UserError("config.invalid", "what", hint="next", path=Path("/a"), line=3, column=7)
    result = ClientResult(PLAN, (CHANGE,), Verification("failed", "why", 3, 12, "refused"), ("after",))
    own = Change(Path("/own"), b"x", None, "ours")
    data = envelope(
        Report("install", Exit.FAILED, Backend("platform", "https://x"), True, Path("/r"), (result,), (CHANGE, own), (Path("/gone"),),
               ("left",), (), error)
    )  # fmt: skip
    json.dumps(data)
    assert (data["ok"], data["exit_code"], data["dry_run"]) == (False, 1, True)
    assert data["error"] == {
        "code": "config.invalid", "message": "what", "hint": "next", "path": "/a", "line": 3, "column": 7,
    }  # fmt: skip
    assert data["data"]["backend"] == {"kind": "platform", "url": "https://x"}
    assert data["data"]["receipt"] == "/r"
    assert data["data"]["own_changes"] == [{"path": "/own", "action": "delete", "reason": "ours"}]
    assert (data["data"]["removed"], data["data"]["leaves"]) == (["/gone"], ["left"])
    (client,) = data["data"]["clients"]
    assert (client["client"], client["detected"], client["version"]) == ("codex", True, "1.2.3")
    assert client["changes"] == [{"path": "/a", "action": "create", "reason": "why"}]
    assert client["verification"] == {"status": "failed", "detail": "why", "entities": 3, "elapsed_ms": 12}
    assert client["notes"] == ["note", "after"]
    assert client["blocked"]["id"] == "policy.blocked"


def test_findings() -> None:
    data = envelope(Report("doctor", Exit.DONE, clients=(ClientResult(PLAN),), findings=(BLOCK,)))
    assert data["data"]["clients"] == [{"client": "codex", "detected": True, "version": "1.2.3"}]
    assert data["data"]["findings"] == [
        {"id": "policy.blocked", "client": "codex", "severity": "error", "title": "title", "detail": "detail", "fix": "fix",
         "path": "/etc/x"}
    ]  # fmt: skip
    assert data["error"] is None


def test_what_an_error_adds_does_not_displace_its_keys() -> None:
    error = UserError("code", "what", data={"duplicates": [1]})
    fault = envelope(Report("install", Exit.REFUSED, error=error))["error"]
    assert (fault["code"], fault["message"], fault["path"], fault["duplicates"]) == ("code", "what", None, [1])
