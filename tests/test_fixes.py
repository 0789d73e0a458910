"""Every finding that doctor has, made to happen, with a fix that can be pasted; pasting it cures what it can cure."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from mem0_agent.clients import codex_hooks
from mem0_agent.memory import journal
from mem0_agent.model import PLATFORM_URL
from tests.memory.hooks.rest import Rest
from tests.servers import Behaviour, hang, html, serving
from tests.terminal import paste
from tests.test_doctor import KEY, a_folder, edit_claude, exposed, in_project, local_twin, switched_off, twin
from tests.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path

    from tests.machine import Machine

IDS = (
    "client.present", "client.absent", "config.invalid", "config.unreadable",
    "registration.ok", "registration.missing", "registration.lost", "registration.duplicate", "registration.shadowed",
    "registration.edited", "registration.dead", "key.unset", "key.rejected", "key.exposed",
    "server.ok", "server.unreachable", "server.timeout", "server.tls", "server.rate-limited", "server.not-mcp",
    "server.tools-missing", "server.tool-error", "policy.blocked", "project.pending-approval", "project.untrusted",
    "hooks.ok", "hooks.missing", "hooks.disabled", "hooks.untrusted", "hooks.modified", "hooks.broken", "hooks.slow",
    "hooks.duplicated", "hooks.legacy", "hooks.never-fired", "skills.ok", "skills.missing", "skills.invalid",
    "plugin.ok", "plugin.broken", "plugin.disabled", "plugin.outdated", "runtime.missing", "runtime.outdated",
    "identity.mismatch", "memory.ok", "memory.unwritable", "memory.network-filesystem", "restart.needed",
)  # fmt: skip
"""Every id that doctor may answer with: people script against them."""
PROGRAMS = frozenset({
    "mem0-agent", "MEM0_API_KEY=", "claude", "codex", "cd", "chmod", "export", "ls", "mv", "rm", "sudo", "tail",
    "${EDITOR:-vi}",
})  # fmt: skip
BY_VALUE = frozenset({"memory.network-filesystem"})
"""What no test machine can be made to have: judged from values in test_examination."""
BARE = ("--skip", "hooks", "--skip", "skills")
LOCAL = (*BARE, "--backend", "local")

Env = Mapping[str, str | None]


@dataclass(frozen=True)
class Stage:
    """A machine on which one thing is wrong. ``env`` is doctor's; ``helpers`` are what goes on meanwhile."""

    here: Machine
    client: str
    helpers: ExitStack
    env: dict[str, str | None] = field(default_factory=dict)
    behaviour: Behaviour = field(default_factory=Behaviour)

    def install(self, *words: str) -> None:
        done = self.here.run("install", "--client", self.client, "--yes", *words, env=self.env)
        assert done.code == 0, done.all

    def found(self, name: str, *words: str) -> list[dict[str, Any]]:
        told = self.here.ask("doctor", "--client", self.client, *words, env=self.env)
        return [finding for finding in told["data"]["findings"] if finding["id"] == name]

    def platform(self, env: Env | None = None, **behaviour: Any) -> None:
        """A platform on loopback, and a client that is registered with it."""
        self.env.update(env or {"MEM0_API_KEY": KEY})
        vars(self.behaviour).update({"key": KEY, **behaviour})
        server = self.helpers.enter_context(serving(self.behaviour))
        self.install(*BARE, "--backend", "platform", "--url", server.url, "--no-verify")

    def stranger(self, **behaviour: Any) -> None:
        """Somebody's own entry that calls itself mem0."""
        vars(self.behaviour).update(behaviour)
        url = self.helpers.enter_context(serving(self.behaviour)).url
        write_tree(self.here.home, {".claude.json": json.dumps({"mcpServers": {"mem0": {"type": "http", "url": url}}})})

    def editor(self, text: str | None) -> str:
        """An editor in which somebody corrects the one file that he is given: it holds ``text`` then."""
        (self.here.root / "corrected").write_text(text or "", "utf-8")
        program = self.here.bin / "edit"
        program.write_text(f'#!/bin/sh\ncp "{self.here.root}/corrected" "$1"\n', "utf-8")
        program.chmod(0o755)
        return str(program)


@dataclass(frozen=True)
class Case:
    """How ``id`` comes about; ``cure`` says whether its fix ends it when it is pasted as it stands.

    ``first`` is what somebody else has to do before, ``typed`` is what the fix asks for, ``corrected`` what people
    leave in the file that the fix opens, ``words`` are doctor's.
    """

    id: str
    arrange: Callable[[Stage], object]
    client: str = "claude-code"
    cure: bool = False
    first: Callable[[Stage], object] = lambda _: None
    typed: str = ""
    corrected: str | None = None
    words: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        how = getattr(self.arrange, "func", self.arrange)
        return f"{self.id}: {how.__name__.replace('_', ' ')}"


