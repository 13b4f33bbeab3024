"""What a client is told when a request fails, in its form and its language."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from summitgraph.server.problems import LANGUAGES, Problem

from .client import Client

WORDS = tomllib.loads((resources.files("summitgraph.server") / "problems.toml").read_text("utf-8"))


@pytest.mark.parametrize("code", WORDS)
def test_each_problem_is_told_in_every_language_with_the_same_parts(code: str) -> None:
    assert set(WORDS[code]) == set(LANGUAGES) - {"en"}
    parts = [{name: value.count("{") for name, value in words.items()} for words in WORDS[code].values()]
    assert parts[0] == parts[1]


@pytest.mark.parametrize(
    ("language", "detail", "hint"),
    [
        ("ar-EG, en;q=0.5", "خطأ في صياغة الاستعلام في السطر 1، العمود 10", "راجع الأقواس"),
        ("fr", "erreur de syntaxe à la ligne 1, colonne 10", "Vérifiez les parenthèses"),
    ],
)
def test_syntax_error_is_told_in_the_language_asked_for(client: Client, language: str, detail: str, hint: str) -> None:
    path = "/sparql?query=SELECT%20*%20%7B%20broken"
    document = client.get(path, Accept="application/sparql-results+json", Accept_Language=language).json()
    text = client.get(path, Accept_Language=language).text
    page = client.get(path, Accept="text/html", Accept_Language=language)

    assert document["detail"] == detail
    assert document["hint"].startswith(hint)
    assert document["detailInEnglish"].startswith("syntax error at line 1, column 10")
    assert (document["line"], document["column"], document["status"]) == (1, 10, 400)
    assert text.splitlines()[0] == f"400 Bad Request: {detail}"
    assert text.splitlines()[1].startswith("syntax error at line 1, column 10")
    assert detail in page.text
    assert 'class="sections"' in page.text
    assert 'href="/query?query=SELECT%20%2A%20%7B%20broken"' in page.text
    assert "Accept-Language" in page.headers["vary"]


def test_english_is_for_everybody_else(client: Client) -> None:
    for language in ("de", "en", ""):
        document = client.get("/sparql?query=x", Accept="application/json", Accept_Language=language).json()

        assert document["detail"].startswith("syntax error")
        assert "detailInEnglish" not in document


def test_sentence_whose_values_are_missing_gives_way_to_a_general_one() -> None:
    assert Problem(400, "syntax", "bad").told("fr")[0] == "le texte n’est pas correct"
    assert Problem(400, "no-such-code", "bad", "mend it").told("ar") == ("bad", "mend it")
