from __future__ import annotations

import datetime as dt
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

from mem0_agent.asking import probe as module  # noqa: TID253 - what is tested
from mem0_agent.asking.mcp_http import events
from mem0_agent.asking.outcomes import advice, finding_id
from mem0_agent.asking.probe import probe, probe_all  # noqa: TID253 - what is tested
from mem0_agent.model import TOOLS, Endpoint, Outcome, OutcomeKind
from tests import servers
from tests.servers import Behaviour, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).parents[1]
KEY = "m0-0123456789abcdef"
TOKEN = (("Authorization", f"Token {KEY}"),)
PATIENT = 20.0
"""Seconds for what answers at once; a busy machine may need some."""


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


def asked(
    behaviour: Behaviour, timeout: float = PATIENT, headers: tuple[tuple[str, str], ...] = TOKEN
) -> tuple[Outcome, servers.Server]:
    with serving(behaviour) as server:
        return probe(Endpoint(url=server.url, headers=headers), timeout), server


# HTTP


@pytest.mark.parametrize(
    ("behaviour", "headers"),
    [
        (Behaviour(), ()),
        (Behaviour(key=KEY), TOKEN),
        (Behaviour(key=KEY), (("Authorization", f"Bearer {KEY}"),)),
        (Behaviour(sse=True), TOKEN),
        (Behaviour(session=False), TOKEN),
        (Behaviour(page=2), TOKEN),
        (Behaviour(protocol="2024-11-05"), TOKEN),
        (Behaviour(tools=TOOLS | {"list_events", "get_event_status"}), TOKEN),
        (Behaviour(slash=True, key=KEY), TOKEN),
        (Behaviour(forgets=1), TOKEN),
    ],
)
def test_a_good_server_is_understood(behaviour: Behaviour, headers: tuple[tuple[str, str], ...]) -> None:
    outcome, server = asked(behaviour, headers=headers)
    assert (outcome.kind, outcome.entities, outcome.server) == ("ok", 2, "fake-mem0 1")
    assert outcome.ok
    assert server.calls[-1] == "tools/call"
    assert server.calls.count("tools/list") == (5 if behaviour.page else 1)


def test_the_conversation() -> None:
    outcome, server = asked(Behaviour(protocol="2025-03-26"))
    assert outcome.ok
    assert server.calls == ["initialize", "notifications/initialized", "tools/list", "tools/call"]
    first, *later = server.requests
    assert first.body["params"]["protocolVersion"] == "2025-11-25"
    assert "mcp-protocol-version" not in first.headers
    assert {request.headers["mcp-protocol-version"] for request in later} == {"2025-03-26"}
    assert {request.headers["mcp-session-id"] for request in later} == {server.sessions[0]}
    assert {request.headers["authorization"] for request in server.requests} == {f"Token {KEY}"}
    assert server.requests[-1].method == "DELETE"


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ('{"results": [], "count": 0}', 0),
        ('{"count": 7}', 7),
        ("[1, 2, 3]", 3),
        ("nothing yet", None),
        ('{"error": null, "results": [1]}', 1),
    ],
)
def test_entities_are_counted(text: str, entities: int | None) -> None:
    outcome, _ = asked(Behaviour(text=text))
    assert (outcome.kind, outcome.entities) == ("ok", entities)


