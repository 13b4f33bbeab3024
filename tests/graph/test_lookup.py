"""Looking up at Wikidata, against a real HTTP server that speaks its API, faults included. Nothing else reaches a network."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from summitgraph import pipeline
from summitgraph.cli import main
from summitgraph.graph import lookup, reference
from summitgraph.graph.records import Document
from summitgraph.graph.store import open_reader
from summitgraph.graph.wikidata_api import Api, OnlineError
from tests.conftest import STAMP

from .test_review import links, listed
from .wikibase import Wikibase, item, serving

TEXT = (
    "The AI Seoul Summit 2024 was held in Seoul on 21 May 2024. It was chaired by Yoon Suk Yeol. "
    "French Minister Jeanne Essai spoke at the summit. German Minister Karl Muster spoke at the summit."
)
MINISTER, OTHER = "Q900000001", "Q900000002"
YOON = "Q12583942"


@pytest.fixture
def wikibase() -> Iterator[Wikibase]:
    """A server that knows one minister of the text, and the items the text links to."""
    with serving() as known:
        known.add(item(MINISTER, "Q5", "Q142", en="Jeanne Essai", ar="جان إيسيه", fr="Jeanne Essai"))
        yield known


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Path]:
    """A store with a text in which two people are not known."""
    path = tmp_path / "store"
    assert pipeline.load([Document(TEXT, "en", title="Seoul", source="a.txt", generated_at=STAMP)], path).of("stored")
    yield path
    reference.use(None)


class Sleeps(list[float]):
    """Notes how long it was to wait, and does not."""

    def __call__(self, seconds: float) -> None:
        self.append(round(seconds, 1))


def api(wikibase: Wikibase, store: Path, sleep: Sleeps | None = None, **more: Any) -> Api:
    return Api(store / lookup.CACHE, wikibase.url, interval_s=0, sleep=sleep if sleep is not None else Sleeps(), **more)


def look_up(wikibase: Wikibase, store: Path, *more: str) -> str:
    arguments = ["link", "--online", "--api", wikibase.url, "--interval", "0", "--store", str(store), *more]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    return done.output


def known_to_wikibase(store: Path, wikibase: Wikibase) -> None:
    """Let the server know every item the text links to."""
    for qid in links(store):
        row = reference.load().by_qid()[qid]
        wikibase.add(item(qid, "Q5", row.parent, **{lang: text for lang, text in row.labels.items() if text}))


def test_what_is_found_and_fits_the_text_is_linked(wikibase: Wikibase, store: Path) -> None:
    known_to_wikibase(store, wikibase)

    said = look_up(wikibase, store)

    assert "1 items found" in said
    assert MINISTER in links(store)
    found = next(one for one in listed(store, "Accepted") if one.candidate == MINISTER)
    assert "the only item of this name and kind at Wikidata" in found.reason
    row = reference.load().by_qid()[MINISTER]
    assert row.evidence.startswith("looked up: Wikidata search for “Jeanne Essai” (en), revision 17")
    assert row.labels["ar"] == "جان إيسيه"
    assert reference.load().descriptions[MINISTER, "en"] == "a person of note"


def test_a_name_that_only_the_search_supports_waits_for_a_person(wikibase: Wikibase, store: Path) -> None:
    known_to_wikibase(store, wikibase)
    wikibase.add(item(OTHER, "Q5", "Q213", en="Karl Muster"))

    look_up(wikibase, store)

    assert OTHER not in links(store)
    waiting = next(one for one in listed(store, "NeedsReview") if one.candidate == OTHER)
    assert "nothing in the text tells it from others" in waiting.reason


@pytest.mark.parametrize("kind", ["Q515", "Q99999999"])
def test_an_item_of_another_or_unknown_class_is_left(wikibase: Wikibase, store: Path, kind: str) -> None:
    known_to_wikibase(store, wikibase)
    wikibase.add(item(OTHER, kind, "Q142", en="Karl Muster"))

    look_up(wikibase, store)

    assert OTHER not in reference.load().by_qid()


def test_several_people_of_one_name_wait_for_a_person(wikibase: Wikibase, store: Path) -> None:
    known_to_wikibase(store, wikibase)
    wikibase.add(item(OTHER, "Q5", "Q142", en="Jeanne Essai"))

    look_up(wikibase, store)

    assert links(store).isdisjoint({MINISTER, OTHER})
    assert {one.candidate for one in listed(store, "NeedsReview")} >= {MINISTER, OTHER}


def test_merged_items_are_followed_and_deleted_ones_let_go(wikibase: Wikibase, store: Path) -> None:
    known_to_wikibase(store, wikibase)
    chair = next(one for one in listed(store, "Accepted") if one.names and one.names[0] == "Yoon Suk Yeol").candidate
    city = next(one for one in listed(store, "Accepted") if one.type == "City").candidate
    wikibase.add(item("Q900000009", "Q5", "Q884", en="Yoon Suk Yeol"))
    wikibase.merged[chair] = "Q900000009"
    del wikibase.items[city]

    said = look_up(wikibase, store)

    assert "1 merged and 1 deleted" in said
    assert "Q900000009" in links(store)
    assert links(store).isdisjoint({chair, city})
    refused = next(one for one in listed(store, "Rejected") if one.candidate == city)
    assert "deleted" in refused.reason


def test_a_second_run_asks_nothing_again(wikibase: Wikibase, store: Path) -> None:
    known_to_wikibase(store, wikibase)
    look_up(wikibase, store)
    asked = len(wikibase.asked)

    said = look_up(wikibase, store)

    searches = [one for one in wikibase.asked[asked:] if one["action"] == "wbsearchentities"]
    assert searches == []
    assert "0 items found" in said


def test_a_dry_run_asks_nothing_and_writes_nothing(wikibase: Wikibase, store: Path) -> None:
    said = look_up(wikibase, store, "--dry-run")

    assert "search\tPerson\ten\tJeanne Essai" in said
    assert wikibase.asked == []
    assert not (store / lookup.CACHE).exists()
    assert not (store / reference.OWN).exists()


def test_an_interrupted_run_goes_on_where_it_stopped(wikibase: Wikibase, store: Path) -> None:
    known_to_wikibase(store, wikibase)
    snapshot, reader = open_reader(store)
    with snapshot:
        wanted = lookup.plan(reader)
    assert len(wanted.searches()) >= 2
    wikibase.faults = ["", *["503"] * 6]

    with pytest.raises(OnlineError, match=r"did not answer after 6 tries .*goes on where it stopped"):
        lookup.run(api(wikibase, store), wanted, store / reference.OWN)
    first = len(wikibase.asked)
    lookup.run(api(wikibase, store), wanted, store / reference.OWN)

    names = [one["search"] for one in wikibase.asked[first:] if one["action"] == "wbsearchentities"]
    assert wikibase.asked[0]["search"] not in names
    assert len(names) == len(wanted.searches()) - 1


@pytest.mark.parametrize(
    ("faults", "waits"),
    [
        (["429"], [7.0]),
        (["503", "500"], [1.0, 2.0]),
        (["maxlag"], [6.0]),
        (["cut"], [1.0]),
        (["html", "429", "503"], [1.0, 7.0, 4.0]),
    ],
)
def test_a_fault_that_passes_is_waited_for(
    wikibase: Wikibase, store: Path, faults: list[str], waits: list[float]
) -> None:
    wikibase.faults = list(faults)
    sleeps = Sleeps()

    assert api(wikibase, store, sleeps).search("Jeanne Essai", "en")[0]["id"] == MINISTER
    assert sleeps == waits
    assert len(wikibase.asked) == len(faults) + 1


@pytest.mark.parametrize(("fault", "words"), [("403", "403"), ("error", "Could not find an entity")])
def test_a_refusal_is_not_tried_again(wikibase: Wikibase, store: Path, fault: str, words: str) -> None:
    wikibase.faults = [fault]

    with pytest.raises(OnlineError, match=words):
        api(wikibase, store).search("x", "en")
    assert len(wikibase.asked) == 1


def test_an_answer_of_something_else_is_named(wikibase: Wikibase, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wikibase, "answer", lambda _: {"hello": "world"})

    with pytest.raises(OnlineError, match="is it the API of a Wikibase"):
        api(wikibase, store).search("x", "en")


def test_requests_name_us_are_polite_and_carry_maxlag(wikibase: Wikibase, store: Path) -> None:
    client = Api(store / lookup.CACHE, wikibase.url, contact="ops@example.org", interval_s=0.2)

    for name in ("a", "b", "c"):
        client.search(name, "en")

    assert all(one["maxlag"] == "5" for one in wikibase.asked)
    assert {agent.split("/")[0] for agent in wikibase.agents} == {"SummitGraph"}
    assert all("ops@example.org" in agent for agent in wikibase.agents)
    gaps = [later - earlier for earlier, later in zip(wikibase.times, wikibase.times[1:], strict=False)]
    assert min(gaps) >= 0.19


def test_many_entities_are_asked_for_fifty_at_a_time(wikibase: Wikibase, store: Path) -> None:
    found = dict(api(wikibase, store).entities([f"Q{number}" for number in range(1, 121)], ("en",)))

    assert [len(one["ids"].split("|")) for one in wikibase.asked] == [50, 50, 20]
    assert len(found) == 120


def test_a_cut_answer_in_the_cache_is_asked_for_again(wikibase: Wikibase, store: Path) -> None:
    client = api(wikibase, store)
    client.search("Jeanne Essai", "en")
    for path in (store / lookup.CACHE).iterdir():
        path.write_text(path.read_text("utf-8")[:20], "utf-8")

    assert client.search("Jeanne Essai", "en")[0]["id"] == MINISTER


def test_without_online_nothing_is_asked(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    for arguments in (["link"], ["link", "--review"], ["link", "--check-reference"], ["stats"]):
        assert CliRunner().invoke(main, [*arguments, "--store", str(store)]).exit_code == 0


def test_a_malformed_own_table_stops_before_anything_is_asked(wikibase: Wikibase, store: Path) -> None:
    look_up(wikibase, store)
    asked = len(wikibase.asked)
    (store / reference.OWN / "changes.csv").write_text("qid,change,to,seen_at\nQ1,moved,Q2,2026-01-01\n", "utf-8")

    done = CliRunner().invoke(main, ["link", "--online", "--api", wikibase.url, "--store", str(store)])

    assert done.exit_code == 2
    assert "changes.csv:2" in done.output
    assert len(wikibase.asked) == asked
