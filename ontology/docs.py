"""The ontology as a page for people, in Arabic, English or French, with a diagram.

``python -m summitgraph.ontology.docs OUT.html`` writes ``OUT.html`` in English, ``OUT.ar.html`` and ``OUT.fr.html``.
Each term has its local name as anchor, so that its IRI leads to its place on the page.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache
from html import escape
from pathlib import Path

from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, Graph, Literal, URIRef
from rdflib.term import Node

from . import IRI, NAMESPACE, PROPER, load, terms, version

LANGUAGES = ("en", "ar", "fr")
NAMES = {"en": "English", "ar": "العربية", "fr": "Français"}

WORDS = {
    "classes": ("Classes", "الأصناف", "Classes"),
    "properties": ("Properties", "الخصائص", "Propriétés"),
    "concepts": ("Concepts", "المفاهيم", "Concepts"),
    "diagram": (
        "The main classes and how they meet",
        "الأصناف الرئيسة وكيف تتصل",
        "Les classes principales et leurs liens",
    ),
    "iri": ("IRI", "المعرّف", "IRI"),
    "above": ("Kind of", "نوع من", "Sorte de"),
    "below": ("Kinds", "أنواعه", "Sortes"),
    "domain": ("Said of", "يقال عن", "Se dit de"),
    "range": ("Leads to", "يؤدي إلى", "Mène à"),
    "inverse": ("Inverse", "المعكوس", "Inverse"),
    "characteristics": ("Also", "وهو أيضاً", "Aussi"),
    "from": ("Properties of it", "خصائصه", "Ses propriétés"),
    "to": ("Properties that lead to it", "خصائص تؤدي إليه", "Propriétés qui y mènent"),
    "example": ("Example", "مثال", "Exemple"),
    "note": ("Note", "ملاحظة", "Note"),
    "related": ("In other vocabularies", "في مفردات أخرى", "Dans d’autres vocabulaires"),
    "anything": ("anything", "أي شيء", "toute chose"),
    "version": ("Version", "الإصدار", "Version"),
    "licence": ("Licence", "الرخصة", "Licence"),
    "symmetric": ("symmetric", "متناظرة", "symétrique"),
    "transitive": ("transitive", "متعدية", "transitive"),
    "code": ("Code", "الرمز", "Code"),
}

CHARACTERISTICS = {OWL.SymmetricProperty: "symmetric", OWL.TransitiveProperty: "transitive"}
ALIGNED = (RDFS.subClassOf, RDFS.subPropertyOf, SKOS.exactMatch, SKOS.closeMatch, SKOS.relatedMatch)

# The diagram: where each main class stands (column, row), and which properties are drawn, each between neighbours.
PLACES = {
    "SummitSeries": (1, 0), "Topic": (2, 0), "Place": (3, 0),
    "Tally": (1, 1), "Event": (2, 1), "Document": (3, 1), "Principle": (4, 1),
    "Participation": (1, 2), "Actor": (2, 2), "Initiative": (3, 2),
    "Statement": (1, 3), "Position": (2, 3), "Commitment": (3, 3), "MonetaryAmount": (4, 3),
    "Claim": (1, 4), "Evidence": (2, 4), "SourceDocument": (3, 4), "Currency": (4, 4),
}  # fmt: skip
DRAWN = (
    ("inSeries", "Event", "SummitSeries"), ("hasTheme", "Event", "Topic"), ("heldAt", "Event", "Place"),
    ("tallyFor", "Tally", "Event"), ("adopted", "Event", "Document"), ("hasPrinciple", "Document", "Principle"),
    ("event", "Participation", "Event"), ("hasParticipant", "Event", "Actor"), ("signedBy", "Document", "Actor"),
    ("actor", "Participation", "Actor"), ("launchedBy", "Initiative", "Actor"), ("speaker", "Statement", "Actor"),
    ("heldBy", "Position", "Actor"), ("committedBy", "Commitment", "Actor"),
    ("beneficiary", "Commitment", "Initiative"),
    ("amount", "Commitment", "MonetaryAmount"), ("currency", "MonetaryAmount", "Currency"),
    ("evidence", "Claim", "Evidence"), ("oa:hasSource", "Evidence", "SourceDocument"),
)  # fmt: skip
BOX = (150, 42)
STEP = (270, 110)

# What describes terms, wherever it is shown; the colours are those of the page around it.
STYLE = """
.ontology nav a { margin-inline-end: 1rem; } .ontology code { direction: ltr; unicode-bidi: isolate; }
.ontology section.term { border-block-start: 1px solid var(--line); padding-block: .6rem; }
.ontology section.term:target { background: var(--fact); }
.ontology h3 { margin: 0; color: var(--ink); } .ontology h3 code { font-weight: normal; font-size: .85em; }
.ontology dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .4rem 0; }
.ontology dt { font-weight: 600; } .ontology dd { margin: 0; overflow-wrap: anywhere; }
.ontology ul.index { columns: 14rem; padding: 0; list-style: none; }
.ontology svg { max-width: 100%; height: auto; } .ontology svg rect { fill: var(--fact); stroke: var(--link); }
.ontology svg text { fill: var(--ink); font-size: 14px; text-anchor: middle; }
.ontology svg .edge { stroke: var(--soft); fill: none; } .ontology svg .tip { fill: var(--soft); }
.ontology svg .name { font-size: 11px; paint-order: stroke; stroke: var(--paper); stroke-width: 7px; stroke-linejoin: round; }
@media (max-width: 40rem) { .ontology dl { grid-template-columns: 1fr; } }
@media print { .ontology nav { display: none; } }
"""
# The rest of a page that stands alone.
_ALONE = """
:root { color-scheme: light dark; --line: light-dark(#c5ccd6, #47505c); --fact: light-dark(#f4f6f9, #1c2127);
  --ink: light-dark(#16202c, #e6ebf1); --soft: light-dark(#5b6572, #98a2ae); --link: light-dark(#0b5cad, #7db8f5);
  --paper: light-dark(#fff, #12161b); }
body { font: 1rem/1.6 system-ui, "Noto Naskh Arabic", sans-serif; color: var(--ink);
  background: var(--paper); max-width: 68rem; margin: 0 auto; padding: 1.5rem; }
a { color: var(--link); }
"""


@cache
def _graph() -> Graph:
    return load((*PROPER, "alignments"))


def _say(key: str, language: str) -> str:
    return WORDS[key][LANGUAGES.index(language)]


def _text(node: Node, predicate: URIRef, language: str) -> str:
    """Return the literal in the language, or the one that stands for all languages, or nothing."""
    values = [value for value in _graph().objects(node, predicate) if isinstance(value, Literal)]
    return next((str(value) for value in values if value.language in (language, None)), "")


def _iri(name: str) -> URIRef:
    return URIRef(NAMESPACE + name)


def _link(name: str, language: str) -> str:
    if ":" in name:
        return f"<code>{escape(name)}</code>"
    return f'<a href="#{name}">{escape(_text(_iri(name), RDFS.label, language))}</a>'


def _links(names: Iterable[str], language: str) -> str:
    return ", ".join(_link(name, language) for name in names)


def _related(name: str) -> str:
    found = [
        value
        for predicate in ALIGNED
        for value in sorted(_graph().objects(_iri(name), predicate), key=str)
        if isinstance(value, URIRef) and not value.startswith(NAMESPACE)
    ]
    curie = _graph().namespace_manager.curie
    return ", ".join(f'<a href="{escape(value)}"><code>{escape(curie(value))}</code></a>' for value in found)


def _term(name: str, language: str, rows: list[tuple[str, str]]) -> str:
    node = _iri(name)
    notes = [
        ("example", escape(_text(node, SKOS.example, language))),
        ("note", escape(_text(node, SKOS.scopeNote, language))),
        ("related", _related(name)),
    ]
    listed = "".join(f"<dt>{_say(key, language)}</dt><dd>{value}</dd>" for key, value in rows + notes if value)
    return (
        f'<section class="term" id="{name}"><h3>{escape(_text(node, RDFS.label, language))} <code>sg:{name}</code></h3>'
        f"<p>{escape(_text(node, SKOS.definition, language))}</p>{f'<dl>{listed}</dl>' if listed else ''}</section>"
    )


def _class(name: str, language: str) -> str:
    above = terms.SUPERCLASSES[name]
    below = sorted(other for other, higher in terms.SUPERCLASSES.items() if name in higher)
    of = sorted(prop for prop, domain in terms.DOMAINS.items() if {name, *above} & set(domain))
    to = sorted(prop for prop, values in terms.RANGES.items() if {name, *above} & set(values))
    rows = [("above", above), ("below", below), ("from", of), ("to", to)]
    return _term(name, language, [(key, _links(names, language)) for key, names in rows])


def _property(name: str, language: str) -> str:
    kinds = [word for kind, word in CHARACTERISTICS.items() if (_iri(name), RDF.type, kind) in _graph()]
    inverse = terms.INVERSES.get(name)
    rows = [
        ("domain", _links(terms.DOMAINS[name], language) or _say("anything", language)),
        ("range", _links(terms.RANGES[name], language) or _say("anything", language)),
        ("inverse", _link(inverse, language) if inverse else ""),
        ("characteristics", ", ".join(_say(kind, language) for kind in kinds)),
    ]
    return _term(name, language, rows)


def _scheme(scheme: str, language: str) -> str:
    node = _iri(scheme)
    parts = [
        f'<section id="{scheme}"><h3>{escape(_text(node, RDFS.label, language))} <code>sg:{scheme}</code></h3>',
        f"<p>{escape(_text(node, SKOS.definition, language))}</p></section>",
    ]
    for name in terms.CONCEPTS_BY_SCHEME[scheme]:
        if name == "Announced" and scheme != "StatementKinds":  # in two schemes, with one anchor
            parts.append(f"<p>{_link(name, language)}</p>")
            continue
        parts.append(_term(name, language, [("code", _text(_iri(name), SKOS.notation, language))]))
    return "\n".join(parts)


def _centre(name: str) -> tuple[int, int]:
    column, row = PLACES[name]
    return (column - 1) * STEP[0] + BOX[0] // 2 + 10, row * STEP[1] + BOX[1] // 2 + 10


def _tip(start: str, end: str) -> tuple[float, float]:
    """Return where a line between the centres of two boxes meets the border of the second."""
    (x1, y1), (x2, y2) = _centre(start), _centre(end)
    share = min(BOX[0] / 2 / abs(x1 - x2) if x1 != x2 else 1, BOX[1] / 2 / abs(y1 - y2) if y1 != y2 else 1)
    return round(x2 + (x1 - x2) * share, 1), round(y2 + (y1 - y2) * share, 1)


def diagram(language: str = "en") -> str:
    """Return the main classes and the properties between them as an SVG element."""
    width, height = 3 * STEP[0] + BOX[0] + 20, 4 * STEP[1] + BOX[1] + 20
    parts = [
        f'<svg viewBox="0 0 {width} {height}" role="group" aria-label="{escape(_say("diagram", language))}">'
        '<marker id="_tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path class="tip" d="M0 0L8 4L0 8Z"/></marker>'
    ]
    labels = []
    for name, start, end in DRAWN:
        (x1, y1), (x2, y2) = _tip(end, start), _tip(start, end)
        label = escape(name if ":" in name else _text(_iri(name), RDFS.label, language))
        text = f'<text class="name" x="{(x1 + x2) / 2}" y="{(y1 + y2) / 2 + 4}">{label}</text>'
        parts.append(f'<path class="edge" marker-end="url(#_tip)" d="M{x1} {y1}L{x2} {y2}"/>')
        labels.append(text if ":" in name else f'<a href="#{name}">{text}</a>')
    for name in PLACES:
        x, y = _centre(name)
        parts.append(
            f'<a href="#{name}"><rect x="{x - BOX[0] // 2}" y="{y - BOX[1] // 2}" rx="6"'
            f' width="{BOX[0]}" height="{BOX[1]}"/>'
            f'<text x="{x}" y="{y + 5}">{escape(_text(_iri(name), RDFS.label, language))}</text></a>'
        )
    return "".join([*parts, *labels, "</svg>"])


def title(language: str) -> str:
    """Return what the ontology is called."""
    return _text(URIRef(IRI), DCTERMS.title, language)


def content(language: str, links: dict[str, str] | None = None) -> str:
    """Return what a page says of the ontology and its terms, to be styled by :data:`STYLE`.

    Args:
        language: ``en``, ``ar`` or ``fr``.
        links: Addresses of the page in each language, to be offered at the top.
    """
    header = URIRef(IRI)
    licence = escape(str(_graph().value(header, DCTERMS.license)))
    turn = " ".join(
        f'<a href="{escape(address)}" hreflang="{code}" lang="{code}">{NAMES[code]}</a>'
        for code, address in (links or {}).items()
        if code != language
    )
    classes, properties = sorted(terms.CLASSES), sorted(terms.PROPERTIES)
    body = [
        f"<h1>{escape(title(language))}</h1><p>{escape(_text(header, DCTERMS.description, language))}</p>",
        f"<nav>{turn} "
        + " ".join(f'<a href="#_{key}">{_say(key, language)}</a>' for key in ("classes", "properties", "concepts")),
        f"</nav><dl><dt>{_say('iri', language)}</dt><dd><code>{IRI}</code></dd>",
        f"<dt>{_say('version', language)}</dt><dd>{version()}</dd>",
        f'<dt>{_say("licence", language)}</dt><dd><a href="{licence}">{licence}</a></dd></dl>',
        f"<h2>{_say('diagram', language)}</h2>{diagram(language)}",
    ]
    for key, names in (("classes", classes), ("properties", properties)):
        items = "".join(f"<li>{_link(name, language)}</li>" for name in names)
        body.append(f'<h2 id="_{key}">{_say(key, language)}</h2><ul class="index">{items}</ul>')
        body += [(_class if key == "classes" else _property)(name, language) for name in names]
    body.append(f'<h2 id="_concepts">{_say("concepts", language)}</h2>')
    body += [_scheme(scheme, language) for scheme in terms.CONCEPTS_BY_SCHEME]
    return "\n".join(['<div class="ontology">', *body, "</div>"])


def page(language: str = "en", links: dict[str, str] | None = None) -> str:
    """Return a page in one language that stands alone; *links* are its addresses in each."""
    direction = "rtl" if language == "ar" else "ltr"
    return (
        f'<!doctype html>\n<html lang="{language}" dir="{direction}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title(language))}</title>'
        f"<style>{_ALONE}{STYLE}</style></head>\n<body>\n{content(language, links)}\n</body></html>\n"
    )


def write(path: Path) -> list[Path]:
    """Write the page in each language beside each other and return the paths, English first."""
    paths = {code: path if code == "en" else path.with_suffix(f".{code}{path.suffix}") for code in LANGUAGES}
    for code, target in paths.items():
        target.write_text(page(code, {other: place.name for other, place in paths.items()}), encoding="utf-8")
    return list(paths.values())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m summitgraph.ontology.docs OUT.html")
    write(Path(sys.argv[1]))
