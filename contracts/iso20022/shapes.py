"""Shapes: a table per element says where each of its leaves goes. What no table names is refused, so nothing is lost.

The readers of ISO 20022 messages are tables instead of code because a message has hundreds of optional leaves: a leaf
that a reader forgets to ask for is silently dropped, a leaf that a table does not name is found. Each leaf is one of

- read: it has a line in ``leaves`` (text) or ``groups`` (an element with a reader of its own);
- ignored: its path is in ``ignored`` with the reason, and the file's reader reports that it was there;
- unsupported: its path is in ``unsupported`` with the reason, and the file is refused, because to leave it out would
  change what is paid, to whom or how;
- unknown: refused (``unknown_element``), unless the shape is ``lenient`` - statements of banks, which carry much more
  than a ledger asks for.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final
from xml.etree.ElementTree import Element

from msgspec import Struct

from contracts.file_refusals import FileRefusalCode, wrong

_BLANK: Final = " \t\r\n"

Notes = set[str]  # paths of ignored elements that were met


class Leaf(Struct, frozen=True):
    """A text: the field that it fills, its longest length, and whether it may stand several times (a tuple then)."""

    field: str
    chars_max: int = 35
    many: bool = False


class Group(Struct, frozen=True):
    """An element that ``read`` turns into a value, given the element, its place and the notes."""

    field: str
    read: Callable[[Element, str, Notes], Any]
    many: bool = False


class Shape(Struct, frozen=True, kw_only=True):
    """The table of one element; paths are relative to it (``PmtId/UETR``)."""

    leaves: Mapping[str, Leaf] = {}
    groups: Mapping[str, Group] = {}
    ignored: Mapping[str, str] = {}
    unsupported: Mapping[str, str] = {}
    lenient: bool = False


def read_shape(element: Element, shape: Shape, where: str, notes: Notes) -> dict[str, Any]:
    """Fill the fields of a shape: texts, values of groups, tuples of those that may repeat. Raises Unreadable."""
    fields: dict[str, Any] = {}
    _walk(element, "", shape, where, notes, fields)
    return fields


def _walk(element: Element, prefix: str, shape: Shape, where: str, notes: Notes, fields: dict[str, Any]) -> None:
    counts: dict[str, int] = {}
    for child in element:
        path = prefix + child.tag
        if (group := shape.groups.get(path)) is not None:
            nth = counts[path] = counts.get(path, 0) + 1
            place = f"{where}/{path}[{nth}]" if group.many else f"{where}/{path}"
            _put(fields, group, group.read(child, place, notes), place)
        elif (leaf := shape.leaves.get(path)) is not None:
            text = text_of_leaf(child, leaf.chars_max, f"{where}/{path}", lenient=shape.lenient)
            if text is not None:
                _put(fields, leaf, text, f"{where}/{path}")
        elif path in shape.ignored:
            notes.add(path)
        elif path in shape.unsupported:
            raise wrong(FileRefusalCode.UNSUPPORTED_ELEMENT, shape.unsupported[path], f"{where}/{path}")
        elif len(child):
            _walk(child, path + "/", shape, where, notes, fields)
        elif not shape.lenient and not _is_container(path, shape):
            raise wrong(FileRefusalCode.UNKNOWN_ELEMENT, "no such element is known here", f"{where}/{path}")


def _is_container(path: str, shape: Shape) -> bool:
    """True for an empty element that only holds others, such as ``<FinInstnId/>``."""
    inside = path + "/"
    return any(known.startswith(inside) for table in (shape.leaves, shape.groups) for known in table)


def text_of_leaf(leaf: Element, chars_max: int, where: str, *, lenient: bool = False) -> str | None:
    """The text of an element without elements in it, blanks around it removed; None if it is empty and may be."""
    if len(leaf):
        raise wrong(FileRefusalCode.UNKNOWN_ELEMENT, "it must hold text, not elements", f"{where}/{leaf[0].tag}")
    text = (leaf.text or "").strip(_BLANK)
    if not text:
        if lenient:
            return None
        raise wrong(FileRefusalCode.EMPTY_ELEMENT, "it is empty; leave the element out instead", where)
    if len(text) > chars_max:
        raise wrong(FileRefusalCode.TOO_LONG, f"it has {len(text)} characters, {chars_max} are allowed", where)
    return text


def _put(fields: dict[str, Any], entry: Leaf | Group, value: Any, where: str) -> None:
    if entry.many:
        fields[entry.field] = (*fields.get(entry.field, ()), value)
    elif entry.field in fields:
        raise wrong(FileRefusalCode.REPEATED_ELEMENT, "it stands here more than once", where)
    else:
        fields[entry.field] = value


def required(fields: Mapping[str, Any], names: Mapping[str, str], where: str) -> None:
    """Refuse what lacks one of ``names`` (field to the element's path). Raises Unreadable."""
    for field, path in names.items():
        if field not in fields:
            raise wrong(FileRefusalCode.MISSING_ELEMENT, f"{path} is missing", f"{where}/{path}")
