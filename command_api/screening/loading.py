"""From a folder of published files to lists: what each file is, in which version, and that it is whole.

The format is read from the content, not from a promise in the name. A file that cannot be read whole is refused whole:
a list with a hole in it would clear names that nobody may pay.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Final

import msgspec

from command_api.screening.entries import ENTRY_ID_CHARS_MAX, NAME_CHARS_MAX, ListEntry, ListFile, ListRefused
from command_api.screening.eu_list import ROOT as EU_ROOT
from command_api.screening.eu_list import read_eu_list
from command_api.screening.ofac_list import LIST as OFAC
from command_api.screening.ofac_list import ROOT as OFAC_ROOT
from command_api.screening.ofac_list import read_ofac_csv, read_ofac_list
from command_api.screening.own_list import read_own_list
from command_api.screening.un_list import ROOT as UN_ROOT
from command_api.screening.un_list import read_un_list
from command_api.screening.xml_gate import check_xml
from contracts.screening import ListName, ListVersion

FILE_BYTES_MAX: Final = 256 * 1024 * 1024  # the largest public list, SDN.XML, is near 30 MB
FILES_MAX: Final = 64
ENTRIES_MAX: Final = 1_000_000  # of one list
SUFFIXES: Final = (".xml", ".csv")
SDN_CSV: Final = "sdn.csv"
ALT_CSV: Final = "alt.csv"

_ROOT: Final = re.compile(rb"<(?!\?|!)(?:[\w.-]+:)?([\w.-]+)")
_READERS: Final = {UN_ROOT: read_un_list, EU_ROOT: read_eu_list, OFAC_ROOT: read_ofac_list}


def list_files(folder: Path) -> tuple[Path, ...]:
    """Name the files of a folder that are lists, by suffix and sorted; hidden files and folders are none."""
    found = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")]
    return tuple(sorted(path for path in found if path.is_file()))


def load_lists(paths: Sequence[Path]) -> tuple[ListFile, ...]:
    """Read the lists in these files, each whole. Raises ListRefused for the first file that cannot be used."""
    if len(paths) > FILES_MAX:
        raise ListRefused(paths[0].parent.name, f"more than {FILES_MAX} files")
    by_name = {path.name.lower(): path for path in paths}
    alternates = by_name.get(ALT_CSV)
    if alternates is not None and SDN_CSV not in by_name:
        raise ListRefused(alternates.name, f"{ALT_CSV} only adds names to {SDN_CSV}, which is not there")
    loaded = tuple(_load(path, alternates=alternates) for path in paths if path != alternates)
    twice = [name for name, count in Counter(file.version.list for file in loaded).items() if count > 1]
    if twice:
        raise ListRefused(twice[0], "two files are this list; keep one of them")
    return loaded


def _load(path: Path, *, alternates: Path | None) -> ListFile:
    content = _read(path)
    sha256 = hashlib.sha256(content)
    if path.suffix.lower() == ".xml":
        published, entries = _read_xml(path.name, content)
    elif path.name.lower() == SDN_CSV:
        also = _read(alternates) if alternates is not None else None
        sha256.update(also or b"")
        published, entries = None, read_ofac_csv(path.name, content, alternates=also)
    else:
        published, entries = read_own_list(path.name, content, name=_own_name(path))
    return _whole(path, entries, sha256=sha256.hexdigest(), published=published)


def _read(path: Path) -> bytes:
    """Read a file up to its greatest size, whatever its size was a moment ago."""
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as fault:
        raise ListRefused(path.name, f"cannot be read: {fault.strerror}") from None
    if len(content) > FILE_BYTES_MAX:
        raise ListRefused(path.name, f"larger than {FILE_BYTES_MAX} bytes")
    return content


def _read_xml(file: str, content: bytes) -> tuple[date | None, Iterator[ListEntry]]:
    check_xml(file, content)
    root = _ROOT.search(content)
    name = root[1].decode("ascii", "replace") if root is not None else ""
    if name not in _READERS:
        raise ListRefused(file, f"the root element is {name!r}; known are {', '.join(sorted(_READERS))}")
    return _READERS[name](file, content)


def _own_name(path: Path) -> str:
    """A list is called what its file is called; the names of the public lists are taken."""
    try:
        name = msgspec.convert(path.stem.lower().replace("-", "_"), ListName)
    except msgspec.ValidationError:
        raise ListRefused(path.name, "the file's name must be a word of letters, digits and _, at most 32") from None
    if name in {"un_sc", "eu_fsf", OFAC}:
        raise ListRefused(path.name, f"{name} is the name of a public list")
    return name


def _whole(path: Path, entries: Iterable[ListEntry], *, sha256: str, published: date | None) -> ListFile:
    kept: list[ListEntry] = []
    nameless, name = 0, ""
    for entry in entries:
        _check(path.name, entry)
        name = entry.list
        if entry.names:
            kept.append(entry)
        else:
            nameless += 1
        if len(kept) > ENTRIES_MAX:
            raise ListRefused(path.name, f"more than {ENTRIES_MAX} entries")
    if not kept:
        raise ListRefused(path.name, "no entry with a name: not a list, or cut off")
    version = ListVersion(list=name, published_on=published, sha256=sha256)
    return ListFile(version=version, entries=tuple(kept), nameless_count=nameless)


def _check(file: str, entry: ListEntry) -> None:
    """Two entries with one id are kept: publishers have sent that, and both can be met."""
    if not 0 < len(entry.entry_id) <= ENTRY_ID_CHARS_MAX:
        raise ListRefused(file, f"an entry has no id, or one longer than {ENTRY_ID_CHARS_MAX} characters")
    if any(len(name.text) > NAME_CHARS_MAX for name in entry.names):
        raise ListRefused(file, f"entry {entry.entry_id} has a name longer than {NAME_CHARS_MAX} characters")
