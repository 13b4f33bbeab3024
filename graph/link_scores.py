"""Score links to Wikidata: the QIDs of a document's entities against those that stand in its gold. For ``evaluation.py``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import regex

from .described import Thing
from .gold import Gold, normalise
from .predictions import Predicted
from .scores import Score, WrongLink

_QID = regex.compile(r"q[1-9]\d*")


def score_links(pairs: Iterable[tuple[Gold, Predicted]]) -> tuple[Score, tuple[WrongLink, ...]]:
    """Return how the links fare, and those that are wrong.

    Judged are entities that share a name with something gold gives a QID: precision is the share of their links that are
    right, recall the share of what gold gives a QID that is linked to it. A link of anything else cannot be judged.
    """
    total, wrong = Score(), []
    for gold, predicted in pairs:
        known = _known(gold)
        found: set[int] = set()
        linked = right = 0
        for thing in _things(predicted):
            qids, names = _split(thing.names)
            same = [number for number, (_, theirs) in enumerate(known) if theirs & names]
            if not qids or not same:
                continue
            linked += 1
            agreeing = [number for number in same if known[number][0] & qids]
            found.update(agreeing)
            if agreeing:
                right += 1
            else:
                expected = sorted({qid.upper() for number in same for qid in known[number][0]})
                shown = tuple(sorted(qid.upper() for qid in qids))
                wrong.append(WrongLink(gold.name, thing.label, shown, tuple(expected)))
        total += Score(right, linked, len(found), len(known))
    return total, tuple(wrong)


def _split(names: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the QIDs among normalised names, and the others."""
    qids = frozenset(name for name in names if _QID.fullmatch(name))
    return qids, names - qids


def _known(gold: Gold) -> Sequence[tuple[frozenset[str], frozenset[str]]]:
    """Return QIDs and names of each thing gold gives a QID, once for each label."""
    labels = {normalise(label) for row in gold.rows for label in (row.subject, row.object)}
    split = (_split(gold.known[label]) for label in sorted(labels) if label in gold.known)
    return [(qids, names) for qids, names in split if qids]


def _things(predicted: Predicted) -> Iterator[Thing]:
    """Yield each entity of the facts once."""
    seen: set[str] = set()
    for fact in predicted.facts:
        for thing in (fact.subject, fact.object, *fact.reached):
            if thing is not None and thing.iri and thing.iri not in seen:
                seen.add(thing.iri)
                yield thing
