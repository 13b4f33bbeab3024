"""The page for people: every term on it, in each language, and every link on it leads somewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from summitgraph import ontology
from summitgraph.ontology import docs, terms

VOID = {"meta"}


class Outline(HTMLParser):
    """Collects ids and local links, and checks that elements are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if str(found.get("href", "")).startswith("#"):
            self.links.add(str(found["href"])[1:])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An SVG shape, which has no content."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", docs.LANGUAGES)
def test_page_has_every_term_once_and_no_dead_link(language: str) -> None:
    outline = Outline()
    outline.feed(docs.page(language))
    known = terms.CLASSES | terms.PROPERTIES | terms.CONCEPTS | set(terms.CONCEPTS_BY_SCHEME)

    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert known <= set(outline.ids)
    assert outline.links <= set(outline.ids)


def test_page_is_in_its_language_and_direction() -> None:
    arabic, french = docs.page("ar"), docs.page("fr")

    assert '<html lang="ar" dir="rtl">' in arabic
    assert "قمة" in arabic
    assert '<html lang="fr" dir="ltr">' in french
    assert "Sommet" in french


def test_words_of_the_page_are_in_every_language() -> None:
    assert all(len(words) == len(docs.LANGUAGES) and all(words) for words in docs.WORDS.values())


def test_diagram_draws_only_what_the_ontology_says() -> None:
    for name, start, end in docs.DRAWN:
        if ":" in name:
            continue
        below = {other for other in terms.CLASSES if start in terms.SUPERCLASSES[other]}
        assert {start, *terms.SUPERCLASSES[start], *below} & set(terms.DOMAINS[name]), name
        below = {other for other in terms.CLASSES if end in terms.SUPERCLASSES[other]}
        assert {end, *terms.SUPERCLASSES[end], *below} & set(terms.RANGES[name]), name


def test_pages_link_to_each_other(tmp_path: Path) -> None:
    paths = docs.write(tmp_path / "ontology.html")

    assert [path.name for path in paths] == ["ontology.html", "ontology.ar.html", "ontology.fr.html"]
    assert 'href="ontology.ar.html"' in paths[0].read_text(encoding="utf-8")
    assert 'href="ontology.html"' in paths[1].read_text(encoding="utf-8")


def test_page_shows_the_version_and_escapes_text() -> None:
    text = docs.page()

    assert f"<dd>{ontology.version()}</dd>" in text
    assert not re.search(r"&(?!amp;|lt;|gt;|quot;|#x27;)", text)
