"""The pattern files: their own examples hold, and mistakes in them are named by file, line and pattern."""

from __future__ import annotations

from pathlib import Path

import pytest
import regex

from summitgraph.errors import PatternError
from summitgraph.graph.records import Document
from summitgraph.loaders import extract, mishaps, patterns, reading, selfcheck
from summitgraph.loaders.annotate import Annotated
from summitgraph.loaders.language import detect
from summitgraph.loaders.rules import Pattern
from tests.gold.corpus import GOLD, score


def test_languages_are_found() -> None:
    assert {"ar", "en", "fr"} <= set(patterns.languages())


@pytest.mark.parametrize("code", patterns.languages())
def test_every_pattern_does_what_its_example_says(code: str) -> None:
    language = patterns.load(code)

    assert language.frames
    assert [str(problem) for problem in selfcheck.check(language)] == []


def test_spanish_is_data_alone() -> None:
    """A language beyond the three: no line of the engine names it, and it reads an article of its own well."""
    engine = sorted(patterns.FOLDER.parent.glob("*.py"))
    text = (GOLD / "dev" / "es" / "cartagena-2026.es.txt").read_text("utf-8")

    assert [path.name for path in engine if regex.search(r"""["']es["']|[Ss]panish""", path.read_text("utf-8"))] == []
    assert detect(text) == "es"
    report = score([GOLD / "dev" / "es" / "cartagena-2026.es.gold.tsv"])
    assert (report.overall.f1 or 0) >= 0.9
    assert (report.overall.precision or 0) >= 0.95


EMITS = "- id: x\n  match: '{a:Person} signed'\n  emit:\n  "
MINIMAL = {
    "language.yaml": 'script: Latin\nsummit_words: "summit"\nlist_separator: ", | and "\nsplit_separator: ", | and "\n',
    "lexicon.yaml": "say: [said]\n",
    "values.yaml": "months: {1: [january]}\ndates: ['<d> <m> <y>']\nscales: {million: 1000000}\ncurrencies: {USD: [dollar]}\n"
    "range_from: [from]\nrange_to: [to]\nunits: {State: [countries]}\n",
    "names.yaml": "[]\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in MINIMAL.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ("- id: x\n  match: '{a:Persn} signed'\n", r"frames\.yaml:1.*x.*unknown type 'Persn'"),
        (f"{EMITS}- Position: {{heldBy: a, title: b}}\n", r"frames\.yaml:1.*x.*emit names no slot: 'b'; slots: a"),
        (f"{EMITS}- Positon: {{heldBy: a}}\n", r"frames\.yaml:1.*'Positon' is no record or property"),
        (f"{EMITS}- Position: {{holder: a}}\n", r"frames\.yaml:1.*Position has no role 'holder'"),
        (f"{EMITS}- hostedBy: {{object: a}}\n", r"frames\.yaml:1.*hostedBy needs its subject"),
        (f"{EMITS}- hostedBy: {{subject: '@sumit', object: a}}\n", r"frames\.yaml:1.*'@sumit' means nothing"),
        (
            f"{EMITS}- Participation: {{actor: a, event: '@summit', role: =Boss}}\n",
            r"frames\.yaml:1.*'Boss' is no concept",
        ),
        (
            f"{EMITS}- startDate: {{subject: '@summit', object: begin(a)}}\n",
            r"frames\.yaml:1.*names no slot: 'begin\(a\)'",
        ),
        (
            f"{EMITS}- hasTheme: {{subject: '@summit', object: split(b) as Topic}}\n",
            r"frames\.yaml:1.*names no slot: 'b'",
        ),
        (
            f"{EMITS}- FinancialCommitment: {{committedBy: a, amount: a, partOf: '#Tally'}}\n",
            r"no line above makes a 'Tally'",
        ),
        (f"{EMITS}- Finding: {{kind: Oddity}}\n", r"frames\.yaml:1.*a Finding has a kind of"),
        (f"{EMITS}- dates: {{event: '@summit', date: d}}\n", r"frames\.yaml:1.*names no slot: 'd'"),
        ("- id: x\n  match: '@sayed {a:Person}'\n", r"frames\.yaml:1.*x.*unknown word class @sayed"),
        ("- id: x\n  match: '(unclosed'\n", r"frames\.yaml:1.*x.*does not compile"),
        ("- id: x\n  match: 'a'\n- id: x\n  match: 'b'\n", r"frames\.yaml:3.*'x' is used already"),
        ("- id: x\n  match: 'a'\n  emmit: []\n", r"frames\.yaml:1.*x.*unknown key 'emmit'"),
        ("- id: x\n", r"frames\.yaml:1.*x.*either 'match' or 'clause'"),
        ("- id: [\n", r"frames\.yaml:2.*not valid YAML"),
        ("- id: x\n  match: 'a'\n  match: 'b'\n", r"frames\.yaml:3.*'match' stands twice"),
        ("- id: x\n  match: '{a:Person} and {a:Person}'\n", r"slot 'a' stands twice"),
    ],
)
def test_a_mistake_names_file_line_and_pattern(folder: Path, frames: str, message: str) -> None:
    (folder / "frames.yaml").write_text(frames, "utf-8")

    with pytest.raises(PatternError, match=message):
        patterns.load_folder(folder)


def test_an_expression_nobody_checked_names_its_place_when_it_is_first_used(folder: Path) -> None:
    (folder / "frames.yaml").write_text("- id: x\n  match: 'said [broken'\n", "utf-8")

    (pattern,) = patterns.load_folder(folder, check=False).frames

    with pytest.raises(PatternError, match=r"frames\.yaml:1.*x.*does not compile"):
        pattern.regex.search("said [broken")


@pytest.mark.parametrize("code", patterns.languages())
def test_every_expression_of_every_language_compiles(code: str) -> None:
    assert patterns.load_folder(patterns.FOLDER / code).code == code


def test_a_rule_that_fails_leaves_the_rest_of_the_article_standing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    text = "The Nairobi climate summit opened on 4 March 2025. Kenya signed the Nairobi Declaration at the summit."
    frames, seen = reading.Reader._frame, []

    def failing(reader: reading.Reader, pattern: Pattern, sentence: Annotated) -> None:
        seen.append(pattern.id)
        if len(seen) == 1:
            raise ZeroDivisionError("no such thing")
        frames(reader, pattern, sentence)

    whole = extract(Document(text, "en"))
    monkeypatch.setattr(reading.Reader, "_frame", failing)
    monkeypatch.setattr(mishaps, "_told", set())
    rest = extract(Document(text, "en"))

    assert rest.entities == whole.entities
    assert {fact.kind for fact in rest.facts} & {"Endorsement", "startDate"}
    assert f"{seen[0]} is left out where it fails: ZeroDivisionError: no such thing" in caplog.text