@pytest.mark.parametrize(
    ("behaviour", "kind", "words"),
    [
        (Behaviour(key="another"), "key-rejected", "did not accept the key (401)"),
        (Behaviour(answers={"*": 403}), "key-rejected", "403"),
        (Behaviour(answers={"tools/call": 401}), "key-rejected", "401"),
        (Behaviour(answers={"*": 429}, headers={"retry-after": "17"}), "rate-limited", "17 s"),
        (Behaviour(answers={"*": 429}), "rate-limited", "fewer requests"),
        (Behaviour(answers={"*": 500}), "server-error", "500"),
        (Behaviour(answers={"tools/call": 503}), "server-error", "503"),
        (Behaviour(answers={"*": 404}), "not-mcp", "404"),
        (Behaviour(answers={"*": 405}), "not-mcp", "405"),
        (Behaviour(answers={"*": servers.html}), "not-mcp", "text/html"),
        (Behaviour(answers={"*": servers.not_rpc}), "not-mcp", "not one of MCP"),
        (Behaviour(answers={"*": servers.not_http}), "not-mcp", "HTTP"),
        (Behaviour(answers={"*": servers.flood}), "not-mcp", "larger than 4 MB"),
        (Behaviour(answers={"*": servers.hang_up}), "refused", "closed the connection"),
        (Behaviour(forgets=9), "not-mcp", "forgets"),
        (
            Behaviour(tools=TOOLS - {"list_entities", "add_memory"}),
            "tools-missing",
            "add_memory, list_entities",
        ),
        (
            Behaviour(text='{"error": "scope_missing", "detail": "which one"}'),
            "tool-error",
            "scope_missing: which one",
        ),
        (Behaviour(text='{"error": {"code": 1}}'), "tool-error", '{"code": 1}'),
        (Behaviour(text="it broke", is_error=True), "tool-error", "it broke"),
        (Behaviour(text="", is_error=True), "tool-error", "without a word"),
        (
            Behaviour(text=f"\x1b[31mbad\x1b[0m\x07 key {KEY}\nsee", is_error=True),
            "tool-error",
            "bad key *** see",
        ),
        (Behaviour(text=f"{KEY[:8]}\x00{KEY[8:]}", is_error=True), "tool-error", "***"),
    ],
)
def test_what_goes_wrong_is_told_apart(behaviour: Behaviour, kind: str, words: str) -> None:
    outcome, _ = asked(behaviour)
    assert outcome.kind == kind
    assert words in outcome.detail
    assert KEY not in outcome.detail
    assert outcome.detail.isprintable()
    assert len(outcome.detail) <= 300


def test_a_json_rpc_error_is_told() -> None:
    def fail(handler: servers.Handler, request: servers.Request) -> None:
        handler.send_json({"jsonrpc": "2.0", "id": request.body["id"], "error": {"code": -1, "message": "no luck"}})

    outcome, _ = asked(Behaviour(answers={"tools/call": fail}))
    assert (outcome.kind, outcome.detail) == ("tool-error", "The server answered with an error: no luck")


def test_a_long_complaint_is_cut() -> None:
    outcome, _ = asked(Behaviour(text="x" * 10_000, is_error=True))
    assert len(outcome.detail) == 300


@pytest.mark.parametrize("manner", [servers.hang, servers.drip, servers.drip_headers])
@pytest.mark.parametrize("method", ["initialize", "tools/call"])
def test_a_server_that_never_ends_is_a_timeout(
    manner: Callable[[servers.Handler, servers.Request], None], method: str
) -> None:
    outcome, _ = asked(Behaviour(answers={method: manner}), timeout=0.6)
    assert (outcome.kind, outcome.detail) == ("timeout", "No complete answer within 0.6 s.")
    assert outcome.elapsed_ms >= 590


# Where the key may go


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_leads_to_another_origin(status: int) -> None:
    with serving() as other:
        behaviour = Behaviour(answers={"*": servers.redirect(other.url, status)})
        outcome, server = asked(behaviour, headers=(("X-Api-Key", KEY),))
        assert outcome.kind == "redirected"
        assert KEY not in outcome.detail
        assert len(server.requests) == 1
        assert other.requests == []


@pytest.mark.parametrize("location", ["/elsewhere", "https://127.0.0.1:1/", "//[bad"])
def test_odd_redirects_end(location: str) -> None:
    outcome, server = asked(Behaviour(answers={"*": servers.redirect(location)}))
    assert outcome.kind == "redirected"
    assert len(server.requests) <= 3


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1.evil.example/mcp",
        "http://localhost@evil.example/mcp",
        "http://127.0.0.1@evil.example/mcp",
        "http://localhost.evil.example/mcp",
        "http://localhost./mcp",
        "http://[::ffff:127.0.0.1]/mcp",
        "http://[::ffff:7f00:1]/mcp",
        "http://2130706433/mcp",
        "http://0x7f.1/mcp",
        "http://128.0.0.1/mcp",
        "http://10.0.0.1/mcp",
    ],
)
@pytest.mark.parametrize("header", ["Authorization", "X-Api-Key"])
def test_no_key_goes_over_plain_http(url: str, header: str) -> None:
    outcome = probe(Endpoint(url=url, headers=((header, KEY),)), PATIENT)
    assert outcome.kind == "insecure"
    assert KEY not in outcome.detail


def test_a_key_in_the_url_is_a_key() -> None:
    outcome = probe(Endpoint(url=f"http://evil.example/mcp?key={KEY}"), PATIENT)
    assert outcome.kind == "insecure"
    assert KEY not in outcome.detail


