"""What people decide about links: kept as data, in force after reloading, undone, refused whole where it contradicts itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from pyoxigraph import Literal, NamedNode

from summitgraph import pipeline, reviewing
from summitgraph.cli import main
from summitgraph.errors import InputError, SummitGraphError
from summitgraph.graph import archive, decisions, iris, review
from summitgraph.graph.decisions import Item
from summitgraph.graph.records import Document
from summitgraph.graph.store import open_reader
from tests.conftest import STAMP

TEXT = (
    "The AI Seoul Summit 2024 was held in Seoul on 21 May 2024. It was chaired by Yoon Suk Yeol. "
    "Samsung promised at the summit to invest 5 billion dollars in safe chips."
)
SAME_AS = NamedNode("http://www.w3.org/2002/07/owl#sameAs")
GROUP, ELECTRONICS = "Q20716", "Q20718"
AT = datetime(2026, 11, 25, 10, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with one text whose "Samsung" may be the group or its electronics company."""
    path = tmp_path / "store"
    document = Document(TEXT, "en", title="Seoul", source="seoul.txt", generated_at=STAMP)
    assert pipeline.load([document], path).of("stored")
    return path


def listed(store: Path, *outcomes: str) -> list[Item]:
    snapshot, reader = open_reader(store)
    with snapshot:
        return decisions.items(decisions.asker(reader), outcomes or decisions.OUTCOMES)


def about_samsung(store: Path) -> dict[str, Item]:
    return {item.candidate: item for item in listed(store) if item.candidate in (GROUP, ELECTRONICS)}


def asked(item: Item, decision: str, note: str = "") -> reviewing.Asked:
    return reviewing.Asked(item.document, item.key, item.candidate, decision, note)


def links(store: Path) -> set[str]:
    snapshot, reader = open_reader(store)
    with snapshot:
        return {
            str(quad.object).strip("<>").rpartition("/")[2]
            for quad in reader.quads_for_pattern(None, SAME_AS, None, None)
        }


def dump(store: Path) -> list[str]:
    snapshot, reader = open_reader(store)
    with snapshot:
        return sorted(str(quad) for quad in reader if "/graph/doc/" in str(quad.graph_name))


def test_what_needs_a_person_is_shown_with_every_candidate_and_the_sentence(store: Path) -> None:
    items = {item.candidate: item for item in listed(store, "NeedsReview")}

    assert set(items) == {GROUP, ELECTRONICS}
    sentence = items[GROUP].sentences[0]
    assert sentence.text.startswith("Samsung promised at the summit")
    assert sentence.text[sentence.start : sentence.end] == "Samsung"
    assert items[GROUP].item_labels["en"] == "Samsung Group"
    assert items[GROUP].source == "seoul.txt"


def test_an_accepted_link_takes_effect_with_who_and_when_and_the_other_candidate_is_out(store: Path) -> None:
    reviewing.decide(store, [asked(about_samsung(store)[GROUP], "Accepted", "it says so")], "Amal", AT)

    assert GROUP in links(store)
    assert ELECTRONICS not in links(store)
    after = about_samsung(store)
    assert (after[GROUP].outcome, after[GROUP].reviewer, after[GROUP].at) == (
        "Accepted",
        "Amal",
        "2026-11-25T10:00:00Z",
    )
    assert "it says so" in after[GROUP].reason
    assert after[ELECTRONICS].outcome == "Rejected"


def test_a_decision_survives_reloading_the_text(store: Path) -> None:
    reviewing.decide(store, [asked(about_samsung(store)[GROUP], "Accepted")], "Amal", AT)
    before = dump(store)

    document = Document(TEXT, "en", title="Seoul", source="seoul.txt", generated_at=STAMP)
    pipeline.load([document], store, reload=True)

    assert dump(store) == before


@pytest.mark.parametrize("decision", ["Accepted", "Rejected"])
def test_an_undone_decision_leaves_the_graph_as_it_was_and_stays_in_the_file(store: Path, decision: str) -> None:
    before = dump(store)
    reviewing.decide(store, [asked(about_samsung(store)[ELECTRONICS], decision)], "Amal", AT)
    assert dump(store) != before

    reviewing.decide(store, [asked(about_samsung(store)[ELECTRONICS], "Withdrawn")], "Basil", AT)

    assert dump(store) == before
    assert [line.decision for line in review.read(store).lines] == [decision, "Withdrawn"]


