"""The page of one thing: names, facts grouped by kind, who said what, what was promised; each with its evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from summitgraph.ontology.terms import NAMESPACE

from . import schema_org, terms
from .engine import Engine
from .facts import (
    RDF_TYPE,
    Fact,
    Record,
    add_evidence,
    direct,
    facts_about,
    facts_of,
    record,
    record_kinds,
    records_listed,
    wikidata,
)
from .formats import RDF_FORMATS
from .pages import direction, messages, shorten
from .protocol import base_of, read_parameters
from .reply import Environ, Reply
from .shown import DATES, SIGNATURES, Passage, Shower, Shown, merged, wanted
from .site import Names, Row, Site, together, value
from .source_page import source_values
from .where_sources_disagree import disagreements, disputed_values

LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
NAMING = (
    LABEL, "http://www.w3.org/2004/02/skos/core#prefLabel", "http://purl.org/dc/terms/title",
    "http://www.w3.org/2004/02/skos/core#altLabel", "http://www.w3.org/2002/07/owl#sameAs", RDF_TYPE,
)  # fmt: skip
ALIAS, SAME_AS = NAMING[3], NAMING[4]
_MAX_ALIASES = 40
# Of a thing of which more is known than this, only some of each kind is shown at first, and all at another address.
_MANY = 150
_FACTS, _RECORDS, _ALL = 6, 20, 1000
_CLAIMS = 2  # of a fact
_COMPARED = 60  # records whose values may contradict each other
_COMPARABLE = ("Tally", "FinancialCommitment")
_DOCUMENTS = 4  # of a summit, whose signatories its page names
_SECTIONS = ("stated", "promises", "statements", "other_records")


def page(site: Site, environ: Environ, iri: str, path: str) -> Reply | None:
    """Return the page about *iri*, or None if nothing is known of it."""
    rows = direct(site.engine, iri)
    inverse = [] if rows else facts_about(site.engine, iri)
    if not rows and not inverse:
        return None
    kinds = [name for row in rows if value(row, "p") == RDF_TYPE and (name := terms.local_name(value(row, "o")))]
    quoted = quote(path)
    alternates = [(form.media_type, f"/data/{quoted}.{form.suffix}") for form in RDF_FORMATS]
    links = [(target, f'rel="alternate"; type="{media}"') for media, target in alternates]
    links.append((quote(iri, safe="/%:@!$&'()*+,;=~-._#?"), 'rel="describes"'))
    shared: dict[str, Any] = {"iri": iri, "alternates": alternates[:4], "path": quoted, "kinds": kinds}
    if "SourceDocument" in kinds:
        return site.reply(environ, "source.html", lambda: {**shared, **source_values(site, environ, iri, rows)}, links)
    return site.reply(
        environ, "entity.html", lambda: {**shared, **_values(site, environ, iri, path, kinds, rows)}, links
    )


def _values(
    site: Site, environ: Environ, iri: str, path: str, kinds: Sequence[str], rows: Sequence[Row]
) -> Mapping[str, Any]:
    engine, names = site.engine, site.names(environ)
    own = record(engine, iri) if any(kind in terms.RECORDS for kind in kinds) else None
    claim = _claim(iri, rows) if "Claim" in kinds else None
    plain = own is None and claim is None
    facts, inverse, listed, signed = [], [], {}, {}
    if plain:
        adopted = _adopted(rows) if "Summit" in kinds else []
        facts, inverse, listed, signed = together(
            lambda: facts_of(engine, iri, rows),
            lambda: facts_about(engine, iri),
            lambda: record_kinds(engine, iri),
            lambda: _signatures(engine, adopted),
        )
    everything = "all" in read_parameters(environ.get("QUERY_STRING", ""))
    if not everything and len(facts) + len(inverse) + sum(map(len, listed.values())) > _MANY:
        chosen = {kind: items[: _COMPARED if kind in _COMPARABLE else _RECORDS] for kind, items in listed.items()}
        for some in (facts, inverse, *signed.values()):
            _choose(some)
    else:
        chosen = {kind: items[:_ALL] for kind, items in listed.items()}
    records = records_listed(engine, [item for items in chosen.values() for item in items])
    said = [*facts, *inverse, *(fact for items in signed.values() for fact in items), *([claim] if claim else [])]
    written = [*records, *([own] if own else [])]
    add_evidence(engine, said, written)
    mentioned = wanted(said, written)
    names.learn([iri, *signed, *mentioned])
    told = [iri, *wanted([fact for fact in said if fact.told], written)]
    shower = Shower(site.pages, names, wikidata(engine, told), messages()[names.language])
    shown = shower.records(records, iri)
    conflicts = disagreements(iri, [fact for fact in facts if fact.told], records, shower)
    cut = {
        heading: sum(len(items) for kind, items in listed.items() if _section(kind) == heading)
        for heading in {_section(kind) for kind, items in listed.items() if len(items) > len(chosen[kind])}
    }
    kind = terms.most_specific(kinds)
    # Evidence is called by its words.
    words = next((item for entry in records for item in entry.evidence if item.iri == iri), None)
    return {
        "label": (words.words if words else _title(names, shower, iri, kind, own, claim, rows)),
        "label_language": words.language if words else names.language_of(iri),
        "kind": kind,
        "kind_label": terms.label(NAMESPACE + kind, names.language) if kind else "",
        "names": _names(rows, names.language),
        "aliases": [(value(row, "o"), row["o"].get("xml:lang", "")) for row in rows if value(row, "p") == ALIAS][:_MAX_ALIASES],
        "same": [value(row, "o") for row in rows if value(row, "p") == SAME_AS],
        "groups": shower.groups(facts, inverse),
        "signatures": [item for document, items in signed.items() for item in shower.signatures(document, items)],
        "record_sections": [
            (heading, items, cut.get(heading, 0))
            for heading in _SECTIONS
            if (items := [item for item in shown if _section(item.kind) == heading])
        ],
        "own": shower.record(own, "") if own else None,
        "claim": _shown_claim(shower, claim) if claim else None,
        "rest": _rest(rows) if not (facts or shown or inverse or own or claim) else [],
        "conflicts": conflicts,
        "disputed": {conflict.question for conflict in conflicts},
        "disputed_values": disputed_values(conflicts, shown),
        "json_ld": schema_org.entity(
            iri, f"{base_of(environ)}/page/{quote(path)}", kinds, rows, {name: names(name) for name in mentioned}
        ),
        "drawable": plain and words is None,
    }  # fmt: skip


def _section(kind: str) -> str:
    """Return under which heading records of a kind stand."""
    if kind in ("Statement", "Claim"):
        return "statements" if kind == "Statement" else "stated"
    return "promises" if terms.is_a([kind], "Commitment") else "other_records"


def _choose(facts: Sequence[Fact]) -> None:
    """Leave of each property those stated most often to be told, and all dates; the others are only named."""
    told: dict[str, int] = {}
    for fact in sorted(facts, key=lambda fact: -fact.count):
        told[fact.predicate] = told.get(fact.predicate, 0) + 1
        fact.claims = fact.claims[:_CLAIMS]
        fact.told = told[fact.predicate] <= _FACTS or terms.local_name(fact.predicate) in DATES


def _adopted(rows: Sequence[Row]) -> list[str]:
    """Return the documents a summit adopted, some of them where there are many."""
    return [value(row, "o") for row in rows if terms.local_name(value(row, "p")) == "adopted"][:_DOCUMENTS]


def _signatures(engine: Engine, documents: Sequence[str]) -> dict[str, list[Fact]]:
    """Return who signed and who refused each of several documents, if anybody did."""
    found = {}
    for document in documents:
        rows = [row for row in direct(engine, document) if terms.local_name(value(row, "p")) in SIGNATURES]
        if rows:
            found[document] = facts_of(engine, document, rows)
    return found


def _names(rows: Sequence[Row], language: str) -> list[tuple[list[str], str, str]]:
    """Return the thing's names, each with the languages it is one in and its direction, the reader's language first."""
    found = [(row["o"].get("xml:lang", ""), value(row, "o")) for row in rows if value(row, "p") in NAMING[:3]]
    names: dict[str, list[str]] = {}
    for code, text in sorted(dict.fromkeys(found), key=lambda item: (item[0] != language, item[0])):
        names.setdefault(text, []).append(code)
    return [(codes, text, direction(codes[0])) for text, codes in names.items()]


def _claim(iri: str, rows: Sequence[Row]) -> Fact | None:
    rdf = RDF_TYPE.removesuffix("type")
    parts = {value(row, "p").removeprefix(rdf): row["o"] for row in rows}
    if not {"subject", "predicate", "object"} <= parts.keys():
        return None
    return Fact(parts["subject"]["value"], parts["predicate"]["value"], parts["object"], [iri], 1)


def _shown_claim(shower: Shower, claim: Fact) -> tuple[Shown, Shown, Shown, list[Passage]]:
    parts = shower.thing(claim.subject), shower.thing(claim.predicate), shower.cell(claim.object)
    return *parts, merged([], claim.evidence)


def _title(
    names: Names, shower: Shower, iri: str, kind: str, own: Record | None, claim: Fact | None, rows: Sequence[Row]
) -> str:
    if claim:
        return f"{names(claim.subject)} · {shower.thing(claim.predicate).text} · {shower.cell(claim.object).text}"
    if own:
        who = [
            names(own.first(name))
            for name in ("committedBy", "speaker", "heldBy", "actor", "tallyFor")
            if own.first(name)
        ]
        return " · ".join([terms.label(NAMESPACE + kind, names.language), *who[:1]])
    fallback = next((value(row, "o") for row in rows if value(row, "p") in NAMING[:3]), "")
    name = names(iri)
    return fallback or name if name == shorten(iri) else name


def _rest(rows: Sequence[Row]) -> list[tuple[list[str], list[list[str]]]]:
    """Return the triples of something that is none of our things, property by property."""
    grouped: dict[str, list[list[str]]] = {}
    for row in rows:
        cell = row["o"]
        kind = {"uri": "iri", "literal": "literal"}.get(cell["type"], "other")
        shown = [kind, cell["value"], cell.get("xml:lang", ""), cell.get("datatype", ""), ""]
        grouped.setdefault(value(row, "p"), []).append(shown)
    return [(["iri", name, "", "", ""], cells) for name, cells in grouped.items()]
