"""The lexer guard: refuses what would hurt the engine, lets honest queries pass, reads what the protocol needs."""

from __future__ import annotations

import time

import pytest

from summitgraph.server.guard import Limits, check_query, scan
from summitgraph.server.problems import Problem

LIMITS = Limits()


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * WHERE " + "{" * 3000 + "}" * 3000,
        "SELECT (" + "(" * 4000 + "1" + ")" * 4000 + " AS ?x) {}",
        "SELECT (" + "1+" * 6900 + "1 AS ?x) {}",
        "SELECT * {" + "{} UNION " * 6400 + "{}}",
        "SELECT (" + "!" * 5000 + "true AS ?x) {}",
        "SELECT * { ?s " + "^" * 5000 + "a ?o }",
        "SELECT * {" + "[] a [ a " * 500 + "1" + "]" * 500 + "}",
        "SELECT * { ?s ?p " + "<<( ?s ?p " * 3000 + "1" + ")>>" * 3000 + "}",
        "SELECT * {" + "BIND(1 AS ?x) " * 2000 + "}",
        "SELECT * {" + "FILTER(true) " * 2000 + "}",
        "SELECT * {" + "?s ?p ?o . " * 3000 + "}",
        "SELECT * { VALUES ?x {" + " 1" * 9000 + "}}",
    ],
)
def test_harmful_query_is_refused(query: str) -> None:
    with pytest.raises(Problem) as caught:
        check_query(query, LIMITS)

    assert caught.value.code == "too-complex"
    assert caught.value.extra["limit"]


@pytest.mark.parametrize(
    "query",
    [
        'SELECT * { ?s ?p "{{{{{ SERVICE <http://a/> #" }',
        "SELECT * { ?s ?p '''it's {{{ \\''' SERVICE''' }",
        "SELECT * # SERVICE { ( [\n{ ?s ?p ?o }",
        "SELECT * { <http://a/SERVICE#x> ?p ?service }",
        "PREFIX service: <http://s/> SELECT * { ?s service:name ?o }",
        "SELECT * { ?s <http://a/\\u00e9> 'caf\\u00e9' }",
        "SELECT * { ?s ?p ?o FILTER(?o < 3 && ?o > 1) }",
        'SELECT * { ?s ?p "قمة"@ar, "x"@en-GB . _:b ?q true }',
    ],
)
def test_honest_query_passes(query: str) -> None:
    assert check_query(query, LIMITS).form == "SELECT"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
        "SELECT * { service silent <http://127.0.0.1/> { ?s ?p ?o } }",
        "SELECT * { SERVICE?x { ?s ?p ?o } }",
        "SELECT * { ?s ?p trueSERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
        "SELECT * { SERVICE:x { ?s ?p ?o } }",
        "SELECT * { \\u0053ERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
        "SELECT * {{} SERVICE#\n<http://127.0.0.1/> { ?s ?p ?o } }",
    ],
)
def test_service_is_refused_however_it_is_written(query: str) -> None:
    with pytest.raises(Problem) as caught:
        check_query(query, LIMITS)

    assert (caught.value.status, caught.value.code) == (403, "service")


@pytest.mark.parametrize(
    ("query", "line", "column"),
    [
        ("SELECT * {\n ?s ?p 'open\n}", 2, 8),
        ('SELECT * { ?s ?p "open\\" }', 1, 18),
        ('SELECT * { ?s ?p """open" }', 1, 18),
        ("SELECT * { ?s ?p ?o ", 1, 10),
        ("SELECT * { ?s ?p ?o ) }", 1, 21),
        ("SELECT * { \\u007B }", 1, 12),
    ],
)
def test_syntax_error_names_its_place(query: str, line: int, column: int) -> None:
    with pytest.raises(Problem) as caught:
        check_query(query, LIMITS)

    assert (caught.value.extra["line"], caught.value.extra["column"]) == (line, column)


def test_too_long_query_is_413() -> None:
    with pytest.raises(Problem) as caught:
        check_query("ASK {} #" + "x" * 70_000, LIMITS)

    assert caught.value.status == 413


@pytest.mark.parametrize("piece", ['"""\\', "'''", "<", "a.", "a<", "\\\\", "?", "_:", '"\\', "#", "a:%4"])
def test_scan_is_linear(piece: str) -> None:
    """A text of the greatest length is read in well under a second, whatever it is made of."""
    started = time.perf_counter()
    with pytest.raises(Problem):
        scan("SELECT (" + piece * (65_000 // len(piece)), LIMITS)

    assert time.perf_counter() - started < 10.0


def test_scan_reads_form_prefixes_and_dataset() -> None:
    found = scan(
        "prefix e: <http://e/>\nprefix select: <http://s/> # ASK\nconstruct {} from <http://g/> where {}", LIMITS
    )

    assert (found.form, found.prefixes) == ("CONSTRUCT", {"e": "http://e/", "select": "http://s/"})
    assert found.names_dataset
    assert not found.volatile


def test_normal_form_drops_blanks_and_comments_but_not_in_texts() -> None:
    assert scan("ASK  {\n?s ?p 'a  b' # c\n}", LIMITS).normal == "ASK { ?s ?p 'a  b' }"


def test_update_as_query_is_explained() -> None:
    with pytest.raises(Problem) as caught:
        check_query("PREFIX e: <http://e/> INSERT DATA { e:a e:b 1 }", LIMITS)

    assert caught.value.code == "update-as-query"
