"""Documents that people could have written, and bytes that nobody should have."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

PATHS = st.sampled_from([
    ("mcp_servers", "mem0"),
    ("mcp_servers", "mem0", "env", "KEY"),
    ("features", "hooks"),
    ("user_id",),
    ("hooks",),
    ("hooks", "SessionStart"),
    ("a",),
    ("a", "b", "c"),
])  # fmt: skip

SCALARS = st.sampled_from(["", "x", 'quo"te', "ünï", "l1\nl2", "\x7f\x1f", True, False, 0, -7, 2**70, 1.0, -0.0, 1e300])
ENTRIES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda below: (
        st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(["k", "mem0", "é.x", ""]), below, max_size=3)
    ),
    max_leaves=6,
)
TABLES = st.dictionaries(st.sampled_from(["command", "url", "env", "x y"]), ENTRIES, max_size=3)


# JSON

SPACES = st.sampled_from(["", "", " ", "\n", "\n  ", "\r\n\t", "\t", " \n\n "])
LITERALS = st.sampled_from([
    "null", "true", "false", "0", "-0", "1.0", "1E400", "12345678901234567890", '""', '"a b"', '"\\ud800"',
    '"\\u00e9 é"', '"}{][,:"', '"// no comment"', '"\\\\"',
])  # fmt: skip
NAMES = st.sampled_from(
    ['"a"', '"b"', '"mcp_servers"', '"mem0"', '"hooks"', '"SessionStart"', '"\\u0061"', '"fea:tures"', '""']
)


def brackets(both: str, items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    padded = st.tuples(SPACES, items, SPACES).map("".join)
    full = st.lists(padded, min_size=1, max_size=4).map(",".join)
    return (full | SPACES).map(lambda inner: both[0] + inner + both[1])


def objects(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return brackets("{}", st.tuples(NAMES, SPACES, st.just(":"), SPACES, values).map("".join))


JSON_VALUES = st.recursive(LITERALS, lambda below: objects(below) | brackets("[]", below), max_leaves=12)
BOMS = st.sampled_from(["", "", "", "\ufeff"])
JSON_TEXTS = st.tuples(BOMS, SPACES, objects(JSON_VALUES), SPACES).map("".join)


# TOML: for each name one of several forms, each a part for the root and sections

FORMS = {
    "mcp_servers": [
        ([], []),
        ([], ["[mcp_servers]"]),
        ([], ['[mcp_servers.a]\ncommand = "x" # why', "[ mcp_servers . 'b c' ]\nurl=\"u\"\n\n# inside\nn = 1_000"]),
        ([], ["[mcp_servers.a]", "[mcp_servers.a.env]\nK = 'v'", '[mcp_servers."é.f"]\n\tenv = {A = "b"}']),
        ([], ['[mcp_servers]\na = {command = "x"}\nb.command = "y"']),
        (['mcp_servers.a.command = "x"', "mcp_servers.a.args = [ # why\n  '-y',\n]"], []),
        (['mcp_servers.a.command = "x"'], ["[mcp_servers.b]\nurl = 'u'"]),
        (["mcp_servers = {}"], []),
        (["mcp_servers = { }  # none"], []),
        (["mcp_servers = { a = {command='x'}, b.url = 'u', b.n = 1 }"], []),
        (["mcp_servers = {\n  a = {command='x'}, # one\n  b.url = '''\n[x]'''\n}"], []),
        (["mcp_servers = {\n  a = {command='x'}, # one\n}"], []),
        ([], ['[mcp_servers.mem0]\nurl = "mine" # note', "[mcp_servers.mem0.env]\nKEY = 'k'"]),
        (["mcp_servers = []"], []),
    ],
    "features": [
        ([], []),
        ([], ["[features]\nx = true"]),
        ([], ["[features]\n  x = true\n  hooks = true # on"]),
        (["features.x = true"], []),
        ([], ["[features.deep]\ny = 1"]),
        (["features = { x = true }"], []),
        (["features.hooks = true"], ["[features.deep]"]),
        (["features = 1"], []),
    ],
    "hooks": [
        ([], []),
        ([], ["[[hooks.SessionStart]]\nm = 1", "[[hooks.SessionStart]]", "[[hooks.SessionStart.hooks]]\nc = 'x'"]),
        ([], ["[hooks]\nSessionStart = []"]),
        ([], ["[hooks]\nSessionStart = [\n  {m = 1}, # first\n  {m = 2}, # second\n]"]),
        (["hooks = {SessionStart = [ {m = 1} ]}"], []),
        ([], ["[hooks.Stop]", "[[hooks.SessionStart]]\nm = [[1], [2, [3]]]"]),
        (["hooks.SessionStart = [ # none\n]"], []),
        ([], ["[hooks]\nSessionStart = 'text'"]),
    ],
    "": [
        ([], []),
        (["user_id = 'me' # it is me", 'model = "o3"'], []),
        (["big = 12345678901234567890", "f = [1.0, inf, -nan, 1e2]", "d = 1979-05-27 07:32:00Z"], []),
        (['s = """\n[not.a.table]\nx = "y" \\"""\n# no comment"""', "t = ''''q''''"], ["[[aot]]", "[aot.sub]\nx=1"]),
        (["t = 07:32", 'e = "\\e\\x41"'], ["[z]"]),
        (["'' = 1", '"a.b" . c = 2'], ["[z.'']"]),
    ],
}  # fmt: skip
FILLERS = st.sampled_from(["", "", "", "\n", "# a comment\n", "\n\n# [no.header]\n\n", " \t\n"])
ENDINGS = st.sampled_from(["\n", "\n", "", "\n\n", "\n# end", "\n# end\n", "\n  "])


