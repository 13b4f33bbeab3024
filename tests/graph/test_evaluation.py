"""The scorer against small gold files and graphs written by hand, and against graphs made from whole gold files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pyoxigraph
import pytest
from pyoxigraph import Quad, RdfFormat

from summitgraph.errors import InputError
from summitgraph.graph import evaluation
from summitgraph.graph.gold import RELATIONS, normalise, read_file
from summitgraph.graph.scores import Report
from tests.conftest import ROOT, SEED
from tests.graph.perfect import write

# Of the splits that scores are told of: in those the weights are learned from, parts of sums have no row of their own.
GOLD_FILES = sorted(path for split in ("dev", "test") for path in (ROOT / "tests" / "gold" / split).rglob("*.gold.tsv"))
FOUNDING = SEED.with_name("paris-2025.ar.gold.tsv")

TEXT = (
    "Ada Day of France chaired the Paris Summit in the Grand Hall on 2 May 2025. She said: “Go on.” Rio was not named."
)
SHA = hashlib.sha256(TEXT.encode()).hexdigest()
PREFIXES = """
    PREFIX sg: <https://w3id.org/summitgraph/ontology#>
    PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
    PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
    PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
    PREFIX owl: <http://www.w3.org/2002/07/owl#>
    PREFIX oa: <http://www.w3.org/ns/oa#>
    PREFIX prov: <http://www.w3.org/ns/prov#>
    PREFIX : <https://example.org/>
"""
ENTITIES = """
    :summit a sg:Summit ; rdfs:label "Paris Summit"@en ; skos:altLabel "قمّةُ باريس"@ar .
    :ada a sg:Person ; rdfs:label "Ada Day"@en .
    :paris a sg:City ; rdfs:label "Paris"@en ; owl:sameAs <http://www.wikidata.org/entity/Q90> ; sg:locatedIn :france .
    :france a sg:State ; rdfs:label "France"@en .
    :hall a sg:Venue ; rdfs:label "Grand Hall"@en ; sg:locatedIn :paris .
    :rio a sg:City ; rdfs:label "Rio"@en .
    :fund a sg:Initiative ; rdfs:label "Sun Fund"@en .
    :someone a sg:Company ; rdfs:label "الشركة الكندية"@ar .
"""


def at(words: str) -> tuple[int, int]:
    """Return where *words* stand in the text."""
    start = TEXT.index(words)
    return start, start + len(words)


def cites(words: str) -> str:
    """Return the evidence of a claim or record, in Turtle."""
    start, end = at(words)
    return f"""sg:confidence 0.9 ; prov:wasGeneratedBy :rule ;
        sg:evidence [ oa:hasSource :source ; oa:hasSelector [ oa:start {start} ; oa:end {end} ] ]"""


def claim(subject: str, predicate: str, value: str, words: str = "chaired") -> str:
    """Return a direct triple with its claim, in Turtle."""
    return f"""{subject} {predicate} {value} .
        [] a sg:Claim ; rdf:subject {subject} ; rdf:predicate {predicate} ; rdf:object {value} ; {cites(words)} .\n"""


def record(kind: str, roles: str, words: str = "chaired") -> str:
    """Return a record, in Turtle."""
    return f"[] a sg:{kind} ; {roles} ; {cites(words)} .\n"


def graph(facts: str) -> list[Quad]:
    """Return the quads of a document's graph."""
    source = f':source a sg:SourceDocument ; sg:sha256 "{SHA}" ; sg:characterCount {len(TEXT)} ; sg:text """{TEXT}""" .'
    rule = ':rule sg:rule "en.test" .'
    trig = f"{PREFIXES} GRAPH :graph {{ {source} {rule} {ENTITIES} {facts} }}"
    return list(pyoxigraph.parse(trig, format=RdfFormat.TRIG))


