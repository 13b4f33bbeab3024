"""Match names from somebody's table to the entities of the graph, with scores that say where they come from.

What the W3C Reconciliation Service API asks, apart from how its versions write it down (``reconcile_api.py``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from rapidfuzz import fuzz

from summitgraph.graph.names import fold
from summitgraph.ontology import terms as ontology

from . import terms
from .engine import Engine, iris, known_prefixes
from .problems import Problem
from .search import Question, read_words

RDFS_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
ALT_LABEL = "http://www.w3.org/2004/02/skos/core#altLabel"
SAME_AS = "http://www.w3.org/2002/07/owl#sameAs"
# What can be asked for beside the ontology's own properties.
GENERAL = {
    "label": (RDFS_LABEL, {"en": "name", "ar": "الاسم", "fr": "nom"}),
    "altLabel": (ALT_LABEL, {"en": "other name", "ar": "اسم آخر", "fr": "autre nom"}),
    "wikidata": (SAME_AS, {"en": "Wikidata item", "ar": "عنصر ويكي بيانات", "fr": "élément de Wikidata"}),
}
SURE = 95.0  # a second candidate from here on, and no match is certain
_NAME_SHARE = 0.7  # of the score, where properties are given too
_LOOKED_AT = 40


@dataclass(frozen=True, slots=True)
class Condition:
    """A property, and the values one of which (or all, or none) it has to have."""

    property: str  # IRI
    id: str  # as the client calls it
    values: tuple[str, ...]
    quantifier: str = "any"
    required: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One row of somebody's table."""

    name: str = ""
    types: tuple[str, ...] = ()  # local names of classes
    conditions: tuple[Condition, ...] = ()
    limit: int = 10
    lang: str = "en"


@dataclass(slots=True)
class Candidate:
    """An entity that may be meant; scores are from 0 to 100."""

    iri: str
    name: str = ""
    lang: str = ""
    types: tuple[str, ...] = ()
    score: float = 0.0
    match: bool = False
    features: dict[str, float | bool] = field(default_factory=dict)


