"""The ontology under reasoners: HermiT, the OWL API's profile checker, and the OWL 2 RL rules.

HermiT and the OWL API come in the jar that owlready2 carries. It is LGPL, so it is no dependency of the project:
a developer or a build machine that has it, and a Java development kit, runs these tests; elsewhere they are skipped
and the OWL 2 RL closure remains.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path

import owlrl  # type: ignore[import-untyped]
import pytest
from rdflib import OWL, RDF, RDFS, Graph, Literal, Namespace, URIRef

from summitgraph import ontology

SG = Namespace(ontology.NAMESPACE)
EX = Namespace("https://example.org/")
ERROR = URIRef("http://www.daml.org/2002/03/agents/agent-ont#ErrorMessage")
LOGICAL = ("core", "provenance", "concepts")  # the currencies say nothing that other concepts do not, and are many


def problems(graph: Graph, folder: Path) -> list[str]:
    """Return what the profile checker and HermiT object to."""
    found = importlib.util.find_spec("owlready2")
    if found is None or found.origin is None:
        pytest.skip("owlready2, which carries HermiT, is not installed")
    if shutil.which("java") is None or shutil.which("javac") is None:
        pytest.skip("there is no Java development kit on this machine")
    path = folder / "ontology.rdf"
    graph.serialize(path, format="xml", encoding="utf-8")
    jar = Path(found.origin).parent / "hermit" / "HermiT.jar"
    program = Path(__file__).parent / "Reason.java"
    run = subprocess.run(
        ["java", "-cp", str(jar), str(program), str(path)], capture_output=True, text=True, timeout=300, check=False
    )
    lines = run.stdout.splitlines()
    assert run.returncode == 0, run.stderr
    assert lines[-1].startswith("checked ")
    assert int(lines[-1].split()[1]) > 0
    return lines[:-1]


def closure(graph: Graph) -> Graph:
    """Return the graph with all that follows by the OWL 2 RL rules."""
    copy = Graph()
    copy += graph
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics, axiomatic_triples=False, datatype_axioms=False).expand(copy)
    return copy


def errors(graph: Graph) -> list[str]:
    """Return the inconsistencies that the OWL 2 RL rules find."""
    closed = closure(graph)
    return sorted(str(text) for message in closed.subjects(RDF.type, ERROR) for text in closed.objects(message))


def test_ontology_is_owl_2_dl_consistent_and_satisfiable(tmp_path: Path) -> None:
    assert problems(ontology.load(ontology.PROPER), tmp_path) == []


def test_alignments_keep_it_owl_2_dl_and_satisfiable(tmp_path: Path) -> None:
    graph = ontology.load((*ontology.PROPER, "alignments"))
    graph.remove((None, OWL.imports, None))  # the import is the graph itself; nothing is fetched

    assert problems(graph, tmp_path) == []


def test_profile_checker_sees_what_is_not_owl_2_dl(tmp_path: Path) -> None:
    graph = ontology.load((*ontology.PROPER, "reification"))

    assert any(line.startswith("not OWL 2 DL") for line in problems(graph, tmp_path))


def test_reasoner_sees_an_unsatisfiable_class(tmp_path: Path) -> None:
    graph = ontology.load(ontology.PROPER)
    graph.add((EX.Both, RDF.type, OWL.Class))
    graph.add((EX.Both, RDFS.subClassOf, SG.Person))
    graph.add((EX.Both, RDFS.subClassOf, SG.Event))

    assert "unsatisfiable: <https://example.org/Both>" in problems(graph, tmp_path)


def test_rules_find_no_inconsistency() -> None:
    assert errors(ontology.load((*LOGICAL, "reification"))) == []


def test_rules_find_no_inconsistency_in_a_document() -> None:
    document = Graph().parse(Path(__file__).parents[1] / "shapes" / "document.ttl")

    assert errors(ontology.load((*LOGICAL, "reification")) + document) == []


@pytest.mark.parametrize(
    "kinds",
    [(SG.Person, SG.State), (SG.Summit, SG.Session), (SG.Endorsement, SG.Refusal), (SG.Initiative, SG.Report)],
    ids=str,
)
def test_rules_find_what_cannot_be_both(kinds: tuple[URIRef, URIRef]) -> None:
    graph = ontology.load(("core",))
    for kind in kinds:
        graph.add((EX.thing, RDF.type, kind))

    assert errors(graph) != []


def test_what_follows_from_direct_triples() -> None:
    graph = ontology.load(("core",))
    for triple in (
        (EX.session, SG.partOf, EX.summit),
        (EX.session, SG.chairedBy, EX.person),
        (EX.session, SG.heldAt, EX.palace),
        (EX.palace, SG.locatedIn, EX.paris),
        (EX.paris, SG.locatedIn, EX.france),
        (EX.declaration, SG.signedBy, EX.france),
        (EX.company, SG.partnerOf, EX.france),
        (EX.summit, SG.previousEdition, EX.earlier),
        (EX.initiative, SG.purpose, Literal("tools", lang="en")),
    ):
        graph.add(triple)
    closed = closure(graph)

    for triple in (
        (EX.session, SG.hasParticipant, EX.person),
        (EX.person, SG.participatedIn, EX.summit),
        (EX.session, SG.heldAt, EX.france),
        (EX.france, SG.signed, EX.declaration),
        (EX.france, SG.partnerOf, EX.company),
        (EX.earlier, SG.nextEdition, EX.summit),
        (EX.person, RDF.type, SG.Person),
    ):
        assert triple in closed
    assert (EX.summit, SG.heldAt, EX.palace) not in closed
