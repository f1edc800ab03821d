"""Log lines: one JSON object each, whatever is in them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from runtime.ids import new_trace_context
from runtime.logs import FIELD_CHARS_MAX, configure_logging
from runtime.trace import current_trace


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    """What the process would have written to stderr."""
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    stream = io.StringIO()
    configure_logging("test-process", "info", stream=stream)
    yield stream
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)


def _lines(output: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_a_line_says_what_when_where_and_for_which_trace(output: io.StringIO) -> None:
    trace = new_trace_context()
    token = current_trace.set(trace)
    structlog.get_logger().info("transfer_posted", position=7)
    current_trace.reset(token)
    (line,) = _lines(output)

    assert line["event"] == "transfer_posted"
    assert (line["position"], line["level"], line["process"]) == (7, "info", "test-process")
    assert line["trace_id"] == trace.trace_id
    assert str(line["at"]).endswith("Z")


@pytest.mark.parametrize(
    "value",
    [
        'x"}\n{"event":"forged"}',
        "\x1b[31mred\x1b[0m",
        "a\u2028b\u2029c",
        "\u202eevil",
        "\x7f\x85\x9b",
        "half \ud800 pair",
        "\r\n\t\0",
    ],
)
def test_nothing_from_outside_starts_a_line_or_steers_a_terminal(output: io.StringIO, value: str) -> None:
    structlog.get_logger().info("received", value=value)
    text = output.getvalue()

    assert text.count("\n") == 1
    assert all(character.isprintable() for character in text[:-1])
    assert len(_lines(output)) == 1


def test_long_values_are_cut(output: io.StringIO) -> None:
    structlog.get_logger().info("received", value="x" * 10_000, nested={"inner": ["y" * 10_000]})

    assert len(output.getvalue()) < 3 * FIELD_CHARS_MAX
    assert "more characters" in str(_lines(output)[0]["value"])


def test_values_of_any_type_are_written(output: io.StringIO) -> None:
    structlog.get_logger().info("received", pairs={1: object()}, amounts=(1, 2.5, None, True), raw=b"\xff")

    assert _lines(output)[0]["amounts"] == [1, 2.5, None, True]


def test_lines_below_the_level_are_not_written(output: io.StringIO) -> None:
    structlog.get_logger().debug("noise")
    logging.getLogger("library").info("heard")
    logging.getLogger("library").debug("noise")

    assert [line["event"] for line in _lines(output)] == ["heard"]
    assert _lines(output)[0]["logger"] == "library"


def test_a_failure_is_one_line_with_its_stack(output: io.StringIO) -> None:
    try:
        raise RuntimeError("it broke")
    except RuntimeError as error:
        structlog.get_logger().error("task_failed", exc_info=error)
        logging.getLogger("library").exception("task_failed")
    lines = _lines(output)

    assert len(lines) == 2
    assert all("RuntimeError: it broke" in str(line["exception"]) for line in lines)


def test_an_unknown_level_is_refused_with_the_valid_ones() -> None:
    with pytest.raises(ValueError, match="debug, info, warning, error"):
        configure_logging("test-process", "loud")
