"""The structs: which components are needed, what they are called, and how each is written."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from client.generator.documents import Api, Document, Schema, operations_of
from client.generator.kinds import Side, is_optional, kind_of, name_in

TAKEN = {
    "dt",
    "Any",
    *(name for name in dir(builtins) if name in ("str", "int", "bool", "float", "bytes", "dict", "tuple")),
}
TAG = "type"


class Component(NamedTuple):
    """A named schema of a document. One that is asked and answered is written as an answer."""

    api: Api
    name: str
    schema: Schema
    side: Side
    struct: str


class Field(NamedTuple):
    """A field of a struct, or a parameter of a function."""

    name: str  # as JSON says it
    python: str
    kind: str
    default: str | None  # None: required
    description: str

    @property
    def declared(self) -> str:
        """As a struct declares it."""
        if self.name == self.python:
            return f"{self.python}: {self.kind}" + (f" = {self.default}" if self.default is not None else "")
        given = f", default={self.default}" if self.default is not None else ""
        return f"{self.python}: {self.kind} = field(name={self.name!r}{given})"

    @property
    def parameter(self) -> str:
        """As a function takes it."""
        return f"{self.python}: {self.kind}" + (f" = {self.default}" if self.default is not None else "")


class Components:
    """All components that operations need, by document and name."""

    def __init__(self, documents: Mapping[Api, Document]) -> None:
        self._documents = documents
        self._sides: dict[tuple[Api, str], Side] = {}
        for operation in operations_of(documents):
            for schema in (media.get("schema", {}) for media in operation.answers.values()):
                self._need(operation.api, schema, "answered")
            if operation.asks is not None:
                self._need(operation.api, operation.asks, "asked")

    def __iter__(self) -> Iterator[Component]:
        found = {component.struct: component for component in map(self._component, sorted(self._sides))}
        return iter([found[struct] for struct in sorted(found)])

    def schema(self, api: Api, name: str) -> Schema:
        """Return a component's schema."""
        schema: Schema = self._documents[api]["components"]["schemas"][name]
        return schema

    def name_of(self, api: Api, schema: Schema) -> str | None:
        """Name the component that a schema is; a command on a route of its own is described in place, by its title."""
        name = name_in(schema) or schema.get("title")
        return name if name in self._documents[api]["components"]["schemas"] else None

    def side_of(self, api: Api, name: str) -> Side:
        """Say how a component's struct is written; the documents may share it."""
        struct = self.struct_of(api, name)
        sides = [side for key, side in self._sides.items() if key[1] == name and self.struct_of(*key) == struct]
        return "answered" if "answered" in sides else "asked"

    def resolved(self, api: Api, schema: Schema) -> Schema:
        """Follow a reference."""
        name = name_in(schema)
        return schema if name is None else self.schema(api, name)

    def struct_of(self, api: Api, name: str) -> str:
        """Name the struct of a component; where the documents disagree about a name, the queries' gets an ending."""
        struct = _class_name(self.schema(api, name).get("title", name))
        other = self._documents["commands"]["components"]["schemas"].get(name)
        is_ambiguous = api == "queries" and ("commands", name) in self._sides and other != self.schema(api, name)
        return f"{struct}Answered" if is_ambiguous else struct

    def fields(self, api: Api, schema: Schema, side: Side, *, within: str = "") -> list[Field]:
        """Return the fields of an object. A tag is none: it follows from the struct."""
        return [
            _field(name, value, name in schema.get("required", ()), self._kind(api, value, side, within), side)
            for name, value in schema.get("properties", {}).items()
            if tag_of(schema, side) is None or name != TAG
        ]

    def kind(self, api: Api, schema: Schema, side: Side) -> str:
        """Write a type as the functions name it."""
        return self._kind(api, schema, side, "models.")

    def _kind(self, api: Api, schema: Schema, side: Side, within: str) -> str:
        return kind_of(schema, side, lambda name: within + self.struct_of(api, name))

    def _component(self, key: tuple[Api, str]) -> Component:
        api, name = key
        return Component(api, name, self.schema(api, name), self.side_of(api, name), self.struct_of(api, name))

    def _need(self, api: Api, schema: Any, side: Side) -> None:
        if isinstance(schema, list):
            for member in schema:
                self._need(api, member, side)
        if not isinstance(schema, dict):
            return
        name = self.name_of(api, schema)
        if name is None:
            for key, value in schema.items():
                self._need(api, list(value.values()) if key == "properties" else value, side)
        elif self._sides.get((api, name)) not in (side, "answered"):
            self._sides[api, name] = side
            self._need(api, {**self.schema(api, name), "title": None}, side)


def write_struct(component: Component, fields: list[Field]) -> str:
    """Write one struct."""
    terms = ["frozen=True", "kw_only=True"]
    tag = tag_of(component.schema, component.side)
    if component.side == "asked":
        terms.append("omit_defaults=True")
    if tag is not None:
        terms += [f"tag_field={TAG!r}", f"tag={tag!r}"]
    described = docstring(component.schema.get("description") or component.name, indent="    ")
    body = [f"    {field.declared}" for field in fields]
    return "\n".join([f"class {component.struct}(Struct, {', '.join(terms)}):", f"    {described}", "", *body, ""])


def tag_of(schema: Schema, side: Side) -> str | None:
    """Return the word by which a server tells this object from others, for objects that are sent."""
    words = schema.get("properties", {}).get(TAG, {}).get("enum", ())
    return words[0] if side == "asked" and len(words) == 1 else None


def python_name(name: str) -> str:
    """Write a name so that Python takes it."""
    plain = re.sub(r"\W", "_", name)
    return f"{plain}_" if keyword.iskeyword(plain) or plain in TAKEN else plain


def docstring(text: str, *, indent: str) -> str:
    """Write a docstring whose lines behind the first stand at an indent."""
    lines = [line.rstrip() for line in text.strip().replace("\\", "\\\\").replace('"""', "'''").split("\n")]
    if len(lines) == 1:
        return f'"""{lines[0]}"""'
    rest = [f"{indent}{line.removeprefix('    ')}".rstrip() for line in lines[1:]]
    return "\n".join([f'"""{lines[0]}', *rest, f'{indent}"""'])


def _class_name(title: str) -> str:
    """`ThingPage[CaseData]` is ThingPageCaseData; a thing of which only "an object" is known is a ThingPage."""
    words = re.split(r"\W+", title.replace("dict[str, typing.Any]", ""))
    return "".join(word[:1].upper() + word[1:] for word in words)


def _field(name: str, schema: Schema, is_required: bool, kind: str, side: Side) -> Field:
    default: str | None = None
    if not is_required:
        default = _default_of(schema, kind, side)
        if default == "UNSET":
            kind = f"{kind} | UnsetType"
    return Field(name, python_name(name), kind, default, _description_of(schema))


def _default_of(schema: Schema, kind: str, side: Side) -> str:
    """Write a default; where Python has none that is safe to share, nothing is sent and the server's own counts."""
    match schema.get("default", ...):
        case builtins.Ellipsis:
            return "None" if is_optional(kind) else "UNSET"
        case []:
            return "()"
        case {} if side == "answered":
            return "field(default_factory=dict)"
        case list() | dict():
            return "UNSET"
        case default:
            return repr(default)


def _description_of(schema: Schema) -> str:
    said = [schema, *schema.get("anyOf", ())]
    return next((part["description"] for part in said if "description" in part), "")
