"""The platform's filter grammar, compiled to SQL over ``memories m`` with every value as a parameter."""
# SQL is put together from names of ours; every value is bound
# ruff: noqa: S608

from __future__ import annotations

import json

from mem0_agent.memory import clock
from mem0_agent.memory.protocol import SCOPES, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    Sql: TypeAlias = tuple[str, list[Any]]
    Rule: TypeAlias = Callable[[str, object], Sql]

TIMES = {"created_at": "m.created_at", "updated_at": "m.updated_at", "timestamp": "m.created_at"}
LOGIC = ("AND", "OR", "NOT")
FIELDS = (*SCOPES, *TIMES, "expiration_date", "text", "categories", "metadata", "memory_ids", "keywords")
COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "=", "ne": "IS NOT"}
CONTAINS = "instr(m.memory, ?) > 0"
ICONTAINS = "instr(lower(m.memory), lower(?)) > 0"
MAX_DEPTH = 12
MAX_CONDITIONS = 256
MAX_VALUES = 1000


def compile(filters: object) -> tuple[str, list[Any]]:  # noqa: A001  filters.compile, as in re.compile
    """Compile filters to one SQL condition and its parameters; no filters hold for everything.

    Raises Refused (400, ``invalid_filters``) for a field, operator, value or nesting outside the grammar.
    A bare day in a time field means that whole day. ``NOT`` with a list means that none of it may hold.
    """
    if filters is None or filters == {}:
        return "1", []
    return group(filters, MAX_DEPTH, [0])


def scoped(filters: object) -> bool:
    """Whether every match must belong to a named (or any, ``"*"``) user, agent, app or run."""
    if not isinstance(filters, dict):
        return False
    for name, value in filters.items():
        if name in SCOPES and not (isinstance(value, dict) and set(value) <= {"ne"}):
            return True
        if name == "AND" and isinstance(value, list) and any(scoped(item) for item in value):
            return True
        if name == "OR" and isinstance(value, list) and value and all(scoped(item) for item in value):
            return True
    return False


def mentions(filters: object, name: str) -> bool:
    """Whether a field is named anywhere in filters, at whatever depth of AND, OR and NOT."""
    if isinstance(filters, list):
        return any(mentions(item, name) for item in filters)
    if not isinstance(filters, dict):
        return False
    return name in filters or any(mentions(filters[key], name) for key in LOGIC if key in filters)


def refused(detail: str) -> Refused:
    return Refused("invalid_filters", detail, 400)


def group(node: object, depth: int, count: list[int]) -> Sql:
    """Compile one object: its members must all hold."""
    if depth <= 0:
        raise refused(f"Filters are nested deeper than {MAX_DEPTH} levels.")
    if not isinstance(node, dict) or not node:
        raise refused(f"Filters must be non-empty objects, not {json_type(node)}.")
    conditions = []
    for name, value in node.items():
        count[0] += 1
        if count[0] > MAX_CONDITIONS:
            raise refused(f"Filters hold more than {MAX_CONDITIONS} conditions.")
        conditions.append(logic(name, value, depth, count) if name in LOGIC else field(name, value))
    return joined(" AND ", conditions)


def logic(name: str, value: object, depth: int, count: list[int]) -> Sql:
    if name == "NOT" and isinstance(value, dict):
        value = [value]
    if not isinstance(value, list) or not value:
        raise refused(f"{name} takes a non-empty list of filters, not {json_type(value)}.")
    conditions = [group(item, depth - 1, count) for item in value]
    sql, params = joined(" AND " if name == "AND" else " OR ", conditions)
    return (f"NOT coalesce({sql}, 0)", params) if name == "NOT" else (sql, params)


def joined(word: str, conditions: list[Sql]) -> Sql:
    sql = word.join(condition for condition, _ in conditions)
    return f"({sql})", [value for _, params in conditions for value in params]


def field(name: str, value: object) -> Sql:
    if name in SCOPES:
        return entity(name, value)
    if name == "metadata":
        return metadata(value)
    if name in TIMES:
        return operators(name, value, ORDERED, lambda op, item: moment(TIMES[name], op, item))
    if name not in PLAIN:
        raise refused(f"Unsupported filter field: {name!r}. Allowed: {', '.join((*LOGIC, *FIELDS))}.")
    if name == "memory_ids" and isinstance(value, list):
        value = {"in": value}
    return operators(name, value, *PLAIN[name])


def operators(name: str, value: object, allowed: str, condition: Rule, bare: str = "eq") -> Sql:
    """Compile ``{op: value, …}`` or a bare value; ``in`` becomes one equality a value."""
    table = value if isinstance(value, dict) else {bare: value}
    conditions = []
    for op, item in table.items():
        if op not in allowed.split():
            raise refused(f"Unsupported operator {op!r} for {name!r}. Allowed: {allowed.replace(' ', ', ')}.")
        if op == "in":
            choices = [condition("eq", choice) for choice in listed(name, item)]
            conditions.append(joined(" OR ", choices) if choices else ("0", []))
        else:
            conditions.append(condition(op, item))
    if not conditions:
        raise refused(f"The filter for {name!r} is empty.")
    return joined(" AND ", conditions)


