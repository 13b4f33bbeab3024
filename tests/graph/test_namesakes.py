"""One name in two documents joins nothing until somebody decides so; a decision holds on reloading and can be withdrawn."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from summitgraph import pipeline, reviewing
from summitgraph.cli import main
from summitgraph.errors import InputError
from summitgraph.graph import archive, iris, namesakes
from summitgraph.graph.namesakes import Same
from summitgraph.graph.records import Document
from summitgraph.graph.store import open_reader
from tests.conftest import STAMP

TEXTS = (
    "The Nairobi climate summit 2025 opened in Nairobi on 4 March 2025. Sylvia Karanja, a marine biologist, addressed the summit.",
    "The Lisbon oceans summit 2031 opened in Lisbon on 4 June 2031. Sylvia Karanja, the mayor of Thika, attended the summit.",
)
AT = datetime(2026, 11, 25, 10, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "store"
    texts = [Document(text, "en", source=f"{n}.txt", generated_at=STAMP) for n, text in enumerate(TEXTS)]
    assert pipeline.load(texts, path).counts == {"stored": 2}
    return path


def persons(store: Path) -> dict[str, set[str]]:
    """Return who is called Sylvia Karanja, with the documents that say so."""
    found: dict[str, set[str]] = {}
    snapshot, reader = open_reader(store)
    with snapshot:
        for quad in reader.quads_for_pattern(None, iris.term("heldBy"), None, None):
            if "sylvia-karanja" in str(quad.object):
                found.setdefault(str(quad.object), set()).add(str(quad.graph_name))
    return found


def dump(store: Path) -> list[str]:
    snapshot, reader = open_reader(store)
    with snapshot:
        return sorted(str(quad) for quad in reader if "/graph/doc/" in str(quad.graph_name))


def offered(store: Path) -> list[Same]:
    snapshot, reader = open_reader(store)
    with snapshot:
        return namesakes.waiting(reader, AT, "ada")


def test_a_name_alone_joins_nothing_and_is_offered_for_decision(store: Path) -> None:
    lines = offered(store)

    assert len(persons(store)) == 2
    assert [line.note for line in lines] == ["Sylvia Karanja"]
    assert {f"<{line.entity}>" for line in lines} | {f"<{line.same_as}>" for line in lines} == set(persons(store))


def test_a_decision_joins_holds_on_reloading_and_is_withdrawn(store: Path, tmp_path: Path) -> None:
    before = dump(store)
    file = tmp_path / "same.csv"
    run = CliRunner()

    made = run.invoke(main, ["link", "--store", str(store), "--export-namesakes", str(file), "--reviewer", "ada"])
    assert made.exit_code == 0, made.output
    assert run.invoke(main, ["link", "--store", str(store), "--import-namesakes", str(file)]).exit_code == 0
    ((person, documents),) = persons(store).items()
    assert len(documents) == 2
    assert offered(store) == []

    reviewing.reread(store)
    assert list(persons(store)) == [person]

    (line,) = namesakes.read(store)
    namesakes.write(
        tmp_path, [line, Same(line.decided_at, "ada", line.document, line.entity, line.same_as, "Withdrawn")]
    )
    assert reviewing.join(store, tmp_path / namesakes.FILE) == 1
    assert dump(store) == before


def test_a_backup_has_the_decisions() -> None:
    assert namesakes.FILE in archive.KEPT


ENTITY = "https://w3id.org/summitgraph/id/person/a-b-00000000000000a1"
OTHER = "https://w3id.org/summitgraph/id/person/a-b-00000000000000b2"


def line(**changes: str) -> Same:
    given = {"decided_at": AT.isoformat(), "reviewer": "ada", "document": "00000000000000a1", "entity": ENTITY}
    return Same(**(given | {"same_as": OTHER, "decision": "Accepted"} | changes))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([line(decided_at="yesterday")], "2: 'yesterday' is not a time"),
        ([line(reviewer=" ")], "2: the reviewer is missing"),
        ([line(document="00000000000000b2")], "2: .* is no entity of document"),
        ([line(same_as=OTHER.replace("person", "company"))], "2: .* is not another entity of its kind"),
        ([line(decision="Perhaps")], "2: 'Perhaps' is not one of"),
        ([line(decision="Withdrawn")], "2: withdraws a decision about .* that does not stand"),
        ([line(), line(same_as=f"{OTHER[:-1]}3")], "3: .* by an earlier row; withdraw one of them"),
        (
            [line(), line(document="00000000000000b2", entity=OTHER, same_as=ENTITY)],
            "is the same as itself over others",
        ),
    ],
)
def test_what_is_malformed_or_contradicts_is_refused(lines: list[Same], message: str) -> None:
    with pytest.raises(InputError, match=message):
        namesakes.joined(lines)
