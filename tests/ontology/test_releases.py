"""What was released stays: a term never goes and never changes its kind, and versions are numbered and linked."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import DCTERMS, OWL, RDF, SKOS, Graph, Literal, Namespace, URIRef

from summitgraph import ontology
from summitgraph.ontology import derived

SG = Namespace(ontology.NAMESPACE)
FOLDER = ontology.paths()[0].parent
RELEASES = sorted((FOLDER / "released").glob("*/ontology.ttl"))
KINDS = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, SKOS.ConceptScheme, SKOS.Concept)


def number(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def lost(old: Graph, new: Graph) -> list[str]:
    """Return the terms of an old version that the new one does not have as the same kind."""
    return sorted(
        str(term).removeprefix(SG)
        for kind in KINDS
        for term in old.subjects(RDF.type, kind)
        if str(term).startswith(SG) and (term, RDF.type, kind) not in new
    )


def test_releases_are_found() -> None:
    assert derived.released("0.1.0") in RELEASES


@pytest.mark.parametrize("path", RELEASES, ids=lambda path: path.parent.name)
def test_no_released_term_is_lost(path: Path) -> None:
    assert lost(Graph().parse(path), ontology.load(ontology.PROPER)) == []


def test_a_lost_term_is_noticed() -> None:
    new = ontology.load(ontology.PROPER)
    new.remove((SG.Refusal, RDF.type, OWL.Class))

    assert lost(Graph().parse(RELEASES[0]), new) == ["Refusal"]


@pytest.mark.parametrize("path", RELEASES, ids=lambda path: path.parent.name)
def test_released_file_has_the_number_of_its_folder(path: Path) -> None:
    graph = Graph().parse(path)

    assert graph.value(URIRef(ontology.IRI), OWL.versionInfo) == Literal(path.parent.name)
    assert number(path.parent.name) <= number(ontology.version())


def test_prior_version_is_the_release_before() -> None:
    earlier = sorted(number(path.parent.name) for path in RELEASES if path.parent.name != ontology.version())
    prior = ontology.load(("core",)).value(URIRef(ontology.IRI), OWL.priorVersion)

    assert prior == (URIRef(f"{ontology.IRI}/{'.'.join(map(str, earlier[-1]))}") if earlier else None)


def test_deprecated_terms_say_what_replaces_them() -> None:
    graph = ontology.load(ontology.PROPER)

    assert all((term, DCTERMS.isReplacedBy, None) in graph for term in graph.subjects(OWL.deprecated))


def test_current_version_is_in_the_changelog() -> None:
    assert f"\n## {ontology.version()}\n" in (FOLDER / "CHANGELOG.md").read_text(encoding="utf-8")


def test_a_release_is_never_overwritten() -> None:
    if derived.released(ontology.version()) not in RELEASES:
        pytest.skip("this version is not released yet")

    with pytest.raises(FileExistsError):
        derived.freeze()