def row(
    relation: str, subject: str, object_: str, qualifiers: str = "", words: str = "chaired", difficulty: int = 1
) -> str:
    """Return a line of a gold file; a name may carry aliases after a slash."""
    ends = [part for end in (subject, object_) for part in [*end.split("/"), ""][:2]]
    return "\t".join([relation, *ends, qualifiers, *map(str, at(words)), str(difficulty)])


def gold_file(folder: Path, *rows: str, traps: tuple[tuple[str, str, str], ...] = ()) -> Path:
    """Write a gold file, and the traps beside it."""
    first = f"# text: test.en.txt | sha256: {SHA} | chars: {len(TEXT)}"
    columns = "relation subject subject_aliases object object_aliases qualifiers char_start char_end difficulty"
    path = folder / "test.en.gold.tsv"
    path.write_text("\n".join([first, columns.replace(" ", "\t"), *rows]) + "\n", "utf-8")
    if traps:
        lines = ["\t".join([kind, description, *map(str, at(words))]) for kind, description, words in traps]
        header = "kind\tdescription\tchar_start\tchar_end"
        (folder / "test.en.traps.tsv").write_text("\n".join([first, header, *lines]) + "\n", "utf-8")
    return path


def score(folder: Path, facts: str, *rows: str, traps: tuple[tuple[str, str, str], ...] = ()) -> Report:
    """Score Turtle against gold rows."""
    return evaluation.evaluate([gold_file(folder, *rows, traps=traps)], {SHA: graph(facts)})


CHAIR = claim(":summit", "sg:chairedBy", ":ada")
MONEY = "sg:amount [ sg:minValue 5000000.0 ; sg:maxValue 5000000.0 ; sg:currency sg:EUR ]"
SUM = "amountMin=5000000;amountMax=5000000;currency=EUR"