@pytest.mark.parametrize("host", ["127.0.0.1", "127.255.0.9", "localhost", "LOCALHOST"])
def test_loopback_may_be_plain(host: str) -> None:
    with serving() as server:
        url = server.url.replace("127.0.0.1", host)
        assert probe(Endpoint(url=url, headers=TOKEN), PATIENT).kind in {"ok", "refused"}


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        (Endpoint(url="https://mcp.example/mcp", unset=("MEM0_API_KEY",)), "MEM0_API_KEY is not set"),
        (Endpoint(url="https://mcp.example/mcp", headers=(("Authorization", "Token "),)), "empty"),
        (Endpoint(url="https://mcp.example/mcp", headers=(("Authorization", "Bearer"),)), "empty"),
        (Endpoint(url="https://mcp.example/mcp", headers=(("X-Api-Key", ""),)), "empty"),
        (Endpoint(command=("/bin/false",), unset=("A", "B")), "A, B is not set"),
    ],
)
def test_an_unset_key_is_told_without_asking(endpoint: Endpoint, words: str) -> None:
    outcome = probe(endpoint, PATIENT)
    assert outcome.kind == "key-unset"
    assert words in outcome.detail


@pytest.mark.parametrize(
    ("endpoint", "kind"),
    [
        (Endpoint(url="ftp://mcp.example/"), "not-mcp"),
        (Endpoint(url="http://"), "not-mcp"),
        (Endpoint(url="http://[::1"), "not-mcp"),
        (Endpoint(url="https://mcp.example:99999/"), "not-mcp"),
        (
            Endpoint(url="http://127.0.0.1:1/", headers=(("Authorization", "Token a\r\nX: y"),)),
            "key-rejected",
        ),
        (
            Endpoint(url="http://127.0.0.1:1/", headers=(("Authorization", "Token schlüssel"),)),
            "key-rejected",
        ),
        (Endpoint(url="https://no-such-host.invalid/mcp"), "dns"),
        (Endpoint(), "not-started"),
    ],
)
def test_what_cannot_be_asked(endpoint: Endpoint, kind: str) -> None:
    assert probe(endpoint, PATIENT).kind == kind


def test_nobody_listens() -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        outcome = probe(Endpoint(url=f"http://127.0.0.1:{unheard.getsockname()[1]}/mcp", headers=TOKEN), PATIENT)
    assert outcome.kind == "refused"
    assert "refused" in outcome.detail


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1, and its key."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "fake")])
    import ipaddress

    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, plain, none))
    return folder / "cert.pem", folder / "key.pem"


def test_a_self_signed_certificate_fails(certificate: tuple[Path, Path]) -> None:
    with serving(tls=certificate) as server:
        outcome = probe(Endpoint(url=server.url, headers=TOKEN), PATIENT)
        assert outcome.kind == "tls"
        assert "self-signed" in outcome.detail
        assert server.requests == []


def test_an_authority_of_ones_own_is_accepted(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with serving(tls=certificate) as server:
        assert probe(Endpoint(url=server.url, headers=TOKEN), PATIENT).ok


def test_https_to_a_plain_server_is_tls() -> None:
    with serving() as server:
        assert probe(Endpoint(url=server.url.replace("http:", "https:"), headers=TOKEN), PATIENT).kind == "tls"


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_loopback_is_never_asked_through_a_proxy(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with serving() as proxy, serving() as server:
        monkeypatch.setenv(name, proxy.url.removesuffix("/mcp"))
        assert probe(Endpoint(url=server.url, headers=TOKEN), PATIENT).ok
        assert proxy.requests == []


def test_others_are_asked_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.removesuffix("/mcp"))
        assert probe(Endpoint(url="http://mem0.example/mcp"), PATIENT).ok
        assert {request.path for request in proxy.requests} == {"http://mem0.example/mcp"}


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_event_streams_in_any_pieces(ends: str, size: int) -> None:
    text = ends.join(
        [": c", "event: message", "data: {", 'data:"a": 1}', "", "id: 4", "", "data: last", "", ""]
    ).encode()
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    assert list(events(iter(pieces))) == [b'{\n"a": 1}', b"last"]


# Several at once


def test_all_are_asked_side_by_side_and_reported_as_they_come() -> None:
    with serving() as good, serving(Behaviour(answers={"*": servers.hang})) as bad:
        heard: list[str] = []
        endpoints = {"bad": Endpoint(url=bad.url), "good": Endpoint(url=good.url)}
        found = probe_all(endpoints, 2.0, lambda name, outcome: heard.append(f"{name} {outcome.kind}"))
    assert heard == ["good ok", "bad timeout"]
    assert list(found) == ["bad", "good"]


@pytest.mark.parametrize(("share", "times"), [(True, 1), (False, 2)])
def test_equal_endpoints_may_share(share: bool, times: int) -> None:
    with serving() as server:
        endpoint = Endpoint(url=server.url)
        heard: list[str] = []
        found = probe_all({"a": endpoint, "b": endpoint}, PATIENT, lambda name, _: heard.append(name), share=share)
        assert server.calls.count("tools/call") == times
    assert [outcome.ok for outcome in found.values()] == [True, True]
    assert sorted(heard) == ["a", "b"]


def refusing(body: bytes) -> Outcome:
    def refuse(handler: servers.Handler, request: servers.Request) -> None:
        handler.send(401, body)

    with serving(Behaviour(answers={"*": refuse})) as server:
        return probe(Endpoint(url=server.url, headers=TOKEN), PATIENT)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"detail": "Invalid API key"}', ": Invalid API key"),
        (b'{"error": "expired", "message": "since May"}', ": expired: since May"),
        (b'{"detail": "\\u001b[31mred\\u001b[0m\\n\\u202eturned"}', ": red turned"),
        (json.dumps({"detail": f"no user has {KEY}"}).encode(), ": no user has ***"),
        (json.dumps({"detail": "x" * 195 + KEY}).encode(), ": " + "x" * 195 + "***"),
        (json.dumps({"detail": "word " * 100}).encode(), ": " + "word " * 39 + "word…"),
        (json.dumps({"detail": ["a", {"b": 1}]}).encode(), ': ["a", {"b": 1}]'),
        (b"<html>go away</html>", "."),
        (b'["detail"]', "."),
        (b"{}", "."),
        (b"[" * 100_000, "."),
        (b"", "."),
    ],
)
def test_a_refusal_is_told_in_its_own_words(body: bytes, words: str) -> None:
    outcome = refusing(body)
    assert outcome.kind == "key-rejected"
    assert outcome.detail == f"The server did not accept the key (401){words}"


