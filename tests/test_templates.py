"""The texts that we hand to clients: well formed, bounded, true to our own vocabulary, and with examples that hold."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from mem0_agent.memory import filters
from mem0_agent.memory.protocol import SCOPES, TYPES
from mem0_agent.model import TOOLS

TEMPLATES = Path(__file__).parent.parent / "templates"
SKILLS = sorted((TEMPLATES / "skills").iterdir())
PAGES = sorted((TEMPLATES / "skills").rglob("*.md"))

NAME_LIMIT, DESCRIPTION_LIMIT = 64, 1024  # the stricter of what Claude Code and Codex accept
BODY_LINES, REFERENCE_LINES = 120, 300


def label(path: Path) -> str:
    return path.relative_to(TEMPLATES).as_posix()


def parts(skill: Path) -> tuple[dict[str, str], str]:
    """Front matter and body of a skill. Ours holds plain one-line scalars only, which every YAML reader takes alike."""
    opening, head, body = (skill / "SKILL.md").read_text("utf-8").split("---\n", 2)
    assert opening == ""
    return dict(line.split(": ", 1) for line in head.splitlines()), body


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def links(path: Path) -> list[str]:
    prose = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"\]\(([^)#]+)", prose)


def calls(code: str) -> list[tuple[str, set[str | None]]]:
    """Each method call in the code, as its name and the names of its keyword arguments."""
    return [
        (node.func.attr, {keyword.arg for keyword in node.keywords})
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]


def test_every_skill_is_here() -> None:
    assert [skill.name for skill in SKILLS] == ["mem0-memory", "mem0-sdk"]


@pytest.mark.parametrize("skill", SKILLS, ids=label)
class TestSkill:
    def test_front_matter(self, skill: Path) -> None:
        head, _ = parts(skill)
        assert list(head) == ["name", "description"]
        assert head["name"] == skill.name
        assert re.fullmatch(rf"(?=.{{1,{NAME_LIMIT}}}$)[a-z0-9]+(-[a-z0-9]+)*", head["name"])
        assert 0 < len(head["description"]) <= DESCRIPTION_LIMIT
        assert "Use it when" in head["description"] or "Use it at" in head["description"]

    def test_description_is_a_plain_yaml_scalar(self, skill: Path) -> None:
        description = parts(skill)[0]["description"]
        assert description[0].isalpha()
        assert description == description.strip()
        assert not re.search(r": | #|:$|[<>]", description)

    def test_body_is_short(self, skill: Path) -> None:
        _, body = parts(skill)
        assert len(body.splitlines()) < BODY_LINES

    def test_every_reference_is_linked_from_the_body(self, skill: Path) -> None:
        linked = {(skill / link).resolve() for link in links(skill / "SKILL.md")}
        assert linked == {page.resolve() for page in (skill / "references").iterdir()}


@pytest.mark.parametrize("page", PAGES, ids=label)
class TestPage:
    def test_links_lead_somewhere_inside_the_skill(self, page: Path) -> None:
        skill = TEMPLATES / "skills" / page.relative_to(TEMPLATES / "skills").parts[0]
        for link in links(page):
            target = (page.parent / link).resolve()
            assert target.is_file(), link
            assert target.is_relative_to(skill.resolve()), link

    def test_size(self, page: Path) -> None:
        assert len(page.read_text("utf-8").splitlines()) <= REFERENCE_LINES

    def test_fences_are_closed_and_have_a_known_language(self, page: Path) -> None:
        fences = re.findall(r"^```(.*)$", page.read_text("utf-8"), re.MULTILINE)
        assert set(fences[0::2]) <= {"python", "typescript", "json", "text"}
        assert set(fences[1::2]) <= {""}
        assert len(fences) % 2 == 0

    def test_python_compiles(self, page: Path) -> None:
        for number, code in enumerate(blocks(page, "python")):
            compile(code, f"{page.name}#{number}", "exec")

    def test_json_parses(self, page: Path) -> None:
        for text in blocks(page, "json"):
            assert isinstance(json.loads(text), dict)

    def test_python_calls_take_identity_where_the_sdk_does(self, page: Path) -> None:
        for name, keywords in [call for code in blocks(page, "python") for call in calls(code)]:
            if name in {"search", "get_all"}:
                assert "filters" in keywords
                assert not keywords & {*SCOPES, "limit"}
            if name in {"add", "delete_all"}:
                assert keywords & {*SCOPES}
                assert "filters" not in keywords

    def test_typescript_filters_are_snake_case(self, page: Path) -> None:
        for code in blocks(page, "typescript"):
            for inside in re.findall(r"filters(?::| =) (\{.*)", code):
                assert not re.search(r"\b(user|agent|app|run)Id:", inside)


@pytest.mark.parametrize("path", PAGES, ids=label)
def test_text_is_clean(path: Path) -> None:
    text = path.read_bytes().decode("utf-8")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert not re.search(r"\r|\t|[ ]$", text, re.MULTILINE)
    assert not re.search(r"/(?:home|root|Users|work)/", text)
    assert not re.search(r"\b(?:sk-|m0-|ghp_|AKIA)\w{6,}", text)


def test_the_memory_skill_knows_our_types() -> None:
    text = (TEMPLATES / "skills/mem0-memory/SKILL.md").read_text("utf-8")
    table = text.split("| `metadata.type` |", 1)[1].split("\n\n", 1)[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(TYPES)


def test_the_memory_skill_knows_our_tools_and_scopes() -> None:
    named = set(re.findall(r"`(\w+)`", (TEMPLATES / "skills/mem0-memory/SKILL.md").read_text("utf-8")))
    assert named >= TOOLS | {"list_events", "get_event_status"} | {*SCOPES}


def test_every_example_of_a_memory_has_a_type_of_ours() -> None:
    body = TEMPLATES / "skills/mem0-memory/SKILL.md"
    stored = [example for text in blocks(body, "json") if "text" in (example := json.loads(text))]
    assert stored
    assert all(example["metadata"]["type"] in TYPES for example in stored)


def test_every_example_of_a_filter_is_in_the_grammar_of_the_local_memory() -> None:
    pages = [page for page in PAGES if page.is_relative_to(TEMPLATES / "skills/mem0-memory")]
    examples = [json.loads(text) for page in pages for text in blocks(page, "json")]
    compiled = [filters.compile(example.get("filters", example)) for example in examples if "text" not in example]
    assert compiled
    assert all("alice" in parameters for _, parameters in compiled)
