"""The fields of a model file as tables: names, values and defaults from the schema, sentences from below each field."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Any, get_args

from pydantic.fields import FieldInfo

from include.decision.policy.durations import write_period
from include.registry.arrival import format_short
from include.registry.section import Section
from include.registry.spec import ModelSpec
from tools.reference.tables import table

_BOUNDS = {
    "minimum": "at least",
    "exclusiveMinimum": "more than",
    "maximum": "at most",
    "exclusiveMaximum": "less than",
}
_FORMATS = {"duration": "length of time", "date-time": "moment", "date": "date"}
_NOT_WRITTEN = {"name"}


def fields() -> str:
    """A table of the top level, and one for each section below it."""
    schema = ModelSpec.model_json_schema()
    parts = [_table(ModelSpec, schema, schema)]
    for path, section in sections(ModelSpec):
        own = schema["$defs"][section.__name__]
        parts.append(f"### {_title(path, own)}\n\n{_table(section, own, schema)}")
    return "\n\n".join(parts)


def told_of(section: type[Section]) -> dict[str, str]:
    """The sentence below each field of a section, those of its bases too; a field without one has none here."""
    found: dict[str, str] = {}
    for kind in reversed(section.__mro__):
        if not (issubclass(kind, Section) and kind is not Section):
            continue
        body = list(ast.iter_child_nodes(ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]))
        for statement, after in pairwise(body):
            if not (isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)):
                continue
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                found[statement.target.id] = " ".join(str(after.value.value).split())
    return found


def sections(
    section: type[Section], path: str = "", seen: set[type] | None = None
) -> Iterator[tuple[str, type[Section]]]:
    """The sections below this one with their paths, each once, from the top."""
    seen = set() if seen is None else seen
    for name, info in section.model_fields.items():
        place = f"{path}.{name}" if path else name
        for inner in _classes_in(info.annotation):
            if inner not in seen:
                seen.add(inner)
                yield place, inner
                yield from sections(inner, place, seen)


def _classes_in(annotation: Any) -> Iterator[type[Section]]:
    """The sections that an annotation names, in whatever it is wrapped."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for inner in get_args(annotation):
        yield from _classes_in(inner)


def _kinds_of(own: Mapping[str, Any]) -> str:
    """What a reference to a section is called: its kinds, or that it has fields."""
    kind = own["properties"].get("kind", {})
    return " or ".join(kind.get("enum", [kind["const"]] if "const" in kind else ["fields"]))


def _anchor(name: str) -> str:
    """Where the section of that name stands on the page."""
    schema = ModelSpec.model_json_schema()["$defs"]
    path = next(path for path, section in sections(ModelSpec) if section.__name__ == name)
    return re.sub(r"[^\w -]", "", _title(path, schema[name]).lower()).replace(" ", "-")


def _title(path: str, own: Mapping[str, Any]) -> str:
    return f"`{path}` of the kind {_kinds_of(own)}" if "kind" in own["properties"] else f"`{path}`"


def _table(section: type[Section], own: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    told = told_of(section)
    rows = [
        (f"`{name}`", _value(own["properties"][name], schema), _default(info), told[name])
        for name, info in section.model_fields.items()
        if name not in _NOT_WRITTEN or section is not ModelSpec
    ]
    return table(("field", "value", "default", "what it says"), rows)


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "needed"
    default = info.default
    if default is None or default == "" or info.default_factory is not None or isinstance(default, Section):
        return ""
    if isinstance(default, timedelta):
        return f"`{_period(default)}`" if default else ""
    return f"`{str(default).lower() if isinstance(default, bool) else _number(default)}`"


def _value(node: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What may be written, in words."""
    if "$ref" in node:
        name = str(node["$ref"]).rpartition("/")[2]
        own = schema["$defs"][name]
        return _value(own, schema) if "enum" in own else f"[{_kinds_of(own)}](#{_anchor(name)})"
    for word in ("anyOf", "oneOf"):
        if word in node:
            found = [_value(each, schema) for each in node[word] if each.get("type") != "null"]
            return " or ".join(dict.fromkeys(found))
    if "enum" in node:
        return ", ".join(f"`{each}`" if each else "nothing" for each in node["enum"])
    if "const" in node:
        return f"`{node['const']}`"
    return _plain(node, schema)


def _period(value: timedelta) -> str:
    return format_short(value) if value.seconds % 60 else write_period(value)


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _plain(node: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    match node.get("type"):
        case "array" if "prefixItems" in node:
            return f"list of {len(node['prefixItems'])}: {_value(node['prefixItems'][0], schema)}"
        case "array":
            return f"list of {_value(node['items'], schema)}"
        case "object" if isinstance(inner := node.get("additionalProperties"), dict):
            names = node.get("propertyNames", {}).get("enum")
            return f"{', '.join(f'`{each}`' for each in names) if names else 'name'}: {_value(inner, schema)}"
        case "object":
            return "names and values"
        case "boolean":
            return "`true`, `false`"
        case "integer" | "number" as kind:
            bounds = [f"{said} {_number(node[word])}" for word, said in _BOUNDS.items() if word in node]
            return " ".join(["whole number" if kind == "integer" else "number", ", ".join(bounds)]).strip()
        case "string":
            return _FORMATS.get(node.get("format", ""), "text")
        case _:
            return "tree"
