"""Tables, and what is said where the libraries for them are missing."""

from __future__ import annotations

import sys

import pytest
from bursar_client import ARROW, CSV, JSON, Content
from bursar_client.errors import BursarError, MissingExtra


def csv(text: bytes = b"a,b\n1,x\n") -> Content:
    return Content(media_type=CSV, data=text, headers={})


def test_a_csv_is_a_table() -> None:
    assert csv().to_arrow().to_pylist() == [{"a": 1, "b": "x"}]
    assert csv().text == "a,b\n1,x\n"


def test_what_is_no_table_is_said_so() -> None:
    with pytest.raises(ValueError, match=f"{JSON} is no table; ask for {ARROW}"):
        Content(media_type=JSON, data=b"{}", headers={}).to_arrow()


@pytest.mark.parametrize(("library", "extra"), [("pyarrow", "arrow"), ("pandas", "pandas")])
def test_a_missing_library_is_named_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, library: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)  # as if it were not installed
    with pytest.raises(MissingExtra, match=rf"pip install 'bursar-client\[{extra}\]'") as missing:
        csv().to_pandas()
    assert isinstance(missing.value, BursarError)
    assert isinstance(missing.value, ImportError)
