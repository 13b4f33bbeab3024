"""Two short texts and what they state, as the project writes it: offsets are found in the texts, not counted by hand."""

from __future__ import annotations

import json

BASE = "https://w3id.org/summitgraph/id/"
LONG = "long " * 2000
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> \u202e\u2066evil\u0000".replace("\u0000", "")
ENGLISH = (
    "The Harbour Summit was held in Lisbon on 3 May 2024. Ana Lima chaired the Harbour Summit. "
    "Norway pledged 20 million dollars for reefs. “The sea will not wait,” Ana Lima said.\n\n"
    "More than 40 countries signed the Harbour Declaration; Norway refused. It found the text too weak."
)
FRENCH = (
    "Le Sommet du port s’est tenu à Lisbonne le 4 mai 2024. La Norvège a promis 50 millions de dollars pour les récifs. "
    "Exactement 38 pays ont signé la Déclaration du port."
)
_TEXTS = {"00000000000000e1": (ENGLISH, "en", "Harbour news"), "00000000000000f1": (FRENCH, "fr", "Nouvelles du port")}
_PREFIXES = """@prefix sg: <https://w3id.org/summitgraph/ontology#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix oa: <http://www.w3.org/ns/oa#> . @prefix dct: <http://purl.org/dc/terms/> . @prefix prov: <http://www.w3.org/ns/prov#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix wd: <http://www.wikidata.org/entity/> .
@base <https://w3id.org/summitgraph/id/> .
"""


class _Graph:
    """Writes one document's graph as TriG."""

    def __init__(self, document: str) -> None:
        self.document = document
        self.text, language, title = _TEXTS[document]
        self.lines = [
            f'<source-document/{document}> a sg:SourceDocument ; dct:title "{title}"@{language} ; dct:language "{language}" ; '
            f'dct:source "{title}.txt" ; sg:characterCount {len(self.text)} ; sg:text {json.dumps(self.text, ensure_ascii=False)} .',
            '<extraction/rule-1> a sg:Extraction ; sg:rule "en.clause.test" .',
        ]

    def evidence(self, words: str) -> str:
        start = self.text.index(words)
        place = f"{self.document}-{start}-{start + len(words)}"
        self.lines.append(
            f"<evidence/{place}> a sg:Evidence ; oa:hasSource <source-document/{self.document}> ; "
            f"oa:hasSelector <selector/{place}-position>, <selector/{place}-quote> . "
            f"<selector/{place}-position> a oa:TextPositionSelector ; oa:start {start} ; oa:end {start + len(words)} . "
            f"<selector/{place}-quote> a oa:TextQuoteSelector ; oa:exact {json.dumps(words, ensure_ascii=False)} ."
        )
        return f"sg:evidence <evidence/{place}> ; sg:confidence 0.9 ; prov:wasGeneratedBy <extraction/rule-1>"

    def claim(self, subject: str, predicate: str, value: str, words: str) -> None:
        number = len(self.lines)
        self.lines.append(f"<{subject}> {predicate} {value} .")
        self.lines.append(
            f"<claim/{self.document}-{number}> a sg:Claim ; rdf:subject <{subject}> ; rdf:predicate {predicate} ; "
            f"rdf:object {value} ; {self.evidence(words)} ."
        )

    def record(self, iri: str, says: str, words: str) -> None:
        self.lines.append(f"<{iri}> {says} ; {self.evidence(words)} .")

    def trig(self) -> str:
        return f"<https://w3id.org/summitgraph/graph/doc/{self.document}> {{\n" + "\n".join(self.lines) + "\n}\n"


