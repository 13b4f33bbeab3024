"""The rest of a reconciliation service: suggestions while somebody types, previews, and columns fetched for matched rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from summitgraph.graph.names import fold
from summitgraph.ontology import terms as ontology

from . import terms
from .engine import iris
from .pages import RIGHT_TO_LEFT
from .problems import Problem
from .reconcile import GENERAL, SAME_AS, Reconciler, classes, properties
from .search import Question, read_words

_XSD = "http://www.w3.org/2001/XMLSchema#"
_INTEGERS = frozenset(_XSD + name for name in ("integer", "int", "long", "nonNegativeInteger"))
_FLOATS = frozenset(_XSD + name for name in ("decimal", "double", "float"))
PREVIEW = (430, 150)  # width and height in pixels
_SHOWN = ("startDate", "endDate", "heldAt", "locatedIn", "nationality", "chairedBy", "affiliatedWith", "inSeries")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that begins like what was typed."""

    id: str
    name: str
    lang: str = ""
    description: str = ""
    types: tuple[str, ...] = ()


def suggest_entities(reconciler: Reconciler, prefix: str, lang: str, limit: int, cursor: int = 0) -> list[Suggestion]:
    """Return entities whose names have the words of *prefix*; the last one may be unfinished."""
    try:
        read_words(prefix)
    except Problem:
        return []
    engine = reconciler.engine
    version = engine.version()
    hits = engine.search.find(version, Question(prefix, lang=lang, limit=limit + cursor + 20))
    found = [hit for hit in hits if hit.iri.startswith(reconciler.space) and hit.name][cursor : cursor + limit]
    labels = engine.search.labels(version, [hit.iri for hit in found], lang)
    return [
        Suggestion(
            reconciler.id(hit.iri),
            *labels.get(hit.iri, (hit.text, hit.lang)),
            terms.label(hit.type, lang),
            (terms.local_name(hit.type),) if terms.local_name(hit.type) else (),
        )
        for hit in found
    ]


def suggest_types(prefix: str, lang: str, limit: int, cursor: int = 0) -> list[Suggestion]:
    """Return classes by their labels in any language, or their names."""
    return _beginning(((name, labels) for name, labels in classes().items()), prefix, lang, limit, cursor)


def suggest_properties(prefix: str, lang: str, limit: int, cursor: int = 0) -> list[Suggestion]:
    """Return properties by their labels in any language, or their names."""
    own = ((iri.removeprefix(ontology.NAMESPACE), labels) for iri, labels in properties().items())
    general = ((id, labels) for id, (_, labels) in GENERAL.items())
    return _beginning([*general, *own], prefix, lang, limit, cursor)


def _beginning(
    named: Iterable[tuple[str, Mapping[str, str]]], prefix: str, lang: str, limit: int, cursor: int
) -> list[Suggestion]:
    wanted = fold(prefix)
    found = []
    for id, labels in named:
        texts = [fold(text) for text in labels.values()]
        ranks = [0 if text.startswith(wanted) else 1 for text in (*texts, id.lower()) if wanted in text]
        if ranks:
            shown = lang if lang in labels else "en"
            found.append((min(ranks), len(labels[shown]), Suggestion(id, labels[shown], shown)))
    found.sort(key=lambda item: (item[0], item[1], item[2].id))
    return [item[2] for item in found[cursor : cursor + limit]]


def propose(reconciler: Reconciler, type_id: str, lang: str, limit: int) -> list[Suggestion]:
    """Return the properties that entities of a class have in the data, most used first."""
    kind = f"?s a <{ontology.NAMESPACE}{reconciler.type(type_id)}> ." if type_id else ""
    rows = reconciler.engine.select(
        f"SELECT ?p (COUNT(*) AS ?n) {{ {{ SELECT DISTINCT ?s {{ {kind} ?s a ?any }} LIMIT 500 }} ?s ?p ?o }} GROUP BY ?p ORDER BY DESC(?n)"
    )
    used = [row["p"]["value"] for row in rows]
    listed = [iri.removeprefix(ontology.NAMESPACE) for iri in used if iri in properties()]
    ids = [*GENERAL, *listed]
    return [Suggestion(id, _label(id, lang), lang) for id in ids[: limit or None]]


def _label(id: str, lang: str) -> str:
    labels = GENERAL[id][1] if id in GENERAL else properties().get(ontology.NAMESPACE + id, {})
    return labels.get(lang) or labels.get("en", id)


