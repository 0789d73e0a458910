"""What a client passed to a tool, checked against the tool's schema before anything is done with it."""

from __future__ import annotations

from mem0_agent.memory import tools
from mem0_agent.memory.filters import json_type
from mem0_agent.memory.protocol import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mem0_agent.memory.protocol import Json

WORDS = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
}
WITHOUT_EFFECT = ("enable_graph",)


def checked(tool: str, given: Json) -> tuple[Json, list[str]]:
    """Answer the known arguments that are not null, and the names of those that nobody here knows.

    Raises Refused (``invalid_arguments``) with a sentence that names the argument.
    """
    schemas = tools.ARGUMENTS[tool]
    known = {name: whole(value) for name, value in given.items() if name in schemas and value is not None}
    for name, value in known.items():
        check(name, value, schemas[name])
    for name in tools.REQUIRED.get(tool, ()):
        if not known.get(name):
            raise invalid(f"{name} is required.")
    return known, sorted(set(given) - set(schemas))


def check(name: str, value: object, schema: Json) -> None:
    kind = schema["type"]
    if not fits(value, kind):
        raise invalid(f"{name} must be {WORDS[kind]}, not {json_type(value)}.")
    if isinstance(value, int | float) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        bounds = f"at least {schema['minimum']}" + (f" and at most {schema['maximum']}" if "maximum" in schema else "")
        raise invalid(f"{name} must be {bounds}.")
    if isinstance(value, list):
        for number, item in enumerate(value):
            members(f"{name}[{number}]", item, schema["items"])


def members(name: str, item: object, schema: Json) -> None:
    """Check the members of one object in a list."""
    if not isinstance(item, dict):
        raise invalid(f"{name} must be an object, not {json_type(item)}.")
    for member, kind in schema["properties"].items():
        if member in item or member in schema["required"]:
            check(f"{name}.{member}", item.get(member), kind)


def fits(value: object, kind: str) -> bool:
    if kind == "string":
        return isinstance(value, str)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "object":
        return isinstance(value, dict)
    if kind == "array":
        return isinstance(value, list)
    return isinstance(value, int if kind == "integer" else int | float) and not isinstance(value, bool)


def whole(value: object) -> object:
    """JSON knows one kind of number: 5.0 is 5."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def invalid(sentence: str) -> Refused:
    return Refused("invalid_arguments", sentence, 400)