# Gold row, Turtle, and whether it counts for precision (correct) and for recall (found).
CASES = {
    "name": (row("chairedBy", "Paris Summit", "Ada Day"), CHAIR, True, True),
    "name in another script, folded": (row("chairedBy", "X/القمة باريس|قمة باريس", "Ada Day"), CHAIR, True, True),
    "part of a name is not the name": (row("chairedBy", "Paris Summit", "Day"), CHAIR, False, False),
    "alternative subject": (row("chairedBy", "X", "Ada Day", "altSubject=Y|paris summit"), CHAIR, True, True),
    "any object": (row("chairedBy", "Paris Summit", "X", "altObject=Y|any"), CHAIR, True, True),
    "no claim is no fact": (row("chairedBy", "Paris Summit", "Ada Day"), ":summit sg:chairedBy :ada .", None, False),
    "QID": (row("location", "Paris Summit", "X/Q90"), claim(":summit", "sg:heldAt", ":paris"), True, True),
    "hall is a venue": (row("venue", "Paris Summit", "Grand Hall"), claim(":summit", "sg:heldAt", ":hall"), True, True),
    "city is no venue": (row("venue", "Paris Summit", "Paris"), claim(":summit", "sg:heldAt", ":paris"), False, False),
    "other relation accepted": (
        row("venue", "Paris Summit", "Paris", "altRelation=location"), claim(":summit", "sg:heldAt", ":paris"), True, True,
    ),
    "location found through the venue": (
        row("location", "Paris Summit", "France"), claim(":summit", "sg:heldAt", ":hall"), False, True,
    ),
    "date": (row("startDate", "Paris Summit", "2025-05-02"), claim(":summit", "sg:startDate", '"2025-05-02"'), True, True),
    "date less precise than stated": (
        row("startDate", "Paris Summit", "2025-05-02"), claim(":summit", "sg:startDate", '"2025-05"'), False, False,
    ),
    "partial date": (
        row("startDate", "Paris Summit", "2025", "precision=year"), claim(":summit", "sg:startDate", '"2025-05"'), True, True,
    ),
    "partial date is a prefix of parts": (
        row("startDate", "Paris Summit", "2025-05", "precision=month"), claim(":summit", "sg:startDate", '"2025"'), False, False,
    ),
    "accepted date": (
        row("startDate", "Paris Summit", "2025-05-02", "accept=--05-02"), claim(":summit", "sg:startDate", '"--05-02"'), True, True,
    ),
    "inverse edition": (
        row("nextEdition", "Rio", "Paris Summit"), claim(":summit", "sg:previousEdition", ":rio"), True, True,
    ),
    "edition the wrong way": (
        row("nextEdition", "Paris Summit", "Rio"), claim(":summit", "sg:previousEdition", ":rio"), False, False,
    ),
    "partnership the other way": (
        row("partnership", "France", "Ada Day"), claim(":ada", "sg:partnerOf", ":france"), True, True,
    ),
    "turned property": (row("signed", "France", "Sun Fund"), claim(":fund", "sg:signedBy", ":france"), True, True),
    "member the other way in the graph": (
        row("member", "Sun Fund", "France"), claim(":france", "sg:memberOf", ":fund"), True, True,
    ),
    "member accepted for support": (
        row("supports", "France", "Sun Fund", "altRelation=member"), claim(":france", "sg:memberOf", ":fund"), True, True,
    ),
    "title by two of its words": (
        row("position", "Ada Day", "Prime Minister of France"),
        record("Position", 'sg:heldBy :ada ; sg:title "the Prime Minister"@en'), True, True,
    ),
    "one word of a title is too little": (
        row("position", "Ada Day", "Prime Minister"), record("Position", 'sg:heldBy :ada ; sg:title "Minister"@en'), False, False,
    ),
    "affiliation accepted for a position": (
        row("position", "Ada Day", "Chair", "organization=Sun Fund;altRelation=affiliation"),
        claim(":ada", "sg:affiliatedWith", ":fund"), True, True,
    ),
    "statement by overlap": (
        row("statement", "Ada Day", "Go on", "kind=said", "“Go on.”"),
        record("Statement", 'sg:speaker :ada ; sg:quote "Go on."@en ; sg:statementKind sg:Said', "She said: “Go on.”"), True, True,
    ),
    "statement elsewhere": (
        row("statement", "Ada Day", "Go on", "kind=said", "“Go on.”"),
        record("Statement", 'sg:speaker :ada ; sg:quote "Go on."@en ; sg:statementKind sg:Said', "chaired"), False, False,
    ),
    "theme by overlap": (
        row("theme", "Paris Summit", "moving", "", "“Go on.”"), claim(":summit", "sg:hasTheme", ":rio", "Go on"), True, True,
    ),
    "purpose by words": (
        row("purpose", "Sun Fund", "clean solar power", "", "“Go on.”"), claim(":fund", "sg:purpose", '"solar power"@en'), True, True,
    ),
    "count in other digits": (
        row("attendance", "Paris Summit", "١٬٠٠٠"),
        record("Tally", "sg:tallyFor :summit ; sg:tallyOf sg:Attendees ; sg:count 1000"), True, True,
    ),
    "amount": (
        row("financialCommitment", "France", "5 million", SUM),
        record("FinancialCommitment", f"sg:committedBy :france ; {MONEY}"), True, True,
    ),
    "amount in another currency": (
        row("financialCommitment", "France", "5 million", SUM.replace("EUR", "USD")),
        record("FinancialCommitment", f"sg:committedBy :france ; {MONEY}"), False, False,
    ),
    "up to an amount": (
        row("financialCommitment", "France", "up to 5 million", "amountMax=5000000;currency=EUR"),
        record("FinancialCommitment", "sg:committedBy :france ; sg:amount [ sg:maxValue 5000000 ; sg:currency sg:EUR ]"), True, True,
    ),
    "range with one bound": (
        row("financialCommitment", "France", "5 million", SUM),
        record("FinancialCommitment", "sg:committedBy :france ; sg:amount [ sg:maxValue 5000000 ; sg:currency sg:EUR ]"), False, False,
    ),
    "unnamed actor missing": (
        row("financialCommitment", "Investors", "5 million", SUM + ";unnamed=subject"), record("FinancialCommitment", MONEY), True, True,
    ),
    "named actor missing": (
        row("financialCommitment", "France", "5 million", SUM), record("FinancialCommitment", MONEY), False, False,
    ),
    "unnamed actor described": (
        row("financialCommitment", "Canadian company/الشركة الكندية المستثمرة", "5 million", SUM + ";unnamed=subject"),
        record("FinancialCommitment", f"sg:committedBy :someone ; {MONEY}"), True, True,
    ),
    "unnamed actor named from elsewhere": (
        row("financialCommitment", "Investors", "5 million", SUM + ";unnamed=subject;altSubject=any"),
        record("FinancialCommitment", f"sg:committedBy :rio ; {MONEY}"), False, False,
    ),
    "launched at an event": (
        row("launched", "Sun Fund", "Paris Summit"), claim(":fund", "sg:launchedAt", ":summit"), True, True,
    ),
    "launched at an event is not who launched": (
        row("launched", "Sun Fund", "France", "at=Paris Summit"), claim(":fund", "sg:launchedAt", ":summit"), False, False,
    ),
    "class below": (row("type", "Rio", "Technology"), claim(":rio", "rdf:type", "sg:AIModel"), True, True),
    "class above": (row("type", "Rio", "Company"), claim(":rio", "rdf:type", "sg:Organization"), False, False),
    "other class accepted": (
        row("type", "Rio", "Company", "altType=Foundation"), claim(":rio", "rdf:type", "sg:Foundation"), True, True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_matching(tmp_path: Path, case: str) -> None:
    gold, facts, correct, found = CASES[case]
    report = score(tmp_path, facts, gold)
    result = report.types if gold.startswith("type") else report.overall

    assert (result.correct, result.predicted) == ((0, 0) if correct is None else (int(correct), 1))
    assert (result.found, result.required) == (int(found), 1)


def test_optional_rows_are_right_if_produced_and_never_missed(tmp_path: Path) -> None:
    rows = (
        row("chairedBy", "Paris Summit", "Ada Day", "optional=yes"),
        row("hostedBy", "Paris Summit", "France", "optional=yes"),
    )
    report = score(tmp_path, CHAIR, *rows)

    assert (report.overall.correct, report.overall.predicted, report.overall.required) == (1, 1, 0)
    assert report.misses == ()


def test_a_claim_and_its_record_are_one_fact(tmp_path: Path) -> None:
    facts = claim(":fund", "sg:signedBy", ":ada") + record("Endorsement", "sg:committedBy :ada ; sg:document :fund")
    report = score(tmp_path, facts, row("signed", "Ada Day", "Sun Fund"))

    assert report.overall.predicted == 1


def test_two_records_of_one_commitment_are_a_duplicate(tmp_path: Path) -> None:
    facts = "".join(record("FinancialCommitment", f"sg:committedBy :france ; {MONEY}", w) for w in ("chaired", "Rio"))
    report = score(tmp_path, facts, row("financialCommitment", "France", "5 million", SUM))

    assert (report.overall.predicted, report.overall.correct, report.duplicates) == (2, 2, 1)
    assert (report.evidence.part, report.evidence.whole) == (1, 2)


def test_part_of_compares_both_amounts(tmp_path: Path) -> None:
    whole = ":whole a sg:FinancialCommitment ; sg:amount [ sg:maxValue 9000000 ; sg:currency sg:EUR ] .\n"
    facts = whole + record("FinancialCommitment", f"sg:committedBy :france ; sg:partOf :whole ; {MONEY}")
    money = row("financialCommitment", "France", "5 million", SUM)
    right = row("partOf", "5 million", "up to 9 million", "amountMin=5000000;wholeMin=9000000;currency=EUR")

    assert score(tmp_path, facts, money, right).overall.f1 == 1
    assert score(tmp_path, facts, money, right.replace("wholeMin=9", "wholeMin=8")).by_relation["partOf"].f1 == 0


def test_qualifiers_are_compared_where_both_sides_give_them(tmp_path: Path) -> None:
    facts = claim(":summit", "sg:hasParticipant", ":ada") + claim(":summit", "sg:hasParticipant", ":france")
    facts += record("Participation", "sg:event :summit ; sg:actor :ada ; sg:role sg:OpeningSpeaker")
    facts += record("Position", 'sg:heldBy :ada ; sg:title "Chair"@en ; sg:positionIn :france')
    report = score(
        tmp_path,
        facts,
        row("participant", "Paris Summit", "Ada Day", "role=speaker;altRole=opening"),
        row("participant", "Paris Summit", "France", "role=attendee"),
        row("position", "Ada Day", "Chair", "organization=Sun Fund"),
    )

    assert report.overall.f1 == 1
    assert {key: (ratio.part, ratio.whole) for key, ratio in report.qualifiers.items()} == {
        "role": (1, 1),
        "organization": (0, 1),
    }


def test_errors_show_the_sentence_the_words_and_the_rule(tmp_path: Path) -> None:
    facts = claim(":summit", "sg:heldAt", ":rio", "Rio was not named")
    text = evaluation.format_text(score(tmp_path, facts, row("chairedBy", "Paris Summit", "Ada Day")), errors=True)

    assert "chairedBy(Paris Summit, Ada Day) difficulty 1" in text
    assert "Ada Day of France chaired the Paris Summit in the Grand Hall on 2 May 2025.\n" in text
    assert "location(Paris Summit, Rio)  [en.test, 0.90]" in text
    assert ": Rio was not named" in text


def test_json_holds_the_counts(tmp_path: Path) -> None:
    data = json.loads(evaluation.to_json(score(tmp_path, CHAIR, row("chairedBy", "Paris Summit", "Ada Day"))))

    assert data["overall"]["f1"] == 1
    assert data["overall"]["intervals"]["recall"] == [1, 1]
    assert data["languages"] == {"en": data["relations"]["chairedBy"]}


def test_a_text_without_facts_misses_everything(tmp_path: Path) -> None:
    report = evaluation.evaluate([gold_file(tmp_path, row("chairedBy", "Paris Summit", "Ada Day"))], {SHA: []})

    assert (report.overall.missed, report.overall.precision, report.overall.recall, report.overall.f1) == (
        1,
        None,
        0,
        0,
    )


def test_intervals_repeat_and_hold_the_measure(tmp_path: Path) -> None:
    facts = CHAIR + claim(":summit", "sg:heldAt", ":rio") + claim(":summit", "sg:heldAt", ":paris")
    rows = (
        row("chairedBy", "Paris Summit", "Ada Day"),
        row("location", "Paris Summit", "Paris"),
        row("absent", "Paris Summit", "X"),
    )
    first, second = (score(tmp_path, facts, *rows) for _ in range(2))

    assert first.intervals == second.intervals
    precision = first.overall.precision
    assert precision is not None
    assert first.intervals["precision"].low < precision < first.intervals["precision"].high


TRAP_CASES = {
    "asserted": ("location(Paris Summit, Rio): not said", claim(":summit", "sg:heldAt", ":rio", "Rio"), True, False),
    "asserted elsewhere": (
        "location(Paris Summit, Rio): not said",
        claim(":summit", "sg:heldAt", ":rio"),
        False,
        False,
    ),
    "another place": (
        "location(Paris Summit, Rio): not said",
        claim(":summit", "sg:heldAt", ":france", "Rio"),
        False,
        False,
    ),
    "any object": (
        "venue or location(Paris Summit, any city)",
        claim(":summit", "sg:heldAt", ":rio", "Rio"),
        True,
        False,
    ),
    "another relation": ("absent(Paris Summit, Rio)", claim(":summit", "sg:heldAt", ":rio", "Rio"), False, False),
    "one end": ("participant(Rio): a city", claim(":summit", "sg:hasParticipant", ":rio", "Rio"), True, False),
    "no simple form": ("a location read from the denial", claim(":summit", "sg:heldAt", ":rio", "Rio"), False, True),
    "type": ("type(Rio, City): not the city", claim(":rio", "rdf:type", "sg:City", "Rio"), True, False),
    "right by gold": ("location(Paris Summit, any)", claim(":summit", "sg:heldAt", ":paris", "Rio"), False, False),
}


@pytest.mark.parametrize("case", TRAP_CASES)
def test_traps(tmp_path: Path, case: str) -> None:
    description, facts, broken, possible = TRAP_CASES[case]
    rows = row("location", "Paris Summit", "Paris"), row("location", "Paris Summit", "France", "optional=yes")
    known = rows if case != "another place" else rows[:1]
    report = score(
        tmp_path, facts, *known, row("absent", "Paris Summit", "France"), traps=(("trap", description, "Rio"),)
    )
    ((_, result),) = report.traps

    assert (bool(result.broken), bool(result.possible)) == (broken, possible)
    assert report.broken == broken


def test_a_trap_about_a_qualifier_holds_for_a_right_fact(tmp_path: Path) -> None:
    facts = record("FinancialCommitment", f"sg:committedBy :france ; sg:status sg:Pledged ; {MONEY}", "Rio")
    trap = ("trap", "financialCommitment(France, status=pledged): only expected", "Rio")
    report = score(tmp_path, facts, row("financialCommitment", "France", "5 million", SUM), traps=(trap,))

    assert (report.overall.f1, report.broken) == (1, 1)


def test_noise_yields_no_fact(tmp_path: Path) -> None:
    facts = claim(":summit", "sg:hasTheme", ":rio", "Go on")
    traps = (("noise", "a widget", "“Go on.”"), ("anomaly", "a name is missing", "Rio"))
    report = score(tmp_path, facts, row("absent", "Paris Summit", "X"), traps=traps)

    assert [bool(result.broken) for _, result in report.traps] == [True]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("# text:", "# file:", r":1: expected '# text"),
        ("char_start", "start", r":2: expected the columns"),
        ("chairedBy", "chairs", r":3: unknown relation 'chairs'"),
        ("\t1\n", "\t4\n", r":3: difficulty '4'"),
        ("role=chair", "role", r":3: qualifier 'role'"),
        ("\t18\t", "\t18000\t", r":3: not a span"),
        ("\t1\n", "\n", r":3: 8 columns"),
    ],
)
def test_a_faulty_gold_file_is_refused_with_its_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = gold_file(tmp_path, row("chairedBy", "Paris Summit", "Ada Day", "role=chair"))
    changed = path.read_text("utf-8").replace(old, new)
    assert changed != path.read_text("utf-8")
    path.write_text(changed, "utf-8")

    with pytest.raises(InputError, match=message):
        read_file(path)


