"""Settings: read once, from one place, and a typo stops the start.

Each process has one frozen msgspec struct. A field `append_timeout_ms` of a process with the prefix `COMMAND_API_` is
set by `COMMAND_API_APPEND_TIMEOUT_MS`, or by `append_timeout_ms` in the TOML file that `COMMAND_API_SETTINGS_FILE`
names; the environment wins. `COMMAND_API_DATABASE_URL_FILE` reads the value from a file, for mounted secrets.
Lists are separated by commas. Every mistake is reported at once, and no message repeats a value: it may be a secret.
"""

from __future__ import annotations

import difflib
import tomllib
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

import msgspec

SECRET_FILE_BYTES_MAX: Final = 65_536  # a mounted secret; anything larger is the wrong file
SETTINGS_FILE: Final = "SETTINGS_FILE"
FILE_SUFFIX: Final = "_FILE"
NEAR_ENOUGH: Final = 0.5  # difflib's similarity above which a name is offered as the one that was meant

_BOUNDS: Final = (("gt", ">"), ("ge", ">="), ("lt", "<"), ("le", "<="), ("min_length", "length >="), ("pattern", "~"))

S = TypeVar("S", bound=msgspec.Struct)


class SettingsError(ValueError):
    """Settings that cannot start a process. The text has one line per mistake: setting, rule, nearest valid name."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class SettingLine(NamedTuple):
    """One setting as documentation shows it."""

    env_name: str
    type: str
    default: str
    doc: str


def load_settings(kind: type[S], environ: Mapping[str, str], *, prefix: str) -> S:
    """Build `kind` from the TOML file and the environment. Raises SettingsError naming every mistake."""
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    mistakes: list[str] = []
    values: dict[str, Any] = {}
    for setting, name, value in _read_sources(environ, prefix, fields.keys(), mistakes):
        if name in fields:
            _convert_into(values, setting, fields[name], value, mistakes)
        else:
            mistakes.append(_unknown(setting, prefix, list(fields)))
    mistakes += [
        f"{prefix}{name.upper()}: required and not set; set it, or {prefix}{name.upper()}{FILE_SUFFIX} to read a file"
        for name, field in fields.items()
        if field.required and name not in values and not any(m.startswith(f"{prefix}{name.upper()}") for m in mistakes)
    ]
    if mistakes:
        raise SettingsError(mistakes)
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:  # a rule between settings, stated in the struct's __post_init__
        raise SettingsError([f"{prefix}*: {error}"]) from error


def describe_settings(kind: type[msgspec.Struct], prefix: str) -> list[SettingLine]:
    """List every setting with its type, default and sentence (`msgspec.Meta(description=...)`), for docs and --help."""
    lines = []
    for field in msgspec.structs.fields(kind):
        if field.required:
            default = "required"
        elif field.default_factory is not msgspec.NODEFAULT:
            default = repr(field.default_factory())
        else:
            default = "" if field.default is None else str(field.default)
        doc = next((m.description for m in _metas(field.type) if m.description), "")
        lines.append(SettingLine(prefix + field.name.upper(), _type_text(field.type), default, doc))
    return lines


def _read_sources(
    environ: Mapping[str, str], prefix: str, known: Any, mistakes: list[str]
) -> Iterator[tuple[str, str, Any]]:
    """Yield (how the operator spelled it, field name, raw value): the file first, so that the environment wins."""
    given = {name.removeprefix(prefix): value for name, value in environ.items() if name.startswith(prefix)}
    settings_file = given.pop(SETTINGS_FILE, None)
    if settings_file is not None:
        for name, value in _read_toml(prefix + SETTINGS_FILE, settings_file, mistakes).items():
            yield f"{name} (in {settings_file})", name, value
    for spelled, value in given.items():
        name = spelled.lower()
        target = name.removesuffix(FILE_SUFFIX.lower())
        if name in known or target == name or target not in known:
            yield prefix + spelled, name, value
        elif target.upper() in given:
            mistakes.append(f"{prefix}{spelled}: {prefix}{target.upper()} is set as well; keep one of the two")
        elif (secret := _read_secret(prefix + spelled, value, mistakes)) is not None:
            yield prefix + spelled, target, secret


def _read_toml(setting: str, path: str, mistakes: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        mistakes.append(f"{setting}: cannot read {path}: {error.strerror}")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        mistakes.append(f"{setting}: {path} is not TOML: {error}")
    return {}


def _read_secret(setting: str, path: str, mistakes: list[str]) -> str | None:
    try:
        with Path(path).open("rb") as file:
            content = file.read(SECRET_FILE_BYTES_MAX + 1)
        if len(content) > SECRET_FILE_BYTES_MAX:
            mistakes.append(f"{setting}: {path} is larger than {SECRET_FILE_BYTES_MAX} bytes; is it the right file?")
            return None
        return content.decode("utf-8").rstrip("\r\n")
    except OSError as error:
        mistakes.append(f"{setting}: cannot read {path}: {error.strerror}")
    except UnicodeDecodeError:
        mistakes.append(f"{setting}: {path} is not UTF-8 text")
    return None


def _convert_into(
    values: dict[str, Any], setting: str, field: msgspec.structs.FieldInfo, value: Any, mistakes: list[str]
) -> None:
    if isinstance(value, str) and _is_list(field.type):
        value = [part.strip() for part in value.split(",") if part.strip()]
    try:
        values[field.name] = msgspec.convert(value, field.type, strict=False)
    except msgspec.ValidationError as error:
        # msgspec quotes an unknown Literal or enum value; keep its rule, not the value.
        rule = _type_text(field.type) if "Invalid enum value" in str(error) else str(error)
        mistakes.append(f"{setting}: {rule if rule.startswith('Expected') else 'Expected one of ' + rule}")


def _unknown(setting: str, prefix: str, names: list[str]) -> str:
    in_file = " (in " in setting
    spelled = setting.split(" ")[0] if in_file else setting.removeprefix(prefix)
    near = difflib.get_close_matches(spelled.lower(), names, n=1, cutoff=NEAR_ENOUGH)
    shown = [name if in_file else prefix + name.upper() for name in (near or sorted(names))]
    remedy = f"did you mean {shown[0]}?" if near else f"valid names: {', '.join(shown)}"
    return f"{setting}: no such setting; {remedy}"


def _metas(kind: Any) -> Iterator[msgspec.Meta]:
    """Yield the Meta of an annotation, also of the members of a union."""
    if get_origin(kind) is Annotated:
        yield from (extra for extra in get_args(kind)[1:] if isinstance(extra, msgspec.Meta))
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, types.UnionType):
        for member in get_args(kind):
            yield from _metas(member)


def _is_list(kind: Any) -> bool:
    if get_origin(kind) is Annotated:
        return _is_list(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        return any(_is_list(member) for member in get_args(kind))
    return (get_origin(kind) or kind) in (list, tuple, set, frozenset)


def _type_text(kind: Any) -> str:
    """Write a type as an operator reads it: `int >= 1, <= 65535`, `production | development`, `str (optional)`."""
    origin = get_origin(kind)
    if origin is Annotated:
        bounds = [
            f"{sign} {getattr(meta, name)}"
            for meta in _metas(kind)
            for name, sign in _BOUNDS
            if getattr(meta, name) is not None
        ]
        return " ".join([_type_text(get_args(kind)[0]), ", ".join(bounds)]).strip()
    if origin is Literal:
        return " | ".join(str(value) for value in get_args(kind))
    if origin in (Union, types.UnionType):
        members = [_type_text(member) for member in get_args(kind) if member is not type(None)]
        return " | ".join(members) + (" (optional)" if type(None) in get_args(kind) else "")
    if origin in (list, tuple, set, frozenset):
        return f"{_type_text(get_args(kind)[0])}, comma-separated"
    return getattr(kind, "__name__", str(kind))