def test_nothing_to_ask() -> None:
    assert probe_all({}) == {}


def test_no_thread_is_left() -> None:
    asked(Behaviour())
    asked(Behaviour(answers={"*": servers.hang}), timeout=0.3)
    assert [thread.name for thread in threading.enumerate() if "run" in thread.name or "hear" in thread.name] == []


# Words


@pytest.mark.parametrize("kind", get_args(OutcomeKind))
def test_every_kind_has_a_finding_and_advice(kind: OutcomeKind) -> None:
    outcome = Outcome(kind, "")
    assert finding_id(outcome).partition(".")[0] in {"server", "key"}
    assert bool(advice(outcome)) is (kind != "ok")


@pytest.mark.parametrize(("program", "says"), [("mem0-agent", "on PATH"), ("/x/bin/mem0-memory", "mem0-agent install")])
def test_a_program_that_is_not_there_is_put_where_its_entry_looks(program: str, says: str) -> None:
    assert says in advice(Outcome("not-started", ""), Endpoint(command=(program, "serve")))


# stdio

SERVER = f"""
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    results = {{
        "initialize": {{"protocolVersion": "2025-06-18", "capabilities": {{}}, "serverInfo": {{"name": "small"}}}},
        "tools/list": {{"tools": [{{"name": name}} for name in {sorted(TOOLS)!r}]}},
        "tools/call": {{"content": [{{"type": "text", "text": "[]"}}]}},
    }}
    print(json.dumps({{"jsonrpc": "2.0", "id": message["id"], "result": results[message["method"]]}}), flush=True)
"""


def script(tmp_path: Path, text: str, env: Sequence[tuple[str, str]] = (), cwd: str = "") -> Endpoint:
    path = tmp_path / "server.py"
    path.write_text(textwrap.dedent(text))
    return Endpoint(command=(sys.executable, "-I", str(path)), env=tuple(env), cwd=cwd)


def test_a_stdio_server_is_understood(tmp_path: Path) -> None:
    outcome = probe(script(tmp_path, SERVER), PATIENT)
    assert (outcome.kind, outcome.entities, outcome.server) == ("ok", 0, "small")


def test_noise_beside_the_answers_is_no_matter(tmp_path: Path) -> None:
    outcome = probe(script(tmp_path, "print('starting', flush=True)\nprint('[1,', flush=True)\n" + SERVER), PATIENT)
    assert outcome.ok


