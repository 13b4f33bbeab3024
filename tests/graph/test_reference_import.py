"""A larger reference table: from dumps and query results, streamed; used beside the project's own; refused whole if malformed."""

from __future__ import annotations

import bz2
import csv
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from summitgraph.cli import main
from summitgraph.errors import InputError
from summitgraph.graph import names, reference, reference_graph, reference_import
from summitgraph.graph.link import link

from .build import entity, extraction


def claim(prop: str, qid: str, rank: str = "normal") -> dict[str, Any]:
    value = {"value": {"entity-type": "item", "id": qid}, "type": "wikibase-entityid"}
    return {"mainsnak": {"snaktype": "value", "property": prop, "datavalue": value}, "rank": rank}


def item(qid: str, kind: str = "Q5", country: str = "Q142", **labels: str) -> dict[str, Any]:
    """An item as a dump has it."""
    return {
        "type": "item",
        "id": qid,
        "labels": {lang: {"language": lang, "value": text} for lang, text in labels.items()},
        "aliases": {"en": [{"language": "en", "value": f"{labels.get('en', 'x')} Junior"}]},
        "descriptions": {"en": {"language": "en", "value": "a person|of note"}},
        "claims": {"P31": [claim("P31", kind)], "P27": [claim("P27", country)]},
        "lastrevid": 17,
    }


ITEMS = [
    item("Q900000001", en="Jeanne Essai", ar="جان إيسيه", fr="Jeanne Essai"),
    item("Q900000002", "Q16521", en="Some moth"),
    item("Q900000003", "Q4830453", fr="Entreprise Exemple"),
    item("Q900000004", de="Nur Deutsch"),
    item("Q142", "Q6256", en="France"),
]


def dump(items: list[dict[str, Any]]) -> bytes:
    lines = ",\n".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in items)
    return f"[\n{lines}\n]\n".encode()


