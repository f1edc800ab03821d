"""What the door is told: hits with their evidence, what raises and lowers a score, and what never leaves in clear."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from command_api.screening import loaded, screener
from command_api.screening.entries import BirthDate, ListedName, ListEntry, ListRefused, born_on
from command_api.screening.names import UnscreenableName
from command_api.screening.screener import Party, Screener, summary_of
from command_api.screening.settings import ScreeningSettings, ScreeningTerms
from tests.command_api.screening.corpus import entry_of, screener_of
from tests.command_api.screening.test_lists import OWN, SAMPLES

DAY = date(1961, 4, 9)
LISTED = replace(entry_of("Vadim Orestovich Zlatogorsky", 1), birth_dates=(born_on(DAY),), countries=frozenset({"RU"}))


@pytest.fixture(scope="module")
def samples() -> Screener:
    return Screener.load([SAMPLES])


def note_comparisons(patch: pytest.MonkeyPatch, threads: list[threading.Thread]) -> None:
    """Note the thread of every comparison."""
    real = loaded._matches

    def noted(question: loaded.Question, *, least: int) -> list[loaded.Match]:
        threads.append(threading.current_thread())
        return real(question, least=least)

    patch.setattr(loaded, "_matches", noted)


def hits(screener: Screener, name: str) -> dict[str, int]:
    return {hit.entry_id: hit.score_permille for hit in screener.screen(Party(name=name)).hits}


@pytest.mark.parametrize(
    ("name", "entry_id"),
    [
        ("Vadim Zlatogorsky", "SAi.001"),
        ("Вадим Златогорский", "SAi.001"),
        ("Zlato", "SAi.001"),
        ("Qassem Hadoun al-Marzawi", "SAi.002"),
        ("قاسم حدون المرزاوي", "SAi.002"),
        ("朱凌甫", "SAi.003"),
        ("Lingfu ZHU", "SAi.003"),
        ("Zhu Ling Fu", "SAi.003"),
        ("ΕΛΕΥΘΕΡΙΟΣ ΚΑΣΤΡΟΜΕΝΑΚΗΣ", "EU.9001.1"),
        ("Ludger Quaestenbrink", "EU.9002.7"),
        ("Nordlicht Quarz Handel AG", "EU.9003.4"),
        ("Golden Heron Oreworks", "SAe.001"),
        ("Евгения Присталкина", "900004"),
        ("Banco Plateran del Yermo", "900002"),
        ("Thorgrimur Hallbjornsson", "pep-003"),
    ],
)
def test_a_listed_name_is_met_in_other_writings(samples: Screener, name: str, entry_id: str) -> None:
    assert entry_id in hits(samples, name)


@pytest.mark.parametrize(
    "name",
    ["Anna Schmidt", "Vadim Petrov", "محمد حسن", "王伟", "Lefteris Papadakis", "Golden Gate Oreworks Ltd",
     "Banco del Yermo", "Star Shipping"],
)  # fmt: skip
def test_another_name_is_clear(samples: Screener, name: str) -> None:
    assert hits(samples, name) == {}


def test_a_name_listed_in_arabic_only_is_met_in_latin() -> None:
    entry = ListEntry(list="own", entry_id="a", kind="person", names=(ListedName("قاسم حدون المرزاوي", "primary"),))
    assert hits(screener_of([entry]), "Qasim Haddun al-Marzawi") == {"a": 960}


def test_a_name_listed_in_latin_only_is_met_in_arabic() -> None:
    assert hits(screener_of([entry_of("Qasim Haddun al-Marzawi")]), "قاسم حدون المرزاوي") == {"own-0": 960}


class TestWhatElseIsKnown:
    """A near name: 923 by itself."""

    NAME = "omTislav rBkuljevic"

    @pytest.mark.parametrize(
        ("known", "change"),
        [
            ({}, 0),
            ({"birth_date": born_on(DAY)}, 40),
            ({"birth_date": born_on(date(1961, 12, 1))}, 20),
            ({"birth_date": BirthDate(1963, 1963)}, 0),
            ({"birth_date": BirthDate(1964, 1964)}, -100),
            ({"countries": frozenset({"HR", "DE"})}, 20),
            ({"countries": frozenset({"DE"})}, -20),
            ({"kind": "person"}, 0),
            ({"kind": "entity"}, -50),
            ({"birth_date": born_on(DAY), "countries": frozenset({"HR"})}, 60),
        ],
    )
    def test_raises_or_lowers_the_score(self, known: dict[str, object], change: int) -> None:
        entry = replace(entry_of("Tomislav Brkuljevic"), birth_dates=(born_on(DAY),), countries=frozenset({"HR"}))
        screener = screener_of([entry], threshold=700)
        plain = screener.screen(Party(name=self.NAME)).hits[0].score_permille
        assert screener.screen(Party(name=self.NAME, **known)).hits[0].score_permille == plain + change  # type: ignore[arg-type]

    def test_clears_a_near_name(self) -> None:
        party = Party(name="Vadim Zlatogorskaya", birth_date=born_on(date(1999, 1, 1)))
        assert screener_of([LISTED]).screen(replace(party, birth_date=None)).outcome == "hit"
        assert screener_of([LISTED]).screen(party).outcome == "clear"

    def test_makes_a_hit_of_what_the_names_alone_are_not(self) -> None:
        party = Party(name="Vadym Slatogorski Orestowitsch")
        alone = screener_of([LISTED], threshold=700).screen(party).hits[0].score_permille
        screener = screener_of([LISTED], threshold=alone + 1)
        assert screener.screen(party).outcome == "clear"
        assert screener.screen(replace(party, birth_date=born_on(DAY))).outcome == "hit"

    def test_never_clears_the_very_name(self) -> None:
        party = Party(
            name=LISTED.names[0].text, kind="entity", birth_date=born_on(date(1999, 1, 1)), countries=frozenset({"FR"})
        )
        assert screener_of([LISTED]).screen(party).hits[0].score_permille == 880

    def test_a_weak_alias_counts_less(self) -> None:
        weak = replace(LISTED, names=(ListedName("Zlato", "low"),))
        assert hits(screener_of([weak]), "Zlato") == {"own-1": 950}


class TestTheResult:
    def test_holds_the_best_hits_and_counts_all(self) -> None:
        many = screener_of((entry_of(f"Vadim Zlatogorsky{'y' * n}", n) for n in range(6)), hits_max=2)
        result = many.screen(Party(name="Vadim Zlatogorsky"))
        assert [hit.entry_id for hit in result.hits] == ["own-0", "own-1"]
        assert result.hits_count > 2
        assert result.hits[0].score_permille == 1000

    def test_an_entry_with_two_near_names_is_one_hit(self) -> None:
        twice = replace(
            LISTED, names=(ListedName("Vadim Zlatogorski", "good"), ListedName("Vadim Zlatogorsky", "good"))
        )
        result = screener_of([twice]).screen(Party(name="Vadim Zlatogorsky"))
        assert [(hit.listed_name, hit.score_permille) for hit in result.hits] == [("Vadim Zlatogorsky", 1000)]

    def test_the_summary_holds_no_name(self, samples: Screener) -> None:
        summary = samples.screen(Party(name="Vadim Zlatogorskij", birth_date=born_on(DAY))).summary()
        assert summary.outcome == "hit"
        assert summary.lists == samples.lists
        written = msgspec.json.encode(summary).decode().lower()
        assert not [word for word in ("vadim", "zlatogorsk", "1961") if word in written]

    def test_summaries_of_several_parties_are_one(self, samples: Screener) -> None:
        results = [samples.screen(Party(name=name)) for name in ("Anna Schmidt", "Vadim Zlatogorsky", "Lingfu Zhu")]
        summary = summary_of(results)
        assert (summary.outcome, summary.hits_count) == ("hit", 2)
        assert [hit.entry_id for hit in summary.hits] == ["SAi.003", "SAi.001"]
        assert summary_of(results[:1]).outcome == "clear"
        with pytest.raises(ValueError, match="same lists"):
            summary_of([])
        with pytest.raises(ValueError, match="same lists"):
            summary_of([results[0], screener_of([LISTED]).screen(Party(name="Anna Schmidt"))])


class TestLoading:
    def test_needs_a_list(self, tmp_path: Path) -> None:
        for paths in ([], [tmp_path]):
            with pytest.raises(ListRefused, match="at least one"):
                Screener.load(paths)
        with pytest.raises(ListRefused, match="cannot be read"):
            Screener.load([tmp_path / "gone.csv"])

    def test_exchanges_the_lists_whole_or_not_at_all(self, tmp_path: Path) -> None:
        (tmp_path / "pep.csv").write_text(OWN)
        screener = Screener.load([tmp_path])
        before = screener.lists
        assert hits(screener, "Ludger Quastenbrink") == {"x-1": 1000}

        (tmp_path / "pep.csv").write_text(OWN.replace("person", "human"))
        with pytest.raises(ListRefused):
            screener.reload()
        assert screener.lists == before
        assert hits(screener, "Ludger Quastenbrink") == {"x-1": 1000}

        (tmp_path / "pep.csv").write_text(OWN.replace("Ludger Quastenbrink", "Marisol Echevarrieta"))
        assert screener.reload() == screener.lists != before
        assert hits(screener, "Ludger Quastenbrink") == {}
        assert hits(screener, "Marisol Echevarrieta") == {"x-1": 1000}

    def test_a_name_asked_again_is_remembered_up_to_a_bound(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(loaded, "NAMES_REMEMBERED_MAX", 2)
        compared: list[threading.Thread] = []
        note_comparisons(monkeypatch, compared)
        screener = screener_of([LISTED])
        first = screener.screen(Party(name="Vadim Zlatogorsky"))
        cost = len(compared)
        assert screener.screen(Party(name="ZLATOGORSKY vadim")).hits == first.hits
        assert len(compared) == cost
        for name in ("Anna Schmidt", "Clara Korn", "Vadim Zlatogorsky"):
            screener.screen(Party(name=name))
        assert len(compared) == 4 * cost

    def test_a_name_that_is_none_is_refused(self, samples: Screener) -> None:
        with pytest.raises(UnscreenableName):
            samples.screen(Party(name="---"))


class TestAside:
    async def test_answers_the_same(self, samples: Screener) -> None:
        for name in ("Vadim Zlatogorsky", "Anna Schmidt"):
            assert await samples.screen_aside(Party(name=name)) == samples.screen(Party(name=name))

    async def test_much_work_leaves_the_loop_and_little_stays(self, monkeypatch: pytest.MonkeyPatch) -> None:
        threads: list[threading.Thread] = []
        note_comparisons(monkeypatch, threads)
        screener_ = screener_of([LISTED])
        assert (await screener_.screen_aside(Party(name="Vadim Zlatogorsky"))).outcome == "hit"
        assert set(threads) == {threading.main_thread()}
        threads.clear()
        monkeypatch.setattr(screener, "COMPARED_IN_THE_LOOP_MAX", 0)
        assert (await screener_.screen_aside(Party(name="Orestovich Zlatogorsky"))).outcome == "hit"
        assert threads
        assert threading.main_thread() not in threads


def test_settings_give_the_terms() -> None:
    settings = ScreeningSettings(screening_threshold_permille=900, screening_hits_max=3)
    assert settings.screening_terms() == ScreeningTerms(threshold_permille=900, hits_max=3)