def entity(name: str, value: object) -> Sql:
    column = f"m.{name}"
    if value == "*":
        return f"{column} IS NOT NULL", []
    return operators(name, value, "eq ne in", lambda op, item: (f"{column} {COMPARISONS[op]} ?", [string(name, item)]))


def moment(column: str, op: str, value: object) -> Sql:
    """Compare moments; a whole day is compared by day, so that ``lte`` a day holds to its end."""
    try:
        whole = clock.day(value)
        item = whole or clock.instant(value)
    except ValueError as error:
        raise refused(f"{value!r} is no date or time in ISO 8601.") from error
    operand = f"substr({column}, 1, {clock.DAY})" if whole else column
    return f"{operand} {COMPARISONS[op]} ?", [item]


def expiration(op: str, value: object) -> Sql:
    """Compare what is shown by day; against a moment, the end of that day counts."""
    sql, params = moment("m.expiration_date", op, value)
    return (sql if "substr" in sql else sql.replace("expiration_date", "expires_at")), params


def category(_op: str, value: object) -> Sql:
    inside = "SELECT 1 FROM json_each(m.metadata, '$.categories') c WHERE c.type = 'text' AND c.value = ?"
    return f"EXISTS ({inside})", [string("categories", value)]


def identity(_op: str, value: object) -> Sql:
    return "m.id = ?", [string("memory_ids", value).lower()]


def wording(op: str, value: object) -> Sql:
    text = string("text", value)
    shapes = {"eq": "m.memory = ?", "ne": "m.memory <> ?", "contains": CONTAINS, "icontains": ICONTAINS}
    return shapes[op], [text]


ORDERED = "gt gte lt lte ne in eq"
PLAIN: dict[str, tuple[str, Rule, str]] = {
    "expiration_date": (ORDERED, expiration, "eq"),
    "categories": ("in contains eq", category, "contains"),
    "memory_ids": ("in eq", identity, "eq"),
    "keywords": ("contains icontains", wording, "icontains"),
    "keywords_search": ("contains icontains", wording, "icontains"),
    "text": ("eq ne contains icontains", wording, "icontains"),
}
"""The fields that are nothing but a row of this table: operators, the condition, what a bare value means."""


def metadata(value: object) -> Sql:
    if not isinstance(value, dict) or not value:
        raise refused(f"metadata takes an object of keys and values, not {json_type(value)}.")
    return joined(" AND ", [member(key, wanted) for key, wanted in value.items()])


def member(key: str, wanted: object) -> Sql:
    """Compile one metadata key; a missing key is unequal to everything."""
    return operators(f"metadata.{key}", wanted, "eq ne contains", lambda op, item: compared(key, op, item))


def compared(key: str, op: str, item: object) -> Sql:
    if key == "type" and op != "contains" and isinstance(item, str):
        return f"m.type {COMPARISONS[op]} ?", [item]  # a column of its own: to look into JSON takes longer
    condition, params = contained(item) if op == "contains" else equal(item)
    word = "NOT EXISTS" if op == "ne" else "EXISTS"
    return f"{word} (SELECT 1 FROM json_each(m.metadata) e WHERE e.key = ? AND {condition})", [key, *params]


def equal(item: object) -> Sql:
    if item is None or isinstance(item, bool):
        return "e.type = ?", [json.dumps(item)]
    if isinstance(item, str):
        return "e.type = 'text' AND e.value = ?", [item]
    if isinstance(item, int | float):
        return "e.type IN ('integer', 'real') AND e.value = ?", [number(item)]
    return "e.type IN ('object', 'array') AND e.value = json(?)", [json.dumps(item, ensure_ascii=False)]


def contained(item: object) -> Sql:
    value = item if isinstance(item, str) else number(item)
    inside = "EXISTS (SELECT 1 FROM json_each(e.value) i WHERE i.value = ? AND i.atom IS NOT NULL)"
    return f"((e.type = 'text' AND instr(e.value, ?) > 0) OR (e.type = 'array' AND {inside}))", [value, value]


def number(item: object) -> int | float:
    if isinstance(item, int | float) and abs(item) < 2**63:
        return item
    raise refused(f"{item!r} cannot be compared.")


def string(name: str, value: object) -> str:
    if isinstance(value, str) and value:
        return value
    raise refused(f"{name} takes non-empty strings, not {json_type(value)}.")


def listed(name: str, value: object) -> list[object]:
    if isinstance(value, list) and len(value) <= MAX_VALUES:
        return value
    raise refused(f"in for {name!r} takes a list of at most {MAX_VALUES} values, not {json_type(value)}.")


def json_type(value: object) -> str:
    """Name a JSON value's type for people."""
    for kinds, name in NAMES:
        if isinstance(value, kinds):
            return name if value or kinds is bool or kinds == (int, float) else f"an empty {name.split()[1]}"
    return "null"


NAMES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a boolean"),
    (str, "a string"),
    (dict, "an object"),
    (list, "a list"),
    ((int, float), "a number"),
)
