"""Log lines: one JSON object each, on stderr, fit for machines and harmless to terminals.

JSON encodes every control character, so that a value from outside can neither start a new line nor colour a screen;
line separators that JSON leaves alone are encoded too. Values are cut at FIELD_CHARS_MAX. Keys come from code only:
never pass a dictionary from outside as keyword arguments.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Final, TextIO

import msgspec
import structlog

from runtime.trace import current_trace

FIELD_CHARS_MAX: Final = 2048
NESTED_ITEMS_MAX: Final = 50
LEVELS: Final = ("debug", "info", "warning", "error")

# JSON may carry these as they are, but terminals and JavaScript readers act on them.
_UNSAFE: Final = {code: f"\\u{code:04x}" for code in (0x7F, *range(0x80, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F))}


def configure_logging(process: str, level: str, *, stream: TextIO | None = None) -> None:
    """Send structlog and the standard library's logging to `stream` (stderr) as JSON lines. Called once per process.

    Raises ValueError for a level that is not one of LEVELS.
    """
    if level not in LEVELS:
        raise ValueError(f"unknown log level {level!r}; use one of {', '.join(LEVELS)}")
    threshold = logging.getLevelNamesMapping()[level.upper()]
    output = sys.stderr if stream is None else stream
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _Origin(process),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, _cap_fields, _render],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(output),
        cache_logger_on_first_use=False,  # tests and tools may configure again
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared[:-1], structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _cap_fields,
                _render,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(threshold)


class _Origin:
    """Adds which process speaks, and for which trace."""

    def __init__(self, process: str) -> None:
        self._process = process

    def __call__(self, _logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        line["process"] = self._process
        trace = current_trace.get()
        if trace is not None:
            line.setdefault("trace_id", trace.trace_id)
        return line


def _cap_fields(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in line.items():
        line[name] = _capped(value)
    return line


def _capped(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_capped(item) for item in list(value)[:NESTED_ITEMS_MAX]]
    if isinstance(value, Mapping):
        return {str(key): _capped(item) for key, item in list(value.items())[:NESTED_ITEMS_MAX]}
    text = value if isinstance(value, str) else str(value)
    if len(text) <= FIELD_CHARS_MAX:
        return text
    return f"{text[:FIELD_CHARS_MAX]}… ({len(text) - FIELD_CHARS_MAX} more characters)"


def _render(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> str:
    # A lone surrogate cannot be encoded as UTF-8; logging it must not be what brings a process down.
    try:
        text = msgspec.json.encode(line).decode()
    except UnicodeEncodeError:
        safe = {name: str(value).encode("utf-8", "backslashreplace").decode() for name, value in line.items()}
        text = msgspec.json.encode(safe).decode()
    return text.translate(_UNSAFE)
