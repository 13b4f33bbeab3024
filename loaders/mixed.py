"""Texts in several languages: each paragraph is read in its own, and what was found is put together.

The paragraphs of the other languages are blanked, not cut out, so that every offset stays what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import regex

from summitgraph.graph.records import Document, Entity, EntityRef, Extraction, Fact, FactRef, Finding, Span, Value

from . import patterns
from .entities import family
from .language import paragraph_language
from .normalise import fold

_PARAGRAPH = regex.compile(r"[^\n]+")
_FOREIGN = 0.3  # share of letters of the other script from which a text is looked at paragraph by paragraph
_INK = regex.compile(r"[^\n]")


def candidates(text: str, main: str) -> list[str]:
    """Return the languages that paragraphs of *text* can be in: of the same script, and of all where both scripts are used."""
    share = len(text.encode("ascii", "ignore")) / max(1, len(text))
    latin = patterns.script(main) == "Latin"
    both = "\n" in text and (share < 1 - _FOREIGN if latin else share > _FOREIGN)
    return [
        main,
        *(c for c in patterns.languages() if c != main and (both or (latin and patterns.script(c) == "Latin"))),
    ]


def parts(text: str, main: str) -> dict[str, str]:
    """Return by language the *text* with everything blanked that is in another; only *main* where there is no other.

    A paragraph too short to tell belongs to the one before it.
    """
    if "\n" not in text or len(candidates(text, main)) < 2:
        return {main: text}
    places: dict[str, list[tuple[int, int]]] = {}
    current = main
    for paragraph in _PARAGRAPH.finditer(text):
        current = paragraph_language(paragraph.group()) or current
        places.setdefault(current, []).append(paragraph.span())
    if set(places) <= {main}:
        return {main: text}
    return {code: _blank_but(text, places[code]) for code in sorted(places, key=lambda code: (code != main, code))}


def _blank_but(text: str, kept: Sequence[tuple[int, int]]) -> str:
    pieces, position = [], 0
    for start, end in kept:
        pieces += [_INK.sub(" ", text[position:start]), text[start:end]]
        position = end
    return "".join((*pieces, _INK.sub(" ", text[position:])))


def joined(document: Document, extractions: Iterable[Extraction]) -> Extraction:
    """Return what several readings of *document* found as one: known things are one thing, equal facts one fact."""
    entities: dict[str, Entity] = {}
    by_key: dict[object, str] = {}
    facts: dict[object, Fact] = {}
    findings: list[Finding] = []
    for extraction in extractions:
        ids: dict[str, str] = {}
        for entity in extraction.entities:
            key = _key(entity)
            known = by_key.get(key)
            if known is None:
                known = f"e{len(entities) + 1}"
                by_key[key] = known
                entities[known] = replace(entity, id=known)
            else:
                entities[known] = _union(entities[known], entity)
            ids[entity.id] = known
        for entity in extraction.entities:
            if entity.country:
                entities[ids[entity.id]] = replace(entities[ids[entity.id]], country=ids.get(entity.country, ""))
        fact_ids: dict[str, str] = {}
        for fact in extraction.facts:
            roles = {role: tuple(_mapped(v, ids, fact_ids) for v in values) for role, values in fact.roles.items()}
            same = (fact.kind, tuple(sorted(roles.items(), key=lambda item: item[0])))
            if same in facts:
                old = facts[same]
                facts[same] = replace(old, evidence=_spans((*old.evidence, *fact.evidence)))
            else:
                facts[same] = replace(fact, id=f"f{len(facts) + 1}", roles=roles)
            fact_ids[fact.id] = facts[same].id
        findings += extraction.findings
    return Extraction(document, tuple(entities.values()), tuple(facts.values()), tuple(findings))


def _key(entity: Entity) -> object:
    """Return what makes two entities one: what is known of them, or one name for one kind of thing; never likeness."""
    if entity.reference or entity.label:
        return entity.reference or entity.label
    if entity.names:
        return (family(entity.kind), fold(entity.names[0].text), entity.edition)
    return (entity.id, entity.description, entity.mentions)


def _union(one: Entity, other: Entity) -> Entity:
    spelled = {name.text for name in one.names}
    names = (*one.names, *(name for name in other.names if name.text not in spelled))
    return replace(
        one, names=names, mentions=_spans((*one.mentions, *other.mentions)), edition=one.edition or other.edition
    )


def _spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    return tuple(sorted(dict.fromkeys(spans)))


def _mapped(value: Value, ids: Mapping[str, str], facts: Mapping[str, str]) -> Value:
    if isinstance(value, EntityRef):
        return EntityRef(ids[value.id])
    if isinstance(value, FactRef):
        return FactRef(facts.get(value.id, value.id))
    return value