def damaged(damage: Callable[[Machine], object], *words: str) -> Callable[[Stage], object]:
    def arrange(stage: Stage) -> None:
        stage.install(*(words or LOCAL))
        damage(stage.here)

    arrange.__name__ = damage.__name__
    return arrange


def well(stage: Stage) -> None:
    stage.install("--backend", "local")


def bare(stage: Stage) -> None:
    stage.install(*LOCAL)


def nothing(stage: Stage) -> None:
    pass


def only_the_program(stage: Stage) -> None:
    stage.here.program("claude", "2.1.330 (Claude Code)")


# Configuration


def broken_json(here: Machine) -> None:
    here.claude.write_text('{"mcpServers": {},\n "a": }', "utf-8")


def servers_in_a_list(here: Machine) -> None:
    here.claude.write_text('{"mcpServers": []}', "utf-8")


def broken_receipt(here: Machine) -> None:
    (here.dirs.state / "receipt.json").write_text("{", "utf-8")


# Registrations


def taken_out(here: Machine) -> None:
    edit_claude(here, lambda held: held["mcpServers"].clear())


def with_a_timeout(here: Machine) -> None:
    edit_claude(here, lambda held: held["mcpServers"]["mem0"].update(timeout=9))


def another_user(here: Machine) -> None:
    edit_claude(here, lambda held: held["mcpServers"]["mem0"].update(env={"MEM0_USER_ID": "somebody"}))


def same_address_under_another_name(stage: Stage) -> None:
    """Our own server leads to a memory of one's own, and an entry of another name leads there directly."""
    server = Rest()
    stage.helpers.callback(server.close)
    stage.install(*BARE, "--backend", "self-hosted", "--url", server.url)
    entry = {"type": "http", "url": f"{server.url}/mcp"}
    edit_claude(stage.here, lambda held: held["mcpServers"].update(mine=entry))


def plugin_beside(here: Machine) -> None:
    installed_plugin(here, on=True)


def installed_plugin(here: Machine, *, on: bool) -> None:
    root = here.home / ".claude/plugins/cache/tools/mem0/1"
    entry = {"command": str(here.root / "nothing"), "args": ["https://mcp.mem0.ai/mcp"]}
    write_tree(root, {".claude-plugin/plugin.json": '{"name": "mem0"}', ".mcp.json": json.dumps({"mem0": entry})})
    rows = {"plugins": {"mem0@tools": [{"scope": "user", "installPath": str(root)}]}}
    write_tree(here.home / ".claude", {"plugins/installed_plugins.json": json.dumps(rows)})
    settings = {"enabledPlugins": {"mem0@tools": on}}
    write_tree(here.home / ".claude", {"settings.json": json.dumps(settings)})


# Servers


def refused(stage: Stage) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/mcp"
    stage.env["MEM0_API_KEY"] = KEY
    stage.install(*BARE, "--backend", "platform", "--url", url, "--no-verify")


def unset(stage: Stage) -> None:
    stage.platform({"MEM0_API_KEY": None})


def wrong_key(stage: Stage) -> None:
    stage.platform({"MEM0_API_KEY": "m0-another"})


def in_trouble(stage: Stage, **behaviour: Any) -> None:
    stage.platform(**behaviour)


def strange_server(stage: Stage, **behaviour: Any) -> None:
    stage.stranger(**behaviour)


def self_signed(stage: Stage) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("nothing here makes a certificate")
    place = stage.here.root
    words = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=fake", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(place / "key.pem"), "-out", str(place / "ca.pem")]
    subprocess.run(["openssl", "req", *words, *names, *files], check=True, capture_output=True, timeout=60)
    server = stage.helpers.enter_context(serving(stage.behaviour, (place / "ca.pem", place / "key.pem")))
    stage.env["MEM0_API_KEY"] = KEY
    stage.install(*BARE, "--backend", "platform", "--url", server.url, "--no-verify")


def calm(stage: Stage) -> None:
    """The server is itself again."""
    stage.behaviour.answers.clear()
    stage.behaviour.is_error = False


# What holds back


def denied_by_oneself(here: Machine) -> None:
    write_tree(here.home, {".claude/settings.json": '{"deniedMcpServers": [{"serverName": "mem0"}]}'})


def project_of_codex(stage: Stage) -> None:
    stage.here.program("codex", "codex-cli 0.169.0")
    text = f'[mcp_servers.mem0]\ncommand = "{stage.here.launcher}"\nargs = ["serve"]\n'
    write_tree(stage.here.work, {".codex/config.toml": text})


