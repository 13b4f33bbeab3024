"""What the terms of the ontology are called, in three languages; and which of its classes stand for what on pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import resources

import pyoxigraph as ox

from summitgraph.ontology.terms import NAMESPACE, SUPERCLASSES

_LABELS = ("http://www.w3.org/2000/01/rdf-schema#label", "http://www.w3.org/2004/02/skos/core#prefLabel")
# Classes whose individuals are not things of the world but what is said of them: left out of cards, drawings, sitemaps.
PROVENANCE = frozenset(["Claim", "Evidence", "Extraction", "Finding", "LinkDecision", "MonetaryAmount", "Record"])
RECORDS = frozenset(
    name for name, above in SUPERCLASSES.items() if name in ("Position", "Participation", "Statement", "Tally")
    or name == "Commitment" or "Commitment" in above
)  # fmt: skip
# Classes whose individuals are terms of the ontology.
CONCEPTS = frozenset(
    [
        "CommitmentStatus",
        "Comparator",
        "Currency",
        "FindingKind",
        "LinkOutcome",
        "Office",
        "ParticipationRole",
        "PositionStatus",
        "StatementKind",
        "TallyKind",
    ]
)


@lru_cache(maxsize=1)
def labels() -> Mapping[str, Mapping[str, str]]:
    """Return the labels of the ontology's terms: IRI to language to text."""
    found: dict[str, dict[str, str]] = {}
    folder = resources.files("summitgraph.ontology")
    for name in sorted(item.name for item in folder.iterdir() if item.name.endswith(".ttl")):
        for quad in ox.parse((folder / name).read_bytes(), format=ox.RdfFormat.TURTLE):
            subject, value = quad.subject, quad.object
            if quad.predicate.value not in _LABELS or not isinstance(subject, ox.NamedNode):
                continue
            if isinstance(value, ox.Literal) and value.language:
                found.setdefault(subject.value, {})[value.language] = value.value
    return found


def label(iri: str, language: str) -> str:
    """Return what a term of the ontology is called, empty for anything else."""
    texts = labels().get(iri, {})
    return texts.get(language) or texts.get("en", "")


def local_name(iri: str) -> str:
    """Return the name of a term of the ontology without its namespace, empty for anything else."""
    return iri.removeprefix(NAMESPACE) if iri.startswith(NAMESPACE) else ""


def is_a(kinds: Iterable[str], name: str) -> bool:
    """Tell whether one of the classes *kinds* (local names) is *name* or below it."""
    return any(kind == name or name in SUPERCLASSES.get(kind, ()) for kind in kinds)


def most_specific(kinds: Iterable[str]) -> str:
    """Return that one of the classes *kinds* (local names) that stands lowest, empty if there is none.

    >>> most_specific(["Actor", "Organization", "Company"])
    'Company'
    """
    return max(sorted(kinds), key=lambda kind: len(SUPERCLASSES.get(kind, ())), default="")