class Reconciler:
    """The matching side of one front."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.space = engine.settings.base_iri + "id/"

    # Identifiers: entities, classes and properties go by the last part of their IRI.

    def iri(self, id: str) -> str:
        """Return the IRI of the entity a client calls *id*: a part under ``/id/`` or an IRI."""
        return iris([id if "://" in id else self.space + id])[0]

    def id(self, iri: str) -> str:
        """Return what clients call an entity."""
        return iri.removeprefix(self.space)

    def property(self, id: str) -> str:
        """Return the IRI of a property.

        Raises:
            Problem: 400 if there is none of that name.
        """
        if id in GENERAL:
            return GENERAL[id][0]
        name = _local(id)
        if ontology.NAMESPACE + name not in properties():
            raise Problem(
                400, "reconcile", f"there is no property {id!r}", "The property suggestions list what there is."
            )
        return ontology.NAMESPACE + name

    @staticmethod
    def type(id: str) -> str:
        """Return the local name of a class.

        Raises:
            Problem: 400 if there is none of that name.
        """
        name = _local(id)
        if name not in classes():
            raise Problem(400, "reconcile", f"there is no type {id!r}", "The type suggestions list what there is.")
        return name

    # Matching.

    def candidates(self, asked: Asked) -> list[Candidate]:
        """Return who or what is meant, best first."""
        found = self._by_name(asked) if asked.name.strip() else self._by_property(asked)
        if not found:
            return []
        described = self._described(found, asked)
        kept = [
            candidate
            for candidate in described
            if not asked.types or any(terms.is_a(candidate.types, name) for name in asked.types)
        ]
        self._compare(kept, asked)
        kept = [candidate for candidate in kept if candidate.score > 0]
        kept.sort(key=lambda candidate: (-candidate.score, candidate.iri))
        if kept and kept[0].score >= 100 and (len(kept) == 1 or kept[1].score < SURE):
            kept[0].match = True
        return kept[: asked.limit]

    def _by_name(self, asked: Asked) -> list[str]:
        try:
            read_words(asked.name)
        except Problem:
            return []
        version, kinds = self.engine.version(), [ontology.NAMESPACE + name for name in asked.types] or [""]
        found: dict[str, None] = {}
        for kind in kinds:
            question = Question(asked.name, lang=asked.lang, type=kind, limit=_LOOKED_AT)
            hits = self.engine.search.find(version, question)
            found |= {hit.iri: None for hit in hits if hit.iri.startswith(self.space)}
        return list(found)

    def _by_property(self, asked: Asked) -> list[str]:
        """Return what has the first property given, where no name is."""
        for condition in asked.conditions:
            values = self._meant(condition.values)
            literals = " ".join(_literal(value) for value in condition.values)
            rows = self.engine.select(
                f"SELECT DISTINCT ?c {{ {{ ?c <{condition.property}> ?v VALUES ?v {{ {' '.join(f'<{v}>' for v in values)} }} }}"
                f" UNION {{ ?c <{condition.property}> ?l VALUES ?t {{ {literals} }} FILTER(STR(?l) = ?t) }} }} LIMIT {_LOOKED_AT * 5}"
            )
            return [row["c"]["value"] for row in rows if row["c"]["value"].startswith(self.space)]
        return []

    def _meant(self, values: Iterable[str]) -> list[str]:
        """Return the entities that values name: by IRI, by id, or by a name that is exactly theirs."""
        found = []
        for value in values:
            if "/" in value and " " not in value:
                with contextlib.suppress(Problem):  # a text with a slash is not an IRI for that
                    found.append(self.iri(value))
            elif value.strip():
                hits = self.engine.search.find(self.engine.version(), Question(value, limit=5)) if fold(value) else []
                found += [hit.iri for hit in hits if fold(hit.text) == fold(value)]
        return found

    def _described(self, found: Sequence[str], asked: Asked) -> list[Candidate]:
        """Return candidates with their types, their best name, and how well any of their names fits."""
        listed = " ".join(f"<{iri}>" for iri in iris(found))
        rows = self.engine.select(
            f"SELECT DISTINCT ?c ?type ?name {{ VALUES ?c {{ {listed} }} {{ ?c a ?type }}"
            f" UNION {{ ?c <{RDFS_LABEL}>|<{ALT_LABEL}> ?name }} }}"
        )
        kinds: dict[str, set[str]] = {}
        names: dict[str, list[str]] = {}
        for row in rows:
            iri = row["c"]["value"]
            if "type" in row and (kind := terms.local_name(row["type"]["value"])):
                kinds.setdefault(iri, set()).add(kind)
            if "name" in row:
                names.setdefault(iri, []).append(row["name"]["value"])
        labels = self.engine.search.labels(self.engine.version(), found, asked.lang)
        made = []
        for iri in found:
            if iri not in names:
                continue
            text, lang = labels.get(iri, (names[iri][0], ""))
            types = tuple(sorted(kinds.get(iri, ()), key=lambda kind: -len(ontology.SUPERCLASSES.get(kind, ()))))
            candidate = Candidate(iri, text, lang, types)
            if asked.name.strip():
                candidate.features["name"] = max(likeness(asked.name, name) for name in names[iri])
            made.append(candidate)
        return made

    def _compare(self, candidates: Sequence[Candidate], asked: Asked) -> None:
        """Set the scores: of the name alone, or of name and properties together."""
        held = self._values([candidate.iri for candidate in candidates], asked.conditions)
        for candidate in candidates:
            fitting = []
            for condition in asked.conditions:
                own = held.get((candidate.iri, condition.property), set())
                fits = [_fits(value, own, self) for value in condition.values]
                good = {"any": any(fits), "all": all(fits), "none": not any(fits)}[condition.quantifier]
                candidate.features[condition.id] = good
                fitting.append(good)
            refused = any(not good and one.required for good, one in zip(fitting, asked.conditions, strict=True))
            name = float(candidate.features.get("name", 100.0))
            if fitting:
                share = _NAME_SHARE if "name" in candidate.features else 0.0
                name = share * name + (1 - share) * 100.0 * sum(fitting) / len(fitting)
            candidate.score = 0.0 if refused else round(name, 1)

    def _values(
        self, found: Sequence[str], conditions: Sequence[Condition]
    ) -> dict[tuple[str, str], set[tuple[str, bool]]]:
        """Return what candidates have for the properties asked about: values and names of values, and whether it is an IRI."""
        if not conditions or not found:
            return {}
        listed, wanted = " ".join(f"<{iri}>" for iri in iris(found)), {one.property for one in conditions}
        rows = self.engine.select(
            f"SELECT ?c ?p ?v ?name {{ VALUES ?c {{ {listed} }} VALUES ?p {{ {' '.join(f'<{iri}>' for iri in sorted(wanted))} }}"
            f" ?c ?p ?v OPTIONAL {{ ?v <{RDFS_LABEL}>|<{ALT_LABEL}> ?name }} }}"
        )
        held: dict[tuple[str, str], set[tuple[str, bool]]] = {}
        for row in rows:
            values = held.setdefault((row["c"]["value"], row["p"]["value"]), set())
            values.add((row["v"]["value"], row["v"]["type"] == "uri"))
            if "name" in row:
                values.add((row["name"]["value"], False))
        return held


def _fits(value: str, own: Iterable[tuple[str, bool]], reconciler: Reconciler) -> bool:
    for text, is_iri in own:
        if is_iri and value in (text, reconciler.id(text), text.rpartition("/")[2]):
            return True
        if not is_iri and (text == value or (fold(value) and fold(text) == fold(value))):
            return True
    return False


@lru_cache(maxsize=8192)
def likeness(asked: str, name: str) -> float:
    """Return how like two names are, from 0 to 100; 100 only if they differ in nothing but spelling.

    >>> likeness("EMMANUEL MACRON", "Emmanuel Macron"), likeness("Emanuel Macron", "Emmanuel Macron") < 100
    (100.0, True)
    """
    first, second = fold(asked), fold(name)
    if first == second and first:
        return 100.0
    return round(0.98 * max(fuzz.ratio(first, second), 0.95 * fuzz.token_sort_ratio(first, second)), 1)


@lru_cache(maxsize=1)
def classes() -> dict[str, dict[str, str]]:
    """Return the classes entities can be matched to: local name to language to label."""
    named = terms.labels()
    above = {name for found in ontology.SUPERCLASSES.values() for name in found}
    listed = (set(ontology.SUPERCLASSES) | above) - terms.PROVENANCE
    return {
        name: dict(named[ontology.NAMESPACE + name]) for name in sorted(listed) if ontology.NAMESPACE + name in named
    }


@lru_cache(maxsize=1)
def properties() -> dict[str, dict[str, str]]:
    """Return the properties of the ontology: IRI to language to label."""
    return {
        iri: dict(texts)
        for iri, texts in sorted(terms.labels().items())
        if iri.startswith(ontology.NAMESPACE) and iri[len(ontology.NAMESPACE)].islower()
    }


def _local(id: str) -> str:
    prefix, _, local = id.partition(":")
    if prefix in known_prefixes() and not local.startswith("//"):
        id = known_prefixes()[prefix] + local
    return id.removeprefix(ontology.NAMESPACE)


def _literal(text: str) -> str:
    return '"' + text.translate({ord('"'): '\\"', ord("\\"): " ", 10: "\\n", 13: "\\r"}) + '"'
