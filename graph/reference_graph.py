"""The reference table as RDF: the graph ``…/graph/reference``."""

from __future__ import annotations

from collections.abc import Iterator

from pyoxigraph import Literal, NamedNode, Quad

from . import iris
from .reference import LANGUAGES, Demonym, Row, iri, load

_RDF_TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_LABEL = NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
_ALT = NamedNode("http://www.w3.org/2004/02/skos/core#altLabel")
_EXACT = NamedNode("http://www.w3.org/2004/02/skos/core#exactMatch")
_HIDDEN = NamedNode("http://www.w3.org/2004/02/skos/core#hiddenLabel")
_SOURCE = NamedNode("http://purl.org/dc/terms/source")
_SPATIAL = NamedNode("http://purl.org/dc/terms/spatial")
_DESCRIPTION = NamedNode("http://purl.org/dc/terms/description")
_PLACES = ("City", "Venue", "Place")
_CONCEPTS = ("Currency", "OccupationOrOffice")  # concepts of the ontology, which names them itself


def quads() -> Iterator[Quad]:
    """Yield types, names, demonyms, the state or organisation of each row, identifiers (``skos:exactMatch``) and their evidence.

    ``owl:sameAs`` is not among them: it is stated only where a document's own link decision was accepted. The state of a person or
    organisation is given as ``dct:spatial``, a hint and no claim of nationality; that of a place as ``sg:locatedIn``.
    """
    table, graph = load(), iris.graph("reference")
    by_qid = table.by_qid()
    forms: dict[str, list[Demonym]] = {}
    for demonym in table.demonyms:
        forms.setdefault(demonym.qid, []).append(demonym)
    for row in table.rows:
        if row.kind in _CONCEPTS:
            continue
        subject = iri(row)
        for predicate, value in _of(row, by_qid.get(row.parent)):
            yield Quad(subject, predicate, value, graph)
        if row.qid and not row.deleted:
            yield Quad(subject, _EXACT, iris.wikidata(row.qid), graph)
            yield Quad(subject, _SOURCE, Literal(row.evidence), graph)
            for demonym in forms.get(row.qid, ()):
                yield Quad(subject, _HIDDEN, Literal(demonym.form, language=demonym.lang), graph)
            for language in LANGUAGES:
                if text := table.descriptions.get((row.qid, language)):
                    yield Quad(subject, _DESCRIPTION, Literal(text, language=language), graph)


def _of(row: Row, around: Row | None) -> Iterator[tuple[NamedNode, NamedNode | Literal]]:
    yield _RDF_TYPE, iris.term(row.kind)
    for language in LANGUAGES:
        if row.labels[language]:
            yield _LABEL, Literal(row.labels[language], language=language)
        for name in dict.fromkeys(row.aliases[language]):
            yield _ALT, Literal(name, language=language)
    if around is None:
        return
    if row.kind in _PLACES and around.kind in (*_PLACES, "State"):
        yield iris.term("locatedIn"), iri(around)
    elif around.kind == "State":
        yield _SPATIAL, iri(around)