def test_a_link_the_linker_made_can_be_refused_and_the_refusal_undone(store: Path) -> None:
    before = dump(store)
    chair = next(item for item in listed(store, "Accepted") if "Yoon" in item.names[0])
    reviewing.decide(store, [asked(chair, "Rejected")], "Amal", AT)

    assert chair.candidate not in links(store)
    refused = next(item for item in listed(store, "Rejected") if item.candidate == chair.candidate)
    reviewing.decide(store, [asked(refused, "Withdrawn")], "Amal", AT)
    assert dump(store) == before


def test_deciding_anew_withdraws_what_stood(store: Path) -> None:
    reviewing.decide(store, [asked(about_samsung(store)[GROUP], "Accepted")], "Amal", AT)
    reviewing.decide(store, [asked(about_samsung(store)[ELECTRONICS], "Accepted")], "Basil", AT)

    assert ELECTRONICS in links(store)
    assert GROUP not in links(store)
    assert [line.decision for line in review.read(store).lines] == ["Accepted", "Withdrawn", "Accepted"]


def test_an_item_outside_the_table_is_refused_and_nothing_changes(store: Path) -> None:
    before, item = dump(store), about_samsung(store)[GROUP]

    with pytest.raises(InputError, match=r"Q999999999.*not in the reference table"):
        reviewing.decide(store, [reviewing.Asked(item.document, item.key, "Q999999999", "Accepted")], "Amal", AT)

    assert dump(store) == before
    assert not (store / review.FILE).exists()


def test_the_decision_travels_with_an_export_a_backup_and_a_file(store: Path, tmp_path: Path) -> None:
    reviewing.decide(store, [asked(about_samsung(store)[GROUP], "Accepted")], "Amal", AT)
    runner = CliRunner()

    exported = runner.invoke(main, ["export", "--store", str(store)]).stdout
    assert "Amal" in exported
    assert "2026-11-25T10:00:00Z" in exported

    archive.backup(store, tmp_path / "backup")
    archive.restore(tmp_path / "backup", tmp_path / "restored")
    assert review.read(tmp_path / "restored").lines == review.read(store).lines
    assert dump(tmp_path / "restored") == dump(store)

    other = tmp_path / "other"
    pipeline.load([Document(TEXT, "en", title="Seoul", source="seoul.txt", generated_at=STAMP)], other)
    file = tmp_path / "reviews.csv"
    assert runner.invoke(main, ["link", "--export-reviews", str(file), "--store", str(store)]).exit_code == 0
    assert runner.invoke(main, ["link", "--import-reviews", str(file), "--store", str(other)]).exit_code == 0
    assert dump(other) == dump(store)
    again = runner.invoke(main, ["link", "--import-reviews", str(file), "--store", str(other)])
    assert "0 decisions added" in again.output


def test_the_terminal_lists_accepts_and_undoes(store: Path) -> None:
    runner = CliRunner()
    waiting = json.loads(runner.invoke(main, ["link", "--review", "--format", "json", "--store", str(store)]).stdout)
    id = next(item["id"] for item in waiting if item["candidate"] == GROUP)

    shown = runner.invoke(main, ["link", "--review", "--store", str(store)])
    assert "Samsung promised at the summit" in shown.output
    accepted = runner.invoke(main, ["link", "--accept", id, "--reviewer", "Amal", "--store", str(store)])
    assert accepted.exit_code == 0, accepted.output
    assert GROUP in links(store)
    undone = next(item.id for item in listed(store, "Accepted") if item.candidate == GROUP)
    assert runner.invoke(main, ["link", "--undo", undone, "--store", str(store)]).exit_code == 0
    assert GROUP not in links(store)
    assert runner.invoke(main, ["link", "--accept", "0000", "--store", str(store)]).exit_code == 2


