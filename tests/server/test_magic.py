"""Search inside a query: the entities, scores and texts it binds, where it may stand, and what is refused with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from summitgraph.server.launch import launched

from .client import Client
from .test_search import DATA, ID

PREFIXES = (
    "PREFIX search: <https://w3id.org/summitgraph/search#> PREFIX sg: <https://w3id.org/summitgraph/ontology#> "
    "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\n"
)


@pytest.fixture(scope="module")
def searched(make_store: Callable[[Path, str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Return a client of a server on a few names and quotations, one of them hard to write in a query."""
    more = """GRAPH <http://g/hard> { <http://e/hard> rdfs:label "say \\"tricky\\" \\\\u0022 } \\n{"@en }"""
    root = make_store(tmp_path_factory.mktemp("magic") / "store", DATA + more)
    with launched(root, {"SUMMITGRAPH_FRONTS": "1"}) as port:
        yield Client(port)


def things(client: Client, pattern: str) -> list[str]:
    """Return what ?x is in the solutions of a pattern."""
    return [row["x"].removeprefix(ID) for row in client.rows(f"{PREFIXES}SELECT ?x {{ {pattern} }}")]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('?x search:matches "Macron"', ["macron"]),
        ("?x search:matches 'Macron' .", ["macron"]),
        ('$x search:matches """ماكرون""" .', ["macron"]),
        ('?x <https://w3id.org/summitgraph/search#matches> "Macron"', ["macron"]),
        ('?x search:matches "Macron" ; a sg:Person .', ["macron"]),
        ('?x search:matches "Macron" ; a sg:State .', []),
        ('?s sg:speaker ?p . ?x search:matches "Macron" FILTER(?x = ?p)', ["macron"]),
        ('?s sg:speaker ?x OPTIONAL { ?x search:matches "France" }', ["macron"]),
        ('{ ?x search:matches "elysee" } UNION { ?x search:matches "gist" } UNION { ?x search:matches "قمة" }', ["elysee", "summit"]),
        ('GRAPH ?g { ?x search:matches "Macron" ; rdfs:label ?l FILTER(LANG(?l) = "en") }', ["macron"]),
        ('?x search:matches "France"@fr', ["statement"]),
        ('?x search:matches [ search:query "France" ; search:lang "fr" ]', ["statement"]),
        ('?x search:matches [ search:type sg:Actor ; search:query "France" ; ]', ["france"]),
        ('?x search:matches [ search:query "France" ; search:limit 1 ]', ["france"]),
        ('?x search:matches "\\u0645\\u0627\\u0643\\u0631\\u0648\\u0646"', ["macron"]),
        ('?x search:matches "zanzibar"', []),
        ('?x search:matches "Macron" # search:matches "France"', ["macron"]),
    ],
)  # fmt: skip
def test_search_binds_its_subject(searched: Client, pattern: str, expected: list[str]) -> None:
    assert sorted(things(searched, pattern + "\n")) == expected


def test_score_and_text_are_bound(searched: Client) -> None:
    rows = searched.rows(
        f"""{PREFIXES}SELECT ?x ?score ?text (DATATYPE(?score) AS ?type) {{
          ?x search:matches [ search:query "emmanuel macron" ; search:score ?score ; search:text ?text ] ;
             rdfs:label ?text }}"""
    )

    assert rows == [
        {
            "x": ID + "macron",
            "score": "1",
            "text": "Emmanuel Macron",
            "type": "http://www.w3.org/2001/XMLSchema#decimal",
        }
    ]


def test_search_joins_with_what_is_known(searched: Client) -> None:
    rows = searched.rows(
        f'{PREFIXES}SELECT ?quote {{ ?who search:matches "macron" . ?s sg:speaker ?who ; sg:quote ?quote }}'
    )

    assert [row["quote"].split()[0] for row in rows] == ["Nous"]


def test_text_of_the_data_stays_a_text(searched: Client) -> None:
    rows = searched.rows(f'{PREFIXES}SELECT ?t {{ ?x search:matches [ search:query "tricky" ; search:text ?t ] }}')

    assert rows == [{"t": 'say "tricky" \\u0022 } \n{'}]


def test_template_of_a_construct_is_left_alone(searched: Client) -> None:
    reply = searched.query(
        PREFIXES + 'CONSTRUCT { ?x search:matches "it" } WHERE { ?x search:matches "macron" }', "application/n-triples"
    )

    assert reply.text == f'<{ID}macron> <https://w3id.org/summitgraph/search#matches> "it" .\n'


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        ("?x search:matches →?words", "neither a text"),
        ('<http://e/a> →search:matches "a"', "variable"),
        ('?y sg:p ?z ; →search:matches "a"', "variable"),
        ('?y sg:p ?z , ?x →search:matches "a"', "variable"),
        ('?x ^→search:matches "a"', "variable"),
        ('?x →search:matches "a", "b"', "one object"),
        ('?x search:matches →"..."', "no word"),
        ("?x search:matches →[ search:limit 3 ]", "no search:query"),
        ('?x search:matches [ search:query "a" ; search:limit →0 ]', "search:limit"),
        ('?x search:matches [ search:query "a" ; search:limit →1001 ]', "search:limit"),
        ('?x search:matches [ search:query "a" ; search:score →?x ]', "search:score"),
        ('?x search:matches [ search:query "a" ; search:score →1 ]', "search:score"),
        ('?x search:matches [ search:query "a" ; →search:fuzzy 1 ]', "no option"),
        ('?x search:matches [ search:query "a" →search:limit 3 ]', "';'"),
        ('?x search:matches [ search:query "a" ; search:type →"Person" ]', "search:type"),
        ("?x search:matches [ search:query →sg:a ]", "quotation marks"),
        ('?x search:matches [ search:query "a" ; search:lang →"a b" ]', "language tag"),
    ],
)
def test_search_written_otherwise_is_refused_with_its_place(searched: Client, pattern: str, word: str) -> None:
    marked = f"SELECT ?x WHERE {{ {pattern} }}"
    reply = searched.query(PREFIXES + marked.replace("→", ""))
    problem = reply.json()

    assert reply.status == 400
    assert word in problem["detail"]
    assert (problem["line"], problem["column"]) == (2, marked.index("→") + 1)


def test_many_searches_in_one_query_are_refused(searched: Client) -> None:
    pattern = ' ?x search:matches "a" .' * 9

    assert "8 times" in searched.query(f"{PREFIXES}ASK {{{pattern} }}").text


def test_syntax_error_behind_a_search_keeps_its_place(searched: Client) -> None:
    text = f'{PREFIXES}SELECT * {{\n ?x search:matches [\n search:query "macron" ] ; a ?c . ?x sg:p }} # no object'
    reply = searched.query(text)
    problem = reply.json()

    assert (reply.status, problem["line"]) == (400, 4)
    assert text.splitlines()[3][: problem["column"] - 1].endswith(("sg:p", "sg:p "))


def test_result_with_a_search_is_kept_for_the_version_of_the_data(searched: Client) -> None:
    text = PREFIXES + 'ASK { ?x search:matches "macron" }'
    first = searched.query(text)
    again = searched.query(text)

    assert first.headers["etag"] == again.headers["etag"]
    assert "desc=hit" in again.headers["server-timing"]
