"""The one JSON shape that every command answers with, errors included. Its keys are a contract: add, never rename."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mem0_agent import __version__

if TYPE_CHECKING:
    from mem0_agent.model import Backend, Change, ClientResult, Finding, Json, Report, UserError, Verification

SCHEMA = 1


def envelope(report: Report) -> dict[str, Json]:
    return {
        "schema": SCHEMA,
        "command": report.command,
        "version": __version__,
        "ok": report.exit_code == 0,
        "exit_code": int(report.exit_code),
        "dry_run": report.dry_run,
        "data": doctor_data(report) if report.command == "doctor" else change_data(report),
        "error": fault(report.error) if report.error else None,
    }


def fault(error: UserError) -> dict[str, Json]:
    return {
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "path": str(error.path) if error.path else None,
        "line": error.line,
        "column": error.column,
        **error.data,
    }


def change_data(report: Report) -> dict[str, Json]:
    return {
        "backend": place(report.backend) if report.backend else None,
        "receipt": str(report.receipt) if report.receipt else None,
        "clients": [client(report, result) for result in report.clients],
        "own_changes": [changed(change) for change in report.changes if not change.client],
        "removed": [str(path) for path in report.removed],
        "leaves": list(report.leaves),
    }


def place(backend: Backend) -> dict[str, Json]:
    return {"kind": backend.kind, "url": backend.url or None}


def client(report: Report, result: ClientResult) -> dict[str, Json]:
    part = result.plan
    return {
        **seen(result),
        "mode": part.mode,
        "scope": part.scope,
        "changes": [changed(change) for change in result.changes],
        "commands": list(part.commands),
        "verification": verified(result.verification),
        "hooks": {"installed": bool(part.hooks) and not report.dry_run, "trust": result.trust},
        "skills": list(part.skills),
        "notes": [*part.notes, *result.notes],
        "blocked": found(part.blocked) if part.blocked else None,
    }


def seen(result: ClientResult) -> dict[str, Json]:
    presence = result.plan.presence
    return {"client": result.plan.client, "detected": presence.detected, "version": presence.version or None}


def changed(change: Change) -> dict[str, Json]:
    return {"path": str(change.path), "action": change.action, "reason": change.reason}


def verified(verification: Verification | None) -> dict[str, Json]:
    if verification is None:
        return {"status": "skipped", "detail": "", "entities": None, "elapsed_ms": None}
    return {
        "status": verification.status,
        "detail": verification.detail,
        "entities": verification.entities,
        "elapsed_ms": verification.elapsed_ms,
    }


def doctor_data(report: Report) -> dict[str, Json]:
    return {
        "clients": [seen(result) for result in report.clients],
        "findings": [found(finding) for finding in report.findings],
    }


def found(finding: Finding) -> dict[str, Json]:
    return {
        "id": finding.id,
        "client": finding.client,
        "severity": finding.severity,
        "title": finding.title,
        "detail": finding.detail,
        "fix": finding.fix,
        "path": str(finding.path) if finding.path else None,
    }