def test_the_child_gets_its_environment_and_folder_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_OURS", "x")
    text = "import os, json\nopen('seen', 'w').write(json.dumps(dict(os.environ)))\n" + SERVER
    work = tmp_path / "work"
    work.mkdir()
    assert probe(script(tmp_path, text, [("A", "1"), ("B", "ü")], str(work)), PATIENT).ok
    seen = json.loads((work / "seen").read_text())
    assert {name: value for name, value in seen.items() if name != "LC_CTYPE"} == {"A": "1", "B": "ü"}


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        (
            "import sys; print('no module x', file=sys.stderr); sys.exit(3)",
            "not-started",
            "exit status 3 before it answered: no module x",
        ),
        ("raise SystemExit(0)", "not-started", "exit status 0"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "not-started", "SIGKILL"),
        ("import time; time.sleep(60)", "timeout", "within 1 s"),
        ("import time\nwhile True: print('hello', flush=True); time.sleep(0.1)", "not-mcp", "not MCP"),
        ("print('usage: server [options]')", "not-mcp", "without speaking MCP"),
        (
            "import sys; sys.stdout.buffer.write(b'x' * (6 << 20)); sys.stdout.flush(); input(); input()",
            "not-mcp",
            "MCP",
        ),
        (SERVER.replace("list_entities", "list_things"), "tools-missing", "list_entities"),
        (
            SERVER.replace('"tools/call"', '"other"')
            .replace("results[message", "results.get(message")
            .replace('["method"]]', '["method"])'),
            "not-mcp",
            "not one of MCP",
        ),
    ],
)
def test_a_stdio_server_that_fails_is_told(tmp_path: Path, text: str, kind: str, words: str) -> None:
    text = text.replace('results.get(message["method"]]', 'results.get(message["method"])')
    outcome = probe(script(tmp_path, text), 1.0 if kind in {"timeout", "not-mcp"} else PATIENT)
    assert outcome.kind == kind, outcome
    assert words in outcome.detail


def test_the_key_in_the_environment_is_masked(tmp_path: Path) -> None:
    endpoint = script(
        tmp_path, "import os, sys; sys.exit('bad ' + os.environ['MEM0_API_KEY'])", [("MEM0_API_KEY", KEY)]
    )
    assert probe(endpoint, PATIENT).detail.endswith("bad ***.")


@pytest.mark.parametrize(
    ("mode", "text", "words"),
    [
        (None, "", "No such file"),
        (0o644, "#!/bin/sh\n", "Permission denied"),
        (0o755, "\0\1\2", "Exec format"),
        (0o755, "#!/no/such\n", "No such file"),
    ],
)
def test_a_program_that_cannot_start_says_why(tmp_path: Path, mode: int | None, text: str, words: str) -> None:
    path = tmp_path / "program"
    if mode is not None:
        path.write_text(text)
        path.chmod(mode)
    outcome = probe(Endpoint(command=(str(path),)), PATIENT)
    assert outcome.kind == "not-started"
    assert words in outcome.detail
    assert str(path) in outcome.detail


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    outcome = probe(Endpoint(command=(sys.executable,), cwd=str(tmp_path / "gone")), PATIENT)
    assert outcome.kind == "not-started"
    assert str(tmp_path / "gone") in outcome.detail


STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-I", "-c", "import time; time.sleep(600)"])
open(sys.argv[0] + ".pids", "w").write(f"{os.getpid()} {child.pid}")
time.sleep(600)
"""


def alive(pid: str) -> bool:
    """Running, and not a zombie that waits for somebody else to collect it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def until(happened: Callable[[], bool]) -> bool:
    import time

    for _ in range(500):
        if happened():
            return True
        time.sleep(0.02)
    return False


@linux
def test_no_process_is_left_of_a_stubborn_server(tmp_path: Path) -> None:
    endpoint = script(tmp_path, STUBBORN)
    assert probe(endpoint, 1.5).kind == "timeout"
    pids = (tmp_path / "server.py.pids").read_text().split()
    assert until(lambda: not any(map(alive, pids)))


@linux
def test_no_process_is_left_after_an_interruption(tmp_path: Path) -> None:
    endpoint = script(tmp_path, STUBBORN)
    program = f"""
import threading
from mem0_agent.model import Endpoint
from mem0_agent.asking.probe import probe
try:
    probe({endpoint!r}, 60)
except KeyboardInterrupt:
    print("interrupted", threading.active_count())
"""
    pids = tmp_path / "server.py.pids"
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert until(lambda: pids.exists() and len(pids.read_text().split()) == 2)
        child.send_signal(signal.SIGINT)
        assert child.communicate(timeout=30)[0] == "interrupted 1\n"
    assert until(lambda: not any(map(alive, pids.read_text().split())))


def test_httpx_is_not_imported_for_stdio() -> None:
    program = "import sys, mem0_agent.asking.probe; print('httpx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "False\n"
    assert module.CLEANED > 0
