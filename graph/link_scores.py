"""Score links to Wikidata: the QIDs of a document's entities against those that stand in its gold. For ``evaluation.py``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import regex

from .described import Thing
from .gold import Gold, GoldLink, normalise
from .names import kinds_agree
from .predictions import Predicted
from .scores import Score, WrongLink

_QID = regex.compile(r"q[1-9]\d*")
OTHER = "other"


@dataclass
class LinkReport:
    """How links fare: over all, by kind and by language, and those that are wrong.

    Precision is the share of right ones among the links of things that gold gives a QID, or says to have none. Recall is the share
    of things with a QID that are linked to it: ``total`` counts all of gold, ``reached`` only what the extractor found at all.
    """

    total: Score = field(default_factory=Score)
    reached: Score = field(default_factory=Score)
    by_kind: dict[str, Score] = field(default_factory=dict)
    by_language: dict[str, Score] = field(default_factory=dict)
    wrong: list[WrongLink] = field(default_factory=list)
    missed: list[tuple[str, str, str]] = field(
        default_factory=list
    )  # document, label and QID of what was found and not linked


def score_links(pairs: Iterable[tuple[Gold, Predicted]]) -> LinkReport:
    """Return how the links of documents fare against their gold."""
    report = LinkReport()
    for gold, predicted in pairs:
        _score(gold, predicted, report)
    report.by_kind = dict(sorted(report.by_kind.items()))
    report.by_language = dict(sorted(report.by_language.items()))
    return report


def _score(gold: Gold, predicted: Predicted, report: LinkReport) -> None:
    known = _known(gold)
    linked: set[str] = set()  # labels of gold that are linked right
    met: set[str] = set()  # labels of gold that something found is called by
    language = gold.language or predicted.language
    for thing in _things(predicted):
        qids, names = _split(thing.names)
        same = [label for label, (link, theirs) in known.items() if theirs & names and _may_be(thing, link.kind)]
        met.update(same)
        if not qids or not same:
            continue
        agreeing = [label for label in same if known[label][0].qid.lower() in qids]
        linked.update(agreeing)
        kind = known[(agreeing or same)[0]][0].kind or OTHER
        _count(report, Score(bool(agreeing), 1, 0, 0), kind, language, reached=True)
        if not agreeing:
            expected = sorted({known[label][0].qid for label in same} - {""})
            shown = tuple(sorted(qid.upper() for qid in qids))
            report.wrong.append(WrongLink(gold.name, thing.label, shown, tuple(expected)))
    for label, (link, _) in known.items():
        if link.qid:
            _count(report, Score(0, 0, label in linked, 1), link.kind or OTHER, language, reached=label in met)
            if label in met and label not in linked:
                report.missed.append((gold.name, label, link.qid))


def _count(report: LinkReport, score: Score, kind: str, language: str, *, reached: bool) -> None:
    report.total += score
    if reached:
        report.reached += score
    report.by_kind[kind] = report.by_kind.get(kind, Score()) + score
    report.by_language[language] = report.by_language.get(language, Score()) + score


def _may_be(thing: Thing, kind: str) -> bool:
    """Tell whether a thing can be of the kind gold gives: the city that stands for its state is another thing of one name."""
    return not kind or not thing.classes or any(kinds_agree(name, kind) for name in thing.classes)


def _split(names: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the QIDs among normalised names, and the others."""
    qids = frozenset(name for name in names if _QID.fullmatch(name))
    return qids, names - qids


def _known(gold: Gold) -> Mapping[str, tuple[GoldLink, frozenset[str]]]:
    """Return, by label, the QID gold gives a thing, and its names: from the links beside it, else from QIDs among its aliases."""
    found = {}
    labels = dict.fromkeys(normalise(label) for row in gold.rows for label in (row.subject, row.object))
    for label in sorted(labels):
        qids, names = _split(gold.known.get(label, frozenset({label})))
        link = gold.links.get(label) or (GoldLink("", min(qids).upper()) if qids else None)
        if link is not None:
            found[label] = (link, names | {label})
    return found


def _things(predicted: Predicted) -> Iterator[Thing]:
    """Yield each entity of the facts once."""
    seen: set[str] = set()
    for fact in predicted.facts:
        for thing in (fact.subject, fact.object, *fact.reached):
            if thing is not None and thing.iri and thing.iri not in seen:
                seen.add(thing.iri)
                yield thing