@pytest.fixture
def more(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Use a folder beside the project's own table, for one test."""

    def use(folder: Path) -> None:
        monkeypatch.setenv("SUMMITGRAPH_REFERENCE", str(folder))
        names.index.cache_clear()

    yield use
    names.index.cache_clear()


@pytest.mark.parametrize("ending", ["json", "json.gz", "json.bz2"])
def test_a_dump_becomes_rows_of_known_classes(tmp_path: Path, ending: str) -> None:
    packs: dict[str, Callable[[bytes], bytes]] = {"json": bytes, "json.gz": gzip.compress, "json.bz2": bz2.compress}
    (tmp_path / f"dump.{ending}").write_bytes(packs[ending](dump(ITEMS)))

    done = reference_import.load(tmp_path / f"dump.{ending}", tmp_path / "table")

    assert (done.read, done.written, done.other_class, done.nameless, done.known) == (5, 2, 1, 1, 1)
    rows = {row.qid: row for row in reference.load(tmp_path / "table").rows}
    person = rows["Q900000001"]
    assert (person.kind, person.labels["ar"], person.parent) == ("Person", "جان إيسيه", "Q142")
    assert person.aliases["en"] == ("Jeanne Essai Junior",)
    assert person.evidence == f"Wikidata dump dump.{ending}, revision 17"
    assert rows["Q900000003"].labels["en"] == "Entreprise Exemple"
    assert reference.load(tmp_path / "table").descriptions["Q900000001", "en"] == "a person of note"


def test_a_dump_written_with_spaces_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text("[\n" + ",\n".join(json.dumps(one) for one in ITEMS) + "\n]\n", "utf-8")

    assert reference_import.load(tmp_path / "d.json", tmp_path / "t").written == 2


CSV = "item,itemLabel,label_ar,class,country,itemAltLabel\r\n"
TURTLE = """@prefix wd: <http://www.wikidata.org/entity/> . @prefix wdt: <http://www.wikidata.org/prop/direct/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
wd:Q900000001 wdt:P31 wd:Q5 ; wdt:P27 wd:Q142 ; rdfs:label "Jeanne Essai"@en, "جان إيسيه"@ar ; skos:altLabel "J. Essai"@en .
wd:Q900000002 wdt:P31 wd:Q16521 ; rdfs:label "Some moth"@en .
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "q.csv",
            CSV
            + "http://www.wikidata.org/entity/Q900000001,Jeanne Essai,جان إيسيه,http://www.wikidata.org/entity/Q5,"
            + 'http://www.wikidata.org/entity/Q142,"J. Essai, Jeannette"\r\nQ900000002,Some moth,,Q16521,,\r\n',
        ),
        ("q.ttl", TURTLE),
    ],
)
def test_a_query_result_becomes_rows(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")

    done = reference_import.load(tmp_path / name, tmp_path / "table")

    row = reference.load(tmp_path / "table").by_qid()["Q900000001"]
    assert (done.written, done.other_class) == (1, 1)
    assert (row.labels["en"], row.labels["ar"], row.kind, row.parent) == ("Jeanne Essai", "جان إيسيه", "Person", "Q142")
    assert "J. Essai" in row.aliases["en"]


def test_a_query_result_without_classes_takes_the_kind_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text("item,itemLabel\nQ900000001,Jeanne Essai\n", "utf-8")
    runner = CliRunner()

    without = runner.invoke(main, ["reference", "import", str(tmp_path / "q.csv"), "--output", str(tmp_path / "t")])
    told = runner.invoke(
        main, ["reference", "import", str(tmp_path / "q.csv"), "--kind", "Person", "--output", str(tmp_path / "t")]
    )

    assert (without.exit_code, "nothing to import" in without.output) == (2, True)
    assert told.exit_code == 0, told.output


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("d.json", '[\n{"id":"Q5x","claims":{"a":{"id":"Q5"}}}\n]', r"d\.json:2: no identifier of an item"),
        ("d.json", '[\n{"id":"Q1","x":{"id":"Q5"}},\n{"id":"Q2",\n]', r"d\.json:3: not the JSON of an entity"),
        ("d.json", '[\n{"id":"Q1","x" {"id":"Q5"}}\n]', r"d\.json:2: not the JSON of an entity"),
        ("q.csv", "item,label\nX5,Nobody\n", r"q\.csv:2: 'X5' is not a Wikidata identifier"),
        ("q.csv", "item,label\nQ5\n", r"q\.csv:2: 1 fields, expected 2"),
        ("q.csv", "name,label\nQ5,x\n", r"q\.csv:1: no column item"),
        ("q.csv", "item,label,kind\nQ900000009,x,Planet\n", r"q\.csv:2: unknown kind 'Planet'"),
        ("q.ttl", "wd:Q5 a", r"q\.ttl: not valid RDF"),
        ("q.txt", "x", r"unknown kind of file"),
    ],
)
def test_what_cannot_be_read_is_named_by_file_and_row_and_leaves_nothing(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text, "utf-8")

    with pytest.raises(InputError, match=message):
        reference_import.load(tmp_path / name, tmp_path / "table")

    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


def test_a_cut_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "d.json.gz").write_bytes(gzip.compress(dump(ITEMS * 200))[:-40])

    with pytest.raises(InputError, match=r"d\.json\.gz: cannot be read"):
        reference_import.load(tmp_path / "d.json.gz", tmp_path / "table")
    assert not (tmp_path / "table").exists()


def test_a_folder_of_something_else_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_bytes(dump(ITEMS))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work", "utf-8")

    with pytest.raises(InputError, match="not a folder that an import made"):
        reference_import.load(tmp_path / "d.json", tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_an_imported_table_is_used_beside_the_own_one(tmp_path: Path, more: Callable[[Path], None]) -> None:
    (tmp_path / "d.json").write_bytes(dump(ITEMS))
    reference_import.load(tmp_path / "d.json", tmp_path / "table")
    more(tmp_path / "table")

    text = "Jeanne Essai met Emmanuel Macron."
    people = [
        entity(text, "e1", "Person", "Jeanne Essai", language="en"),
        entity(text, "e2", "Person", "Emmanuel Macron", language="en"),
    ]
    decisions = link(extraction(text, people))

    assert {d.row.qid for d in decisions.values() if d.outcome == "Accepted"} == {"Q900000001", "Q3052772"}
    assert any("a person of note" in str(quad.object) for quad in reference_graph.quads())


def test_two_items_of_one_label_keep_iris_of_their_own(tmp_path: Path, more: Callable[[Path], None]) -> None:
    (tmp_path / "d.json").write_bytes(dump([item("Q900000001", en="Jan Doe"), item("Q900000002", en="Jan Doe")]))
    reference_import.load(tmp_path / "d.json", tmp_path / "table")
    more(tmp_path / "table")

    rows = reference.load().by_qid()
    assert reference.iri(rows["Q900000001"]) != reference.iri(rows["Q900000002"])
    text = "Jan Doe"
    decision = link(extraction(text, [entity(text, "e1", "Person", "Jan Doe", language="en")]))["e1"]
    assert decision.outcome == "NeedsReview"
    assert len(decision.others) == 1


def test_two_people_who_claim_one_identifier_are_named_by_row(tmp_path: Path, more: Callable[[Path], None]) -> None:
    (tmp_path / "table").mkdir()
    with (tmp_path / "table" / "wikidata.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(reference.COLUMNS)
        for name in ("Jan Doe", "Jane Roe"):
            writer.writerow(["Q900000001", "Person", name, "", "", "", "", "", "", "seen"])
    more(tmp_path / "table")

    with pytest.raises(
        InputError, match=r"wikidata\.csv:3: 'Jane Roe' claims Q900000001, which is 'Jan Doe' at \S*wikidata\.csv:2"
    ):
        reference.load()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, more: Callable[[Path], None]) -> None:
    more(tmp_path / "nowhere")

    with pytest.raises(InputError, match=r"SUMMITGRAPH_REFERENCE: .*nowhere is not a folder"):
        reference.load()


def test_memory_stays_flat_however_long_the_dump(tmp_path: Path) -> None:
    peaks = []
    for size in (2_000, 20_000):
        with (tmp_path / f"{size}.json").open("wb") as stream:
            stream.write(b"[\n")
            for number in range(size):
                one = item(f"Q{900_000_000 + number}", en=f"Person {number}") | {"padding": "x" * 2000}
                stream.write(json.dumps(one, separators=(",", ":")).encode() + b",\n")
            stream.write(b"]\n")
        script = (
            "import resource, sys; from pathlib import Path; from summitgraph.graph import reference_import;"
            "reference_import.load(Path(sys.argv[1]), Path(sys.argv[2]));"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / f"{size}.json"), str(tmp_path / f"t{size}")],
            capture_output=True, text=True, check=True, env={**os.environ, "PYTHONUTF8": "1"},
        )  # fmt: skip
        peaks.append(int(done.stdout) / 1024)

    assert peaks[1] - peaks[0] < 25, peaks  # MiB: ten times the entities, the same memory