def test_another_text_is_refused(tmp_path: Path) -> None:
    path = gold_file(tmp_path, row("chairedBy", "Paris Summit", "Ada Day"))
    path.write_text(path.read_text("utf-8").replace(SHA, "0" * 64), "utf-8")

    with pytest.raises(InputError, match="no graph of the text"):
        evaluation.evaluate([path], graph(CHAIR))


def test_links_are_judged_by_the_qids_of_gold(tmp_path: Path) -> None:
    """Paris is linked to Q90; gold may say so among aliases or in a column of its own, or say another item."""
    facts = claim(":summit", "sg:heldAt", ":paris") + CHAIR
    right = score(tmp_path, facts, row("location", "Paris Summit", "Paris/Q90"), row("type", "Rio/Q8678", "City"))
    wrong = score(tmp_path, facts, row("location", "Paris Summit", "Paris/Q830149"))
    path = gold_file(tmp_path, row("type", "Paris", "City") + "\tQ90", row("type", "Rio", "City") + "\t")
    path.write_text(path.read_text("utf-8").replace("difficulty\n", "difficulty\tqid\n"), "utf-8")
    column = evaluation.evaluate([path], {SHA: graph(facts)})

    assert (right.links.precision, right.links.recall) == (1, 0.5)
    assert (wrong.links.precision, wrong.links.recall) == (0, 0)
    assert "Paris: Q90, expected Q830149" in evaluation.format_text(wrong, links=True)
    assert (column.links.correct, column.links.required) == (1, 1)


