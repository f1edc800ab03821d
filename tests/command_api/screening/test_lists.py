"""The published formats are read as they are; what is broken, hostile or cut off is refused whole."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import command_api.screening
from command_api.screening.countries import country_code
from command_api.screening.dates import birth_date_of
from command_api.screening.entries import BirthDate, ListEntry, ListFile, ListRefused
from command_api.screening.loading import list_files, load_lists

SAMPLES = Path(command_api.screening.__file__).parent / "samples"
DAY = date(1961, 4, 9)

OWN = "entry_id,kind,name,birth_dates,countries\nx-1,person,Ludger Quastenbrink,1980,DE\n"
UN = "<CONSOLIDATED_LIST><INDIVIDUALS><INDIVIDUAL><DATAID>1</DATAID>{}</INDIVIDUAL></INDIVIDUALS></CONSOLIDATED_LIST>"


def load_one(folder: Path, name: str, content: str | bytes) -> ListFile:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_lists([path])[0]


def entry(file: ListFile, entry_id: str) -> ListEntry:
    return next(entry for entry in file.entries if entry.entry_id == entry_id)


def names(entry: ListEntry) -> dict[str, str]:
    return {name.text: name.quality for name in entry.names}


@pytest.fixture(scope="module")
def samples() -> dict[str, ListFile]:
    return {file.version.list: file for file in load_lists(list_files(SAMPLES))}


class TestTheSamples:
    def test_each_format_is_recognised_with_its_date(self, samples: dict[str, ListFile]) -> None:
        assert {name: file.version.published_on for name, file in samples.items()} == {
            "un_sc": date(2026, 9, 1),
            "eu_fsf": date(2026, 9, 2),
            "ofac_sdn": date(2026, 9, 3),
            "pep": date(2026, 9, 4),
        }
        assert all(len(file.version.sha256) == 64 for file in samples.values())

    def test_the_united_nations(self, samples: dict[str, ListFile]) -> None:
        first = entry(samples["un_sc"], "SAi.001")
        assert names(first) == {
            "VADIM ORESTOVICH ZLATOGORSKY": "primary",
            "Vadym Zlatohorskyi": "good",
            "Zlato": "low",
            "Вадим Орестович Златогорский": "good",
        }
        assert (first.kind, first.programme, *first.countries) == ("person", "SAMPLE", "RU")
        assert first.birth_dates == (BirthDate(1961, 1961, DAY),)
        second = entry(samples["un_sc"], "SAi.002")
        assert second.birth_dates == (BirthDate(1973, 1975), BirthDate(1976, 1978))
        assert second.countries == {"IQ", "SY"}
        assert entry(samples["un_sc"], "SAe.001").kind == "entity"
        assert entry(samples["un_sc"], "SAe.001").countries == {"KP"}

    def test_the_european_union(self, samples: dict[str, ListFile]) -> None:
        person = entry(samples["eu_fsf"], "EU.9001.1")
        assert names(person) == {
            "Eleftherios Kastromenakis": "primary",
            "Ελευθέριος Καστρομενάκης": "good",
            "Lefteris": "low",
        }
        assert (person.kind, *person.countries) == ("person", "GR")
        assert entry(samples["eu_fsf"], "EU.9002.7").birth_dates == (BirthDate(1979, 1981), BirthDate(1983, 1985))
        assert entry(samples["eu_fsf"], "EU.9003.4").kind == "entity"

    def test_the_united_states(self, samples: dict[str, ListFile]) -> None:
        person = entry(samples["ofac_sdn"], "900001")
        assert names(person) == {
            "Tomislav BRKULJEVIC": "primary",
            "Tomo BRKULJEVIĆ": "good",
            "THE BURSTING CLOUD": "low",
        }
        assert person.birth_dates == (BirthDate(1966, 1966, date(1966, 8, 14)), BirthDate(1966, 1968))
        assert [entry.kind for entry in samples["ofac_sdn"].entries] == ["person", "entity", "vessel", "person"]
        assert entry(samples["ofac_sdn"], "900002").programme == "SAMPLE, SAMPLE2"

    def test_the_united_states_in_csv(self) -> None:
        file = load_lists([SAMPLES / "csv" / "sdn.csv", SAMPLES / "csv" / "alt.csv"])[0]
        person = entry(file, "900001")
        assert names(person) == {"BRKULJEVIC, Tomislav": "primary", "BRKULJEVIC, Tomo": "good"}
        assert person.birth_dates == (BirthDate(1966, 1966, date(1966, 8, 14)), BirthDate(1966, 1968))
        assert person.countries == {"HR"}
        assert [entry.kind for entry in file.entries] == ["person", "entity", "vessel"]

    def test_our_own(self, samples: dict[str, ListFile]) -> None:
        person = entry(samples["pep"], "pep-004")
        assert (*person.birth_dates, *person.countries) == (BirthDate(1968, 1970), "GH")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1961-04-09", BirthDate(1961, 1961, DAY)),
        ("09 Apr 1961", BirthDate(1961, 1961, DAY)),
        ("Apr 1961", BirthDate(1961, 1961)),
        ("circa 1961", BirthDate(1960, 1962)),
        ("1958 to 1961", BirthDate(1958, 1961)),
        ("1958-1961", BirthDate(1958, 1961)),
        ("unknown", None),
    ],
)
def test_birth_dates(text: str, expected: BirthDate | None) -> None:
    assert birth_date_of(text) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [("DE", "DE"), ("Iran (Islamic Republic of)", "IR"), ("Korea, North", "KP"), ("Côte d'Ivoire", "CI"),
     ("Democratic Republic of the Congo", "CD"), ("Türkiye", "TR"), ("00", None), ("Atlantis", None)],
)  # fmt: skip
def test_countries(text: str, code: str | None) -> None:
    assert country_code(text) == code


class TestRefusals:
    @pytest.mark.parametrize(
        "content",
        [
            '<!DOCTYPE x [<!ENTITY a "b">]>' + UN.format("<FIRST_NAME>&a;</FIRST_NAME>"),
            '<?xml version="1.0"?>\n<!doctype CONSOLIDATED_LIST SYSTEM "file:///etc/passwd">' + UN.format(""),
            UN.format("<FIRST_NAME>A</FIRST_NAME>").replace("<INDIVIDUALS>", "<INDIVIDUALS><!ENTITY a 'b'>"),
        ],
        ids=["entity", "external", "inside"],
    )
    def test_declarations(self, tmp_path: Path, content: str) -> None:
        with pytest.raises(ListRefused, match="DOCTYPE or entity"):
            load_one(tmp_path, "un.xml", content)

    def test_a_doctype_hidden_by_its_encoding(self, tmp_path: Path) -> None:
        hidden = ('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x>' + UN.format("")).encode("utf-16")
        with pytest.raises(ListRefused, match="UTF-8"):
            load_one(tmp_path, "un.xml", hidden)
        with pytest.raises(ListRefused, match="encoding"):
            load_one(tmp_path, "un.xml", '<?xml version="1.0" encoding="UTF-7"?>' + UN.format(""))
        with pytest.raises(ListRefused, match="null"):
            load_one(tmp_path, "un.xml", UN.format("").encode("utf-16-le"))

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (UN.format("<a>" * 20 + "</a>" * 20), "nested deeper"),
            (UN.format("<a/>" * 20_001), "in one entry"),
            (UN.format("<FIRST_NAME>A</FIRST_NAME>")[:-10], "not well-formed"),
            (UN.format("<FIRST_NAME>" + "A" * 501 + "</FIRST_NAME>"), "longer than 500"),
            (UN.format(""), "no entry with a name"),
            (UN.replace("<DATAID>1</DATAID>", "").format("<FIRST_NAME>A</FIRST_NAME>"), "no id"),
            ("<rss/>", "root element is 'rss'"),
            ("", "root element is ''"),
            ("<sdnList><sdnEntry/></sdnList>", "no publshInformation"),
        ],
    )
    def test_xml(self, tmp_path: Path, content: str, reason: str) -> None:
        with pytest.raises(ListRefused, match=reason):
            load_one(tmp_path, "list.xml", content)

    @pytest.mark.parametrize(
        ("name", "content", "reason"),
        [
            ("pep.csv", OWN.replace("name,", "names,"), "header row"),
            ("pep.csv", OWN.replace("person", "human"), "line 2: kind must be one of person, entity"),
            ("pep.csv", OWN.replace("1980", "eighty"), "line 2: birth_dates: 'eighty'"),
            ("pep.csv", OWN.replace(",DE", ",Atlantis"), "line 2: countries: 'Atlantis'"),
            ("pep.csv", OWN.replace(",DE", ""), "line 2: 5 columns expected"),
            ("pep.csv", OWN.replace("Ludger Quastenbrink", " "), "line 2: name is empty"),
            ("pep.csv", "# made today\n" + OWN, "first line"),
            ("pep.csv", "# published_on: 2026-02-30\n" + OWN, "no date"),
            ("pep.csv", "# published_on: 2026-02-28\n" + OWN.replace("person", "human"), "line 3: kind"),
            ("pep.csv", OWN.encode("latin-1").replace(b"Q", b"\xff"), "not UTF-8"),
            ("un_sc.csv", OWN, "name of a public list"),
            ("my list.csv", OWN, "letters, digits and _"),
            ("sdn.csv", "1,2,3\n", "12 columns"),
            ("alt.csv", "1,2,aka,x,-0-\n", "which is not there"),
        ],
    )
    def test_csv(self, tmp_path: Path, name: str, content: str | bytes, reason: str) -> None:
        with pytest.raises(ListRefused, match=reason):
            load_one(tmp_path, name, content)

    def test_two_files_for_one_list(self) -> None:
        with pytest.raises(ListRefused, match="two files are this list"):
            load_lists([SAMPLES / "ofac_sdn.xml", SAMPLES / "csv" / "sdn.csv"])

    def test_a_file_that_is_too_large(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("command_api.screening.loading.FILE_BYTES_MAX", 10)
        with pytest.raises(ListRefused, match="larger than 10"):
            load_one(tmp_path, "pep.csv", OWN)

    def test_a_file_that_is_gone(self, tmp_path: Path) -> None:
        with pytest.raises(ListRefused, match="cannot be read"):
            load_lists([tmp_path / "pep.csv"])


def test_the_version_follows_the_bytes(tmp_path: Path) -> None:
    first = load_one(tmp_path, "pep.csv", OWN).version
    second = load_one(tmp_path, "pep.csv", OWN + "x-2,person,Marisol Echevarrieta,,\n").version
    assert first.list == second.list == "pep"
    assert first.sha256 != second.sha256


def test_end_of_file_marks_and_blank_aliases_of_ofac_are_known(tmp_path: Path) -> None:
    content = (SAMPLES / "csv" / "sdn.csv").read_text() + "\x1a\r\n"
    assert len(load_one(tmp_path, "SDN.CSV", content).entries) == 3