# Hooks


def hooks_off(here: Machine) -> None:
    change_settings(here, lambda held: held.update(disableAllHooks=True))


def features_off(here: Machine) -> None:
    here.codex.write_text(here.codex.read_text("utf-8") + "\n[features]\nhooks = false\n", "utf-8")


def change_settings(here: Machine, change: Callable[[dict[str, Any]], object]) -> None:
    path = here.home / ".claude/settings.json"
    held = json.loads(path.read_bytes()) if path.exists() else {}
    change(held)
    write_tree(path.parent, {path.name: json.dumps(held)})


def called_twice(here: Machine) -> None:
    change_settings(here, lambda held: held["hooks"]["Stop"].extend(held["hooks"]["Stop"][-1:] * 2))


def called_twice_in_a_group(here: Machine) -> None:
    change_settings(here, lambda held: held["hooks"]["Stop"][-1]["hooks"].extend(held["hooks"]["Stop"][-1]["hooks"]))


def codex_twice(here: Machine) -> None:
    path = here.codex.with_name("hooks.json")
    held = json.loads(path.read_bytes())
    held["hooks"]["Stop"] += held["hooks"]["Stop"][-1:]
    path.write_text(json.dumps(held), "utf-8")


def of_the_former_plugin(here: Machine) -> None:
    line = f"python3 {here.home}/mem0-plugin/scripts/capture.py"
    group = {"hooks": [{"type": "command", "command": line}]}
    change_settings(here, lambda held: held["hooks"]["Stop"].append(group))


def launcher_that_fails(here: Machine) -> None:
    here.launcher.write_text("#!/bin/sh\nexit 3\n", "utf-8")


def void_settings(here: Machine) -> None:
    change_settings(here, lambda held: held["hooks"].update(Stop={}))


def trusted_before_a_change(here: Machine) -> None:
    path = here.codex.with_name("hooks.json")
    name = codex_hooks.key(path, "Stop", 0, 0)
    text = f'\n[hooks.state.{json.dumps(name)}]\ntrusted_hash = "sha256:{"0" * 64}"\n'
    here.codex.write_text(here.codex.read_text("utf-8") + text, "utf-8")


def slow(here: Machine) -> None:
    journal.note(str(here.dirs.state), "claude-code", "UserPromptSubmit", 9000.0)
    journal.log(str(here.dirs.state), "claude-code UserPromptSubmit: slow")


def used_without_a_hook(here: Machine) -> None:
    write_tree(here.home, {".claude/history.jsonl": "{}\n"})
    os.utime(here.home / ".claude/history.jsonl", (2**31 - 2, 2**31 - 2))


# Skills, plugins


def skill(here: Machine) -> Path:
    return here.home / ".claude/skills/mem0-memory/SKILL.md"


def skill_gone(here: Machine) -> None:
    skill(here).unlink()


def skill_without_a_head(here: Machine) -> None:
    skill(here).write_text("# No front matter\n", "utf-8")


def packed(stage: Stage) -> None:
    write_tree(stage.here.home, {".config/Claude/claude_desktop_config.json": "{}"})
    stage.install("--mode", "plugin")


def packed_and_lost(stage: Stage) -> None:
    packed(stage)
    (stage.here.dirs.data / "cowork/mem0-plugin.zip").unlink()


def plugin_off(here: Machine) -> None:
    installed_plugin(here, on=False)


def plugin_of_before(stage: Stage) -> None:
    """Codex reads a copy of our plugin that is older than what lies in our folder."""
    here, entry = stage.here, {"mem0": {"command": "x"}}
    old, new = ({"name": "mem0-agent", "version": word, "mcpServers": entry} for word in ("0.0.1", "0.0.2"))
    name = ".codex-plugin/plugin.json"
    write_tree(here.codex.parent / "plugins/cache/mem0-agent/mem0-agent/0.0.1", {name: json.dumps(old)})
    write_tree(here.dirs.data / "marketplace/mem0-agent", {name: json.dumps(new)})
    write_tree(here.codex.parent, {"config.toml": '[plugins."mem0-agent@mem0-agent"]\nenabled = true\n'})


# Our own


def launcher_gone(here: Machine) -> None:
    here.launcher.unlink()


def launcher_of_before(here: Machine) -> None:
    here.launcher.write_text(here.launcher.read_text("utf-8") + "# of before\n", "utf-8")


def wing_gone(here: Machine) -> None:
    shutil.rmtree(here.dirs.data / "runtime")