@st.composite
def toml_texts(draw: st.DrawFn) -> str:
    root: list[str] = []
    sections: list[str] = []
    for forms in FORMS.values():
        pairs, tables = draw(st.sampled_from(forms))
        root += pairs
        sections = [*tables, *sections] if draw(st.booleans()) else [*sections, *tables]
    parts = [draw(FILLERS) + line for line in draw(st.permutations(root))] + [draw(FILLERS) + s for s in sections]
    text = "\n".join(parts) + (draw(ENDINGS) if parts else "")
    text = text.replace("\n", "\r\n") if draw(st.booleans()) else text
    return draw(BOMS) + text


TOML_TEXTS = toml_texts()


# KEY=value

VARIABLES = [
    "A=1",
    "export B = 'x y'  # why",
    'C="l1\\nl2 \\" \\$x"',
    "# D=4",
    "",
    "E=",
    "F=a b #c",
    "  MEM0_API_KEY=k",
    "G='\n#x'",
]
DOTENV_TEXTS = st.builds(
    lambda bom, lines, newline, end: bom + newline.join(lines) + (newline if end else ""),
    BOMS, st.lists(st.sampled_from(VARIABLES), max_size=5, unique=True), st.sampled_from(["\n", "\r\n"]), st.booleans(),
)  # fmt: skip


# Bytes that nobody should have written

TOKENS = [
    "[", "]", "[[", "]]", "{", "}", "=", ".", ",", ":", "a", "b", '"', "'", '"""', "'''", "\n", "\r\n", "\r", "#", " ",
    "1", "mcp_servers", '"mem0"', "a = 1\n", "[a]\n", "[[a]]\n", '{"a":', "-", "\\", "\\u0041", "\0", "\ufeff", "NaN",
    "07:32", "export ", "\u2028", "é",
]  # fmt: skip
SOUP = st.lists(st.sampled_from(TOKENS), max_size=14).map(lambda tokens: "".join(tokens).encode())


@st.composite
def damaged(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> bytes:
    """A good text with a piece cut out and another thing put there."""
    data = draw(texts).encode()
    start = draw(st.integers(0, len(data)))
    end = draw(st.integers(start, min(len(data), start + 9)))
    return data[:start] + draw(SOUP | st.binary(max_size=3)) + data[end:]


def noise(texts: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    return damaged(texts) | SOUP | st.binary(max_size=20)