def test_the_links_beside_a_gold_file_give_items_and_kinds_and_say_where_there_is_none(tmp_path: Path) -> None:
    facts = claim(":summit", "sg:heldAt", ":paris") + CHAIR
    path = gold_file(tmp_path, row("location", "Paris Summit", "Paris"), row("type", "Rio", "City"))
    beside = path.with_name(path.name.replace(".gold.tsv", ".links.tsv"))
    head = path.read_text("utf-8").splitlines()[0] + "\nlabel\tkind\tqid\n"

    beside.write_text(head + "Paris\tCity\tQ90\nRio\tCity\tQ8678\n", "utf-8")
    report = evaluation.evaluate([path], {SHA: graph(facts)})
    assert (report.links_by_kind["City"].precision, report.links_by_kind["City"].recall) == (1, 0.5)
    assert (report.links_reached.recall, sum(one.correct for one in report.links_by_language.values())) == (1, 1)

    beside.write_text(head + "Paris\t\t-\n", "utf-8")
    report = evaluation.evaluate([path], {SHA: graph(facts)})
    assert "Paris: Q90, expected none" in evaluation.format_text(report, links=True)

    for line, words in (
        ("Paris\tCity\tX90", "expected a label"),
        ("Paris\tCity", "expected a label"),
        ("Paris\tCity\tQ90\nPARIS\tCity\tQ91", "another QID"),
    ):
        beside.write_text(head + line + "\n", "utf-8")
        with pytest.raises(InputError, match=rf"\.links\.tsv:\d: .*{words}"):
            evaluation.evaluate([path], {SHA: graph(facts)})