Cell = dict[str, str | int | float]


def extend(
    reconciler: Reconciler, ids: Sequence[str], wanted: Sequence[tuple[str, int]], lang: str
) -> tuple[list[Suggestion], dict[str, dict[str, list[Cell]]]]:
    """Return the properties and, for each entity, their values.

    Args:
        reconciler: The service.
        ids: Of entities; what is not known has no values.
        wanted: Ids of properties, each with the number of values at most (0 for all).
        lang: Language of names.
    """
    by_iri = {reconciler.property(id): (id, limit) for id, limit in wanted}
    rows: dict[str, dict[str, list[Cell]]] = {id: {name: [] for name, _ in wanted} for id in ids}
    if not ids or not by_iri:
        return [Suggestion(id, _label(id, lang), lang) for id, _ in wanted], rows
    entity = {reconciler.iri(id): id for id in ids}
    listed, asked = " ".join(f"<{iri}>" for iri in iris(list(entity))), " ".join(f"<{iri}>" for iri in by_iri)
    found = reconciler.engine.select(
        f"SELECT DISTINCT ?c ?p ?v {{ VALUES ?c {{ {listed} }} VALUES ?p {{ {asked} }} ?c ?p ?v }} ORDER BY ?c ?p ?v"
    )
    named = [row["v"]["value"] for row in found if row["v"]["type"] == "uri"]
    labels = reconciler.engine.search.labels(reconciler.engine.version(), named, lang) if named else {}
    for row in found:
        id, limit = by_iri[row["p"]["value"]]
        cells = rows[entity[row["c"]["value"]]][id]
        if not limit or len(cells) < limit:
            cells.append(_cell(reconciler, row["p"]["value"], row["v"], labels, lang))
    return [Suggestion(id, _label(id, lang), lang) for id, _ in wanted], rows


def _cell(
    reconciler: Reconciler, prop: str, value: Mapping[str, str], labels: Mapping[str, tuple[str, str]], lang: str
) -> Cell:
    text, datatype = value["value"], value.get("datatype", "")
    if value["type"] == "uri":
        if prop == SAME_AS:
            return {"str": text.rpartition("/")[2]}
        if terms.local_name(text):
            return {"str": terms.label(text, lang) or terms.local_name(text)}
        return {"id": reconciler.id(text), "name": labels.get(text, (text.rpartition("/")[2], ""))[0]}
    if datatype in _INTEGERS:
        return {"int": int(text)}
    if datatype in _FLOATS:
        return {"float": float(text)}
    if datatype == _XSD + "date":
        return {"date": text + "T00:00:00Z"}
    if datatype == _XSD + "dateTime":
        return {"date": text}
    return {"str": text}


def preview(reconciler: Reconciler, id: str, lang: str) -> str:
    """Return a small page about an entity.

    Raises:
        Problem: 404 if nothing is known about it.
    """
    wanted = [("label", 1), ("altLabel", 3), *((name, 3) for name in _SHOWN), ("wikidata", 1)]
    _, rows = extend(reconciler, [id], wanted, lang)
    values = rows[id]
    names = reconciler.engine.search.labels(reconciler.engine.version(), [reconciler.iri(id)], lang)
    if reconciler.iri(id) not in names:
        raise Problem(404, "unknown", f"nothing is known about {id!r}")
    name, own = names[reconciler.iri(id)]
    lines = [
        f"<dt>{escape(_label(prop, lang))}</dt><dd><bdi>{escape(' · '.join(_text(cell) for cell in cells))}</bdi></dd>"
        for prop, cells in values.items()
        if cells and prop != "label"
    ]
    direction = "rtl" if lang in RIGHT_TO_LEFT else "ltr"
    return (
        f'<!doctype html>\n<html lang="{escape(lang)}" dir="{direction}"><head><meta charset="utf-8"><title>{escape(name)}</title>'
        f'<link rel="stylesheet" href="/static/style.css"></head><body><h3 lang="{escape(own or lang)}" dir="auto">{escape(name)}</h3>'
        f"<dl>{''.join(lines)}</dl></body></html>\n"
    )


def _text(cell: Cell) -> str:
    return str(
        next((cell[key] for key in ("name", "str", "int", "float") if key in cell), str(cell.get("date", ""))[:10])
    )