def trig() -> str:
    """Return a data set of both texts, and of things with names made to do harm."""
    english, french = _Graph("00000000000000e1"), _Graph("00000000000000f1")
    summit, lima, norway = "summit/harbour", "person/ana-lima", "state/norway"
    english.claim(summit, "rdf:type", "sg:Summit", "Harbour Summit")
    english.claim(lima, "rdf:type", "sg:Person", "Ana Lima")
    english.claim(norway, "rdf:type", "sg:State", "Norway")
    english.claim("city/lisbon", "rdf:type", "sg:City", "Lisbon")
    english.claim("declaration/harbour", "rdf:type", "sg:Declaration", "Harbour Declaration")
    english.claim(summit, "sg:heldAt", "<city/lisbon>", "held in Lisbon")
    english.claim(summit, "sg:startDate", '"2024-05-03"^^xsd:date', "on 3 May 2024")
    english.claim(summit, "sg:chairedBy", f"<{lima}>", "Ana Lima chaired")
    english.claim("declaration/harbour", "sg:refusedBy", f"<{norway}>", "Norway refused")
    english.record(
        "statement/1", f'a sg:Statement ; sg:speaker <{lima}> ; sg:statementKind sg:Said ; sg:madeAt <{summit}> ; '
        'sg:quote "The sea will not wait"@en', "“The sea will not wait,” Ana Lima said",
    )  # fmt: skip
    english.record(
        "financial-commitment/1", f'a sg:FinancialCommitment ; sg:committedBy <{norway}> ; sg:announcedAt <{summit}> ; '
        'sg:status sg:Pledged ; sg:purpose "reefs"@en ; sg:beneficiary <topic/reefs> ; sg:amount <monetary-amount/1>',
        "Norway pledged 20 million dollars for reefs",
    )  # fmt: skip
    english.record(
        "tally/1", "a sg:Tally ; sg:tallyFor <declaration/harbour> ; sg:tallyOf sg:Signatories ; sg:unit sg:State ; "
        "sg:count 40 ; sg:comparator sg:MoreThan", "More than 40 countries",
    )  # fmt: skip
    french.claim(summit, "rdf:type", "sg:Summit", "Sommet du port")
    french.claim(summit, "sg:startDate", '"2024-05-04"^^xsd:date', "le 4 mai 2024")
    french.record(
        "financial-commitment/2", f'a sg:FinancialCommitment ; sg:committedBy <{norway}> ; sg:status sg:Pledged ; '
        'sg:beneficiary <topic/reefs> ; sg:amount <monetary-amount/2>', "La Norvège a promis 50 millions de dollars",
    )  # fmt: skip
    french.record(
        "tally/2", "a sg:Tally ; sg:tallyFor <declaration/harbour> ; sg:tallyOf sg:Signatories ; sg:unit sg:State ; "
        "sg:count 38 ; sg:comparator sg:Exactly", "Exactement 38 pays",
    )  # fmt: skip
    hostile, long = json.dumps(HOSTILE, ensure_ascii=False), json.dumps(LONG)
    return f"""{_PREFIXES}
<https://w3id.org/summitgraph/graph/reference> {{
<{summit}> rdfs:label "Harbour Summit"@en, "قمة المرفأ"@ar, "Sommet du port"@fr .
<{lima}> rdfs:label "Ana Lima"@en, "آنا ليما"@ar ; owl:sameAs wd:Q1 .
<{norway}> rdfs:label "Norway"@en, "النرويج"@ar, "Norvège"@fr ; owl:sameAs wd:Q20 .
<city/lisbon> rdfs:label "Lisbon"@en, "لشبونة"@ar, "Lisbonne"@fr ; owl:sameAs wd:Q597 .
<declaration/harbour> rdfs:label "Harbour Declaration"@en .
<topic/reefs> a sg:Topic ; rdfs:label "reefs"@en, "récifs"@fr .
<monetary-amount/1> a sg:MonetaryAmount ; sg:minValue 20000000 ; sg:maxValue 20000000 ; sg:currency sg:USD .
<monetary-amount/2> a sg:MonetaryAmount ; sg:minValue 50000000 ; sg:maxValue 50000000 ; sg:currency sg:USD .
sg:USD skos:notation "USD" .
<person/hostile> a sg:Person ; rdfs:label {hostile}@en ; skos:altLabel {hostile}@ar ; sg:nationality <state/long> .
<state/long> a sg:State ; rdfs:label {long}@en .
}}
{english.trig()}{french.trig()}"""
