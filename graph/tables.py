"""The graph as tables: CSV, XLSX, and a data package of all of them (specs.frictionlessdata.io).

Each document's graph is asked in memory and its rows are written before the next is read.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
import tomllib
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import IO, cast

from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, Store

from summitgraph import __version__, ontology

from . import iris
from .network import Network
from .network_formats import member
from .selection import RDFS_LABEL, SKOS_ALT_LABEL, Selection

_OA = "http://www.w3.org/ns/oa#"
_XLSX_ROWS = 1_048_575  # of a sheet, besides its head
_XLSX_CELL = 32_767  # characters
_PROOF = ("confidence", "document", "start", "end", "words")
_PROOF_TYPES = {"confidence": "number", "start": "integer", "end": "integer"}
_ENTITY_TYPES = {"degree": "integer"}
_RELATION_TYPES = {"sources": "integer", "confidence": "number"}
Row = list[str]
Described = tuple[str, dict[str, str], list[dict[str, str]], Iterator[Row]]
"""A table: its name, its titles by language, its fields as Table Schema has them, and its rows."""
_TRIPLES = {"en": "Triples", "ar": "الثلاثيات", "fr": "Triplets"}
_TRIPLE_FIELDS = [
    {"name": name, "type": "string"} for name in ("subject", "predicate", "object", "language", "datatype")
]


@dataclass(frozen=True)
class Table:
    """What ``tables.toml`` says of a table."""

    name: str
    query: str
    title: dict[str, str]
    id: str = ""
    entities: tuple[str, ...] = ()
    types: dict[str, str] | None = None

    @property
    def columns(self) -> list[str]:
        """Return the names of the columns."""
        names = []
        head = self.query.partition("{")[0]
        for variable in (word[1:] for word in head.split() if word.startswith("?")):
            names.append(variable)
            if variable in self.entities:
                names.append(f"{variable}_label")
        return [*names, *(_PROOF if self.id else ())]

    def schema(self) -> list[dict[str, str]]:
        """Return the fields as Table Schema has them."""
        kinds = {**(self.types or {}), **(_PROOF_TYPES if self.id else {})}
        return [{"name": name, "type": kinds.get(name, "string")} for name in self.columns]


@cache
def tables() -> dict[str, Table]:
    """Return the tables that ``tables.toml`` describes, by name."""
    data = tomllib.loads((Path(__file__).resolve().parent / "tables.toml").read_text("utf-8"))
    return {
        name: Table(
            name, one["query"], one["title"], one.get("id", ""), tuple(one.get("entities", ())), one.get("types")
        )
        for name, one in data.items()
    }


def rows(table: Table, parts: Iterable[list[Quad]], language: str) -> Iterator[Row]:
    """Yield the rows of *table*, document by document, sorted; labels in *language* where there are."""
    for part in parts:
        store = Store()
        store.extend(Quad(q.subject, q.predicate, q.object) for q in part)
        labels, proofs = _labels(part, language), _proofs(part) if table.id else {}
        solutions = cast(QuerySolutions, store.query(table.query, prefixes=ontology.prefixes()))
        names = [variable.value for variable in solutions.variables]
        found = set()
        for solution in solutions:
            row: Row = []
            for name in names:
                term = solution[name]
                row.append(_cell(term))
                if name in table.entities:
                    row.append(labels.get(term.value, "") if isinstance(term, NamedNode) else "")
            if table.id:
                row += proofs.get(getattr(solution[table.id], "value", ""), [""] * len(_PROOF))
            found.add(tuple(row))
        yield from (list(row) for row in sorted(found))


def _cell(term: object) -> str:
    if isinstance(term, NamedNode) and term.value.startswith(iris.ONTOLOGY):
        return term.value[len(iris.ONTOLOGY) :]
    return str(getattr(term, "value", "" if term is None else term))


def _labels(part: Iterable[Quad], language: str) -> dict[str, str]:
    order = {code: place for place, code in enumerate(dict.fromkeys([language, "en", "fr", "ar", ""]))}
    best: dict[str, tuple[int, str]] = {}
    for quad in part:
        if quad.predicate.value not in (RDFS_LABEL, SKOS_ALT_LABEL) or not isinstance(quad.object, Literal):
            continue
        rank = order.get(quad.object.language or "", len(order)) + 10 * (quad.predicate.value == SKOS_ALT_LABEL)
        name = str(getattr(quad.subject, "value", ""))
        best[name] = min(best.get(name, (99, "")), (rank, quad.object.value))
    return {name: label for name, (_, label) in best.items()}


def _proofs(part: Iterable[Quad]) -> dict[str, Row]:
    """Return confidence, source, start, end and words of the first evidence, by fact."""
    values: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    wanted = {_OA + name for name in ("hasSource", "hasSelector", "start", "end", "exact")}
    wanted |= {iris.ONTOLOGY + name for name in ("evidence", "confidence")}
    for quad in part:
        if quad.predicate.value in wanted:
            values[str(getattr(quad.subject, "value", ""))][quad.predicate.value].append(
                str(getattr(quad.object, "value", ""))
            )
    found = {}
    for name in [name for name, own in values.items() if iris.ONTOLOGY + "evidence" in own]:
        own = values[name]
        places = []
        for evidence in own[iris.ONTOLOGY + "evidence"]:
            selectors = [values[selector] for selector in values[evidence][_OA + "hasSelector"] if selector in values]
            start, end, words = (
                next((v for s in selectors for v in s.get(_OA + key, ())), "") for key in ("start", "end", "exact")
            )
            source = next(iter(values[evidence][_OA + "hasSource"]), "")
            places.append((int(start or 0), [source, start, end, words]))
        found[name] = [next(iter(own[iris.ONTOLOGY + "confidence"]), ""), *min(places)[1]]
    return found


def write_csv(store: Store, output: IO[bytes], name: str, selection: Selection, language: str) -> int:
    """Write one table as CSV (RFC 4180, UTF-8) and return the number of rows."""
    file = io.TextIOWrapper(output, "utf-8", newline="", write_through=True)
    table = tables()[name]
    count = _write(csv.writer(file), table.schema(), rows(table, selection.parts(store), language))
    file.detach()
    return count


def write_triples(store: Store, output: IO[bytes], selection: Selection, view: Store | None) -> int:
    """Write the triples of a CONSTRUCT as CSV: subject, predicate, object, language, datatype."""
    file = io.TextIOWrapper(output, "utf-8", newline="", write_through=True)
    count = _write(csv.writer(file), _TRIPLE_FIELDS, _triples(store, selection, view))
    file.detach()
    return count


def _triples(store: Store, selection: Selection, view: Store | None) -> Iterator[Row]:
    for part in selection.parts(store, view):
        for quad in sorted(part, key=str):
            value = quad.object
            tags = [value.language or "", value.datatype.value] if isinstance(value, Literal) else ["", ""]
            yield [_plain(quad.subject), quad.predicate.value, _plain(value), *tags]


def _plain(term: object) -> str:
    return str(getattr(term, "value", term))


def _write(writer: object, schema: list[dict[str, str]], found: Iterable[Row]) -> int:
    write = writer.writerow  # type: ignore[attr-defined]
    write([field["name"] for field in schema])
    count = 0
    for row in found:
        write(row)
        count += 1
    return count


def write_package(
    store: Store, output: IO[bytes], selection: Selection, language: str, view: Store | None = None
) -> int:
    """Write a zip with every table as CSV and ``datapackage.json``; return the number of rows."""
    resources = []
    count = 0
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        with Network(store, selection, view) as network:
            for name, title, schema, found in _all(store, network, selection, language, view):
                with member(archive, f"{name}.csv") as file:
                    count += _write(csv.writer(file), schema, found)
                resources.append(_resource(name, title, schema, language))
        description = {
            "profile": "tabular-data-package",
            "name": "summitgraph",
            "title": "SummitGraph",
            "version": __version__,
            "licenses": [{"name": "CC0-1.0", "path": "https://creativecommons.org/publicdomain/zero/1.0/"}],
            "resources": resources,
        }
        with member(archive, "datapackage.json") as file:
            file.write(json.dumps(description, ensure_ascii=False, indent=1) + "\n")
    return count


def _resource(name: str, title: dict[str, str], schema: list[dict[str, str]], language: str) -> dict[str, object]:
    return {
        "name": name, "title": title.get(language, title["en"]), "path": f"{name}.csv", "profile": "tabular-data-resource",
        "format": "csv", "mediatype": "text/csv", "encoding": "utf-8", "schema": {"fields": schema},
    }  # fmt: skip


def _all(
    store: Store, network: Network, selection: Selection, language: str, view: Store | None
) -> Iterator[Described]:
    """Yield all tables: those of ``tables.toml``, or the triples of a CONSTRUCT; then those of the network."""
    if selection.construct:
        yield "triples", _TRIPLES, _TRIPLE_FIELDS, _triples(store, selection, view)
    else:
        for one in tables().values():
            yield one.name, one.title, one.schema(), rows(one, selection.parts(store), language)
    yield from _network_tables(network, language)


def _network_tables(network: Network, language: str) -> Iterator[Described]:
    def fields(names: str, types: dict[str, str]) -> list[dict[str, str]]:
        return [{"name": name, "type": types.get(name, "string")} for name in names.split()]

    yield (
        "entities", {"en": "Entities", "ar": "الكيانات", "fr": "Entités"},
        fields("entity label class wikidata degree", _ENTITY_TYPES),
        ([n.iri, n.label, n.kind, n.item, str(n.degree)] for n in network.nodes(language)),
    )  # fmt: skip
    yield (
        "relations", {"en": "Relations", "ar": "العلاقات", "fr": "Relations"},
        fields("source relation label target sources confidence", _RELATION_TYPES),
        ([e.source, e.relation, e.label, e.target, str(e.weight), str(e.confidence)] for e in network.edges(language)),
    )  # fmt: skip


def write_xlsx(store: Store, output: IO[bytes], selection: Selection, language: str, view: Store | None = None) -> int:
    """Write every table as a sheet of a workbook, right to left for Arabic; return the number of rows."""
    import xlsxwriter

    total = 0
    with tempfile.TemporaryFile() as whole:  # the library seeks, which a pipe cannot
        book = xlsxwriter.Workbook(
            whole, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        book.set_properties({"title": "SummitGraph", "created": datetime(1980, 1, 1)})
        head = book.add_format({"bold": True})
        with Network(store, selection, view) as network:
            for name, title, schema, found in _all(store, network, selection, language, view):
                sheet = book.add_worksheet(title.get(language, title["en"])[:31] or name)
                if language == "ar":
                    sheet.right_to_left()
                sheet.freeze_panes(1, 0)
                for column, field in enumerate(schema):
                    sheet.write_string(0, column, field["name"], head)
                for number, row in enumerate(found, 1):
                    if number > _XLSX_ROWS:
                        break
                    for column, (field, value) in enumerate(zip(schema, row, strict=True)):
                        if value and field["type"] in ("integer", "number"):
                            sheet.write_number(number, column, float(value))
                        elif value:
                            sheet.write_string(number, column, value[:_XLSX_CELL])
                    total += 1
        book.close()
        whole.seek(0)
        while chunk := whole.read(1 << 20):
            output.write(chunk)
    return total