def memory_of_text(here: Machine) -> None:
    write_tree(here.dirs.data, {"memory.db": "no database at all\n" * 100})


def memory_closed(here: Machine) -> None:
    if os.geteuid() == 0:
        pytest.skip("nothing is closed to root")
    write_tree(here.dirs.data, {"memory.db": ""})
    (here.dirs.data / "memory.db").chmod(0o400)


def running_since_before(stage: Stage) -> None:
    here = stage.here
    program = here.bin / "claude"
    shutil.copy(os.path.realpath(shutil.which("sleep") or "/bin/sleep"), program)
    process = subprocess.Popen([program, "60"], env=here.environment())
    stage.helpers.callback(process.wait)
    stage.helpers.callback(process.kill)
    stage.install(*LOCAL)
    os.utime(here.claude, (2**31 - 2, 2**31 - 2))


answering = partial(partial, in_trouble)
pretending = partial(partial, strange_server)
CASES = (
    Case("client.present", well),
    Case("client.absent", nothing),
    Case("config.invalid", damaged(broken_json), cure=True, corrected='{"mcpServers": {}}'),
    Case("config.invalid", damaged(servers_in_a_list), cure=True, corrected='{"mcpServers": {}}'),
    Case("config.unreadable", damaged(a_folder)),
    Case("registration.ok", well),
    Case("registration.missing", only_the_program, cure=True),
    Case("registration.lost", damaged(taken_out), cure=True),
    Case("registration.duplicate", damaged(twin), cure=True),
    Case("registration.duplicate", damaged(plugin_beside), cure=True),
    Case("registration.duplicate", same_address_under_another_name, cure=True),
    Case("registration.shadowed", damaged(local_twin), cure=True),
    Case("registration.edited", damaged(with_a_timeout), cure=True),
    Case("registration.dead", damaged(switched_off), "codex", cure=True),
    Case("key.unset", unset, cure=True, typed=KEY),
    Case("key.unset", unset, "codex", cure=True, typed=KEY),
    Case("key.rejected", wrong_key, cure=True, typed=KEY),
    Case("key.rejected", wrong_key, "codex", cure=True, typed=KEY),
    Case("key.exposed", damaged(exposed), cure=True, typed=KEY),
    Case("server.ok", well),
    Case("server.unreachable", refused),
    Case("server.unreachable", answering(answers={"*": 500}), cure=True, first=calm),
    Case("server.unreachable", damaged(launcher_that_fails), cure=True),
    Case("server.timeout", answering(answers={"*": hang}), cure=True, first=calm, words=("--timeout", "0.5")),
    Case("server.tls", self_signed, cure=True),
    Case("server.rate-limited", answering(answers={"*": 429}), cure=True, first=calm),
    Case("server.not-mcp", pretending(answers={"*": html}), cure=True),
    Case("server.not-mcp", answering(answers={"*": html})),
    Case("server.tools-missing", pretending(tools=frozenset({"add_memory"})), cure=True),
    Case("server.tool-error", answering(is_error=True, text="boom"), cure=True, first=calm),
    Case("policy.blocked", damaged(denied_by_oneself), cure=True, corrected="{}"),
    Case("project.pending-approval", damaged(in_project)),
    Case("project.untrusted", project_of_codex, "codex"),
    Case("hooks.ok", well),
    Case("hooks.missing", bare, cure=True),
    Case("hooks.disabled", damaged(hooks_off, "--backend", "local"), cure=True, corrected="{}"),
    Case("hooks.disabled", damaged(features_off, "--backend", "local"), "codex", cure=True, corrected=""),
    Case("hooks.untrusted", well, "codex"),
    Case("hooks.modified", damaged(trusted_before_a_change, "--backend", "local"), "codex"),
    Case("hooks.broken", damaged(launcher_that_fails, "--backend", "local"), cure=True),
    Case("hooks.broken", damaged(void_settings, "--backend", "local"), cure=True, corrected="{}"),
    Case("hooks.slow", damaged(slow, "--backend", "local")),
    Case("hooks.duplicated", damaged(called_twice, "--backend", "local"), cure=True),
    Case("hooks.duplicated", damaged(called_twice_in_a_group, "--backend", "local"), cure=True),
    Case("hooks.duplicated", damaged(codex_twice, "--backend", "local"), "codex", cure=True),
    Case("hooks.legacy", damaged(of_the_former_plugin, "--backend", "local"), cure=True),
    Case("hooks.never-fired", damaged(used_without_a_hook, "--backend", "local")),
    Case("skills.ok", well),
    Case("skills.missing", damaged(skill_gone, "--backend", "local"), cure=True),
    Case("skills.invalid", damaged(skill_without_a_head, "--backend", "local"), cure=True),
    Case("plugin.ok", packed, "cowork"),
    Case("plugin.broken", packed_and_lost, "cowork", cure=True),
    Case("plugin.disabled", damaged(plugin_off)),
    Case("plugin.outdated", plugin_of_before, "codex"),
    Case("runtime.missing", damaged(launcher_gone), cure=True),
    Case("runtime.missing", damaged(wing_gone), cure=True),
    Case("runtime.outdated", damaged(launcher_of_before), cure=True),
    Case("identity.mismatch", damaged(another_user, "--backend", "local"), cure=True),
    Case("memory.ok", well),
    Case("memory.unwritable", damaged(memory_of_text), cure=True),
    Case("memory.unwritable", damaged(memory_closed), cure=True),
    Case("restart.needed", running_since_before),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_appears_and_its_fix_can_be_pasted(here: Machine, case: Case) -> None:
    with ExitStack() as helpers:
        stage = Stage(here, case.client, helpers)
        case.arrange(stage)
        found = stage.found(case.id, *case.words)
        assert found, here.run("doctor", "--client", case.client, env=stage.env).all
        bad = [finding for finding in found if finding["severity"] in ("error", "warning")]
        assert [finding["fix"] for finding in bad if not can_be_pasted(finding["fix"])] == []
        assert bool(bad) >= case.cure
        if case.cure:
            case.first(stage)
            pasted(stage, case, bad[0]["fix"])


def can_be_pasted(line: str) -> bool:
    """One line that a shell understands, of a program that people have; or what they send to an administrator."""
    if line.startswith("Ask the administrator of this machine to "):
        return True
    known = line.split(" ", maxsplit=1)[0] in PROGRAMS and "\n" not in line
    return known and subprocess.run(["sh", "-n", "-c", line], capture_output=True).returncode == 0


def pasted(stage: Stage, case: Case, line: str) -> None:
    """Do as the fix says; what it was about is gone then."""
    certificate = stage.here.root / "ca.pem"
    env = {**stage.env, "EDITOR": stage.editor(case.corrected)}
    if line.startswith("export "):  # it holds for the shell that it is pasted into
        line = line.replace("/path/to/ca.pem", str(certificate)).partition("   #")[0]
        stage.env.update(dict(pair.split("=", 1) for pair in line.removeprefix("export ").split()))
    done = paste(stage.here, line, {"(not shown)": case.typed}, env)
    assert done.code == 0, f"{line}\n{done.all}"
    left = [finding for finding in stage.found(case.id) if finding["severity"] in ("error", "warning")]
    assert left == [], done.all
    assert KEY not in done.out


def test_no_id_is_forgotten() -> None:
    assert {case.id for case in CASES} | BY_VALUE == set(IDS)


def test_a_receipt_that_is_broken_is_moved_away(here: Machine) -> None:
    with ExitStack() as helpers:
        stage = Stage(here, "claude-code", helpers)
        damaged(broken_receipt)(stage)
        (finding,) = stage.found("receipt.invalid")
        pasted(stage, Case("receipt.invalid", nothing), finding["fix"])


def test_the_platform_is_the_way_out_of_a_wrong_address(here: Machine) -> None:
    with ExitStack() as helpers:
        stage = Stage(here, "claude-code", helpers)
        stage.platform(answers={"*": html})
        (finding,) = stage.found("server.not-mcp")
        assert finding["fix"] == f"mem0-agent install --client claude-code --backend platform --url {PLATFORM_URL}"


THEIRS = '{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "true mine"}]}]}}'


@pytest.mark.parametrize("damage", [called_twice, called_twice_in_a_group, codex_twice])
@pytest.mark.parametrize("before", [None, THEIRS], ids=["ours alone", "theirs too"])
@pytest.mark.parametrize("mended", [True, False], ids=["mended", "as it is"])
def test_no_copy_of_our_hooks_outlives_us(
    here: Machine, damage: Callable[[Machine], object], before: str | None, mended: bool
) -> None:
    paths = [here.home / ".claude/settings.json", here.home / ".codex/hooks.json"]
    for path in paths if before else ():
        write_tree(path.parent, {path.name: before or ""})
    here.install("--backend", "local", "--skip", "skills")
    damage(here)
    if mended:
        here.install("--backend", "local", "--skip", "skills")
        assert "hooks.duplicated" not in [f["id"] for f in here.ask("doctor")["data"]["findings"]]
    here.uninstall("--purge")
    assert [json.loads(path.read_bytes()) if path.exists() else None for path in paths] == (
        [json.loads(before)] * 2 if before else [None] * 2
    )