def test_an_inverse_is_counted_as_the_relation_it_is_turned_to(tmp_path: Path) -> None:
    facts = claim(":summit", "sg:previousEdition", ":rio")
    report = score(tmp_path, facts, row("nextEdition", "Rio", "Paris Summit"))

    assert {name: value.f1 for name, value in report.by_relation.items()} == {"previousEdition": 1}


def test_names_are_folded() -> None:
    assert normalise("الرئيسُ الفرنسـيّ") == normalise("رئيس فرنسى")
    assert normalise("L’Élysée") == "l elysee"
    assert normalise("The Hague") == "hague"


@pytest.mark.parametrize("path", [*GOLD_FILES, FOUNDING], ids=lambda path: path.name)
def test_the_graph_of_a_perfect_reader_scores_one(path: Path) -> None:
    """Every row, traps and qualifiers of the gold files parse, and stating all of them breaks none of the traps."""
    if not path.exists():
        pytest.skip(f"the founding document's gold is not at {path}")
    gold = read_file(path)
    text = "." * gold.characters
    report = evaluation.evaluate([path], {gold.sha256: write(gold, text)})
    required = evaluation.evaluate([path], {gold.sha256: write(gold, text, lambda row: not row.optional)})

    assert {row.relation for row in gold.rows} <= RELATIONS
    assert (report.overall.f1, report.types.f1, report.overall.false_alarms) == (1, 1, 0)
    assert (required.overall.f1, required.types.f1) == (1, 1)
    assert report.qualifier_accuracy.value in (1, None)
    assert report.broken == 0


def test_leaving_out_rows_lowers_recall_alone() -> None:
    assert GOLD_FILES, "no gold files were found"
    gold = read_file(GOLD_FILES[0])
    text = "." * gold.characters
    half = write(gold, text, lambda row: row.line % 2 == 0 and row.relation not in ("partOf", "type"))
    report = evaluation.evaluate([GOLD_FILES[0]], {gold.sha256: half})

    assert report.overall.precision == 1
    assert report.overall.recall is not None
    assert 0.2 < report.overall.recall < 0.8
    assert report.types.recall == 0
