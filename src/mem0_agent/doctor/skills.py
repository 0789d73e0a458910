"""Whether the skills are there and can be read."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from mem0_agent.clients import CLIENTS, shop
from mem0_agent.doctor.lines import install
from mem0_agent.model import Finding
from mem0_agent.planning import skills

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mem0_agent.contract import Client
    from mem0_agent.doctor.case import Case


def by_plugin(case: Case, client: Client) -> bool:
    """Whether our own plugin brings them."""
    held = client.registrations(case.host, case.project, case.files)
    return any(registration.live and registration.plugin == shop.IDENTITY for registration in held)


def findings(case: Case, client: Client) -> Iterator[Finding]:
    want = skills.wanted(case.host, client.ID, "user", case.project, case.kit)
    if not want or by_plugin(case, client) or case.has_theirs(client.ID):
        return
    missing_ones = dict.fromkeys(item.skill for item in want if case.files.get(item.path) is None)
    for path, fault in skills.faults(case.files, want).items():
        yield Finding(
            "skills.invalid",
            "warning",
            f"{client.TITLE} cannot read the skill {path.parent.name}",
            f"{path} {fault}",
            f"rm {shlex.quote(str(path))} && {install(case, client)}",
            client.ID,
            path,
        )
    if missing_ones:
        yield Finding(
            "skills.missing",
            "warning",
            f"Skills are missing in {client.TITLE}",
            ", ".join(missing_ones),
            install(case, client),
            client.ID,
        )
        return
    theirs = skills.edited(case.files, case.receipt, want)
    detail = f"{len(theirs)} files are not as we wrote them and stay so." if theirs else ""
    names = ", ".join(dict.fromkeys(item.skill for item in want))
    yield Finding("skills.ok", "ok", f"{CLIENTS[client.ID].TITLE} has the skills {names}", detail, "", client.ID)