ROW = "2026-11-25T10:00:00+00:00,Amal,0123456789abcdef,https://w3id.org/summitgraph/id/company/x,Q1,Accepted,"
HEADER = ",".join(review.COLUMNS)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([ROW, ROW.replace("Accepted", "Rejected")], r"reviews\.csv:3: .*company/x is Q1 by this row \(Rejected\) and by row 2"),
        ([ROW, ROW.replace("Q1,", "Q2,")], r"reviews\.csv:3: .*cannot be Q2, row 2 says it is Q1"),
        ([ROW.replace("Accepted", "Withdrawn")], r"reviews\.csv:2: withdraws a decision about Q1 that does not stand"),
        ([ROW.replace("Q1", "P31")], r"reviews\.csv:2: 'P31' is not a Wikidata identifier"),
        ([ROW.replace("Accepted", "Perhaps")], r"reviews\.csv:2: 'Perhaps' is not one of"),
        ([ROW.replace("Amal", " ")], r"reviews\.csv:2: the reviewer is missing"),
        ([ROW.replace("+00:00", "")], r"reviews\.csv:2: .* is not a time"),
        ([ROW.replace("0123456789abcdef", "xyz")], r"reviews\.csv:2: 'xyz' is not a document"),
        ([ROW.replace("https://", "")], r"reviews\.csv:2: .* is not the IRI of an entity"),
        ([ROW, ROW + ",more"], r"reviews\.csv:3: 8 fields, expected 7"),
    ],
)  # fmt: skip
def test_a_malformed_or_contradicting_file_is_named_by_row_and_nothing_is_loaded(
    store: Path, rows: list[str], message: str
) -> None:
    (store / review.FILE).write_text("\n".join([HEADER, *rows]) + "\n", "utf-8")
    before = dump(store)

    with pytest.raises(InputError, match=message):
        pipeline.load([Document(TEXT + " More.", "en", generated_at=STAMP)], store)

    assert dump(store) == before


def test_a_file_that_contradicts_what_is_kept_is_refused_whole(store: Path, tmp_path: Path) -> None:
    item = about_samsung(store)[GROUP]
    reviewing.decide(store, [asked(item, "Accepted")], "Amal", AT)
    before, kept = dump(store), review.read(store).lines
    line = review.new(item.document, item.key, GROUP, "Rejected", "Basil", "", AT)
    good = review.new(item.document, iris.entity("Person", "Nobody").value, "Q5", "Rejected", "Basil", "", AT)
    file = tmp_path / "theirs.csv"
    file.write_text(review.to_csv(review.Reviews((good, line))), "utf-8")

    with pytest.raises(InputError, match=r"theirs\.csv together with reviews\.csv:\d"):
        reviewing.adopt(store, file)

    assert (dump(store), review.read(store).lines) == (before, kept)


def test_a_long_list_is_asked_for_in_queries_of_a_length_a_server_takes(tmp_path: Path) -> None:
    path = tmp_path / "many"
    names = " ".join(
        f"Samsung promised 5 billion dollars at the AI Seoul Summit 2024 in {year}." for year in range(2024, 2026)
    )
    texts = [
        Document(f"{names} Text {number}.", "en", source=f"{number}.txt", generated_at=STAMP) for number in range(60)
    ]
    pipeline.load(texts, path)
    lengths: list[int] = []
    snapshot, reader = open_reader(path)
    with snapshot:
        ask = decisions.asker(reader)

        def noting(text: str) -> list[Mapping[str, str]]:
            lengths.append(len(text))
            return list(ask(text))

        items = decisions.items(noting, limit=500)

    assert len(items) == 120
    assert all(item.sentences for item in items)
    assert max(lengths) < 65_536


def test_who_decides_is_an_agent_in_the_graph(store: Path) -> None:
    reviewing.decide(store, [asked(about_samsung(store)[GROUP], "Accepted")], "Amal Haddad", AT)

    snapshot, reader = open_reader(store)
    with snapshot:
        agent = NamedNode(f"{iris.base()}id/agent/amal-haddad")
        labels = [quad.object for quad in reader.quads_for_pattern(agent, None, None, None)]
    assert Literal("Amal Haddad") in labels


def test_a_document_that_is_not_there_cannot_be_decided_about(store: Path) -> None:
    with pytest.raises(SummitGraphError, match="not in the store"):
        reviewing.decide(store, [reviewing.Asked("0" * 16, "https://e.org/x", GROUP, "Accepted")], "Amal", AT)
