"""The example queries shown to people and offered to programs: one Turtle file each in ``examples/``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import pyoxigraph as ox

from summitgraph.errors import InputError

from . import fulltext
from .fulltext import stem

SH, RDFS = "http://www.w3.org/ns/shacl#", "http://www.w3.org/2000/01/rdf-schema#"
FEDERATES = "https://purl.expasy.org/sparql-examples/ontology#federatesWith"
_NEAR, _SHOWN = 4.0, 3  # what the words in common have to be worth (natural logarithm), and how many are shown
FORMS = ("select", "ask", "construct", "describe")
_OPTIONAL_NAME = re.compile(r'(OPTIONAL \{ [^{}]*FILTER\(LANG\(\?\w+Name\) = )"en"\) \}')
_FIRST_NAME = re.compile(r"COALESCE\((\?\w+En, \?\w+Fr, \?\w+Ar)\)")


@dataclass(frozen=True, slots=True)
class Example:
    """A query that runs, with what it asks in several languages (BCP 47 tag to text)."""

    iri: str
    comments: Mapping[str, str]
    query: str
    form: str
    service: str = ""  # the endpoint it asks by SERVICE, which the administrator has to allow

    @property
    def name(self) -> str:
        """Return the last part of its IRI."""
        return self.iri.rpartition("/")[2]

    def comment(self, language: str) -> str:
        """Return what it asks in *language*, else in English."""
        return self.comments.get(language) or self.comments["en"]

    def query_in(self, language: str) -> str:
        """Return the query asking for names in *language* first, then in English.

        The files name things in English first, in one of two ways: an optional name whose language is English, and
        names in all three languages of which the first that is there counts.
        """
        if language == "en" or self.service:
            return self.query
        text = _OPTIONAL_NAME.sub(
            lambda found: "\n  ".join(f'{found[1]}"{code}") }}' for code in (language, "en")), self.query
        )
        return _FIRST_NAME.sub(
            lambda found: "COALESCE(" + ", ".join(sorted(found[1].split(", "), key=lambda name: not name.lower().endswith(language))) + ")",
            text,
        )  # fmt: skip


def _quads() -> list[ox.Quad]:
    folder = resources.files("summitgraph.server") / "examples"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".ttl"))
    return [quad for name in names for quad in ox.parse((folder / name).read_bytes(), format=ox.RdfFormat.TURTLE)]


def triples() -> list[ox.Triple]:
    """Return all examples as RDF."""
    return [quad.triple for quad in _quads()]


@lru_cache(maxsize=1)
def examples() -> Sequence[Example]:
    """Return the examples in the order of their files.

    Raises:
        InputError: If a file has no comment in English or no query.
    """
    comments: dict[str, dict[str, str]] = {}
    queries: dict[str, tuple[str, str]] = {}
    services: dict[str, str] = {}
    for quad in _quads():
        predicate, value = quad.predicate.value, quad.object
        if predicate == FEDERATES and isinstance(value, ox.NamedNode) and isinstance(quad.subject, ox.NamedNode):
            services[quad.subject.value] = value.value
        if isinstance(value, ox.Literal) and isinstance(quad.subject, ox.NamedNode):
            subject = quad.subject.value
            if predicate == RDFS + "comment":
                comments.setdefault(subject, {})[value.language or "en"] = value.value
            elif predicate.removeprefix(SH) in FORMS:
                queries[subject] = (predicate.removeprefix(SH), value.value.strip())
    if broken := [iri for iri in comments if iri not in queries or "en" not in comments[iri]]:
        raise InputError(f"example {broken[0]} has no query or no comment in English")
    return tuple(
        Example(iri, texts, queries[iri][1], queries[iri][0], services.get(iri, "")) for iri, texts in comments.items()
    )


def like(words: str, language: str) -> list[Example]:
    """Return the examples whose question in *language* shares rare words with *words*, the nearest first.

    A word counts the more the fewer questions have it; two rare ones are needed.
    """
    questions = _questions(language)
    asked = _stems(words)
    worth = {
        word: math.log(len(questions) / number)
        for word in asked
        if (number := sum(word in having for _, having in questions))
    }
    scores = [(sum(worth.get(word, 0.0) for word in having & asked), item) for item, having in questions]
    near = [(score, item) for score, item in scores if score >= _NEAR]
    return [item for _, item in sorted(near, key=lambda pair: -pair[0])[:_SHOWN]]


@lru_cache(maxsize=4)
def _questions(language: str) -> Sequence[tuple[Example, frozenset[str]]]:
    return [(item, _stems(item.comment(language))) for item in examples()]


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in fulltext.words(text))
