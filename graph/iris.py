"""Mint IRIs: the only place that builds one. Pure functions of names, so that the same text gives the same IRIs."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from functools import lru_cache

import regex
from pyoxigraph import NamedNode

ONTOLOGY = "https://w3id.org/summitgraph/ontology#"
WIKIDATA = "http://www.wikidata.org/entity/"
DEFAULT_BASE = "https://w3id.org/summitgraph/"

# A plain romanisation after the usual press spellings: readable, not reversible.
_ARABIC = {
    "ا": "a",
    "أ": "a",
    "إ": "i",
    "آ": "a",
    "ٱ": "a",
    "ب": "b",
    "ت": "t",
    "ث": "th",
    "ج": "j",
    "ح": "h",
    "خ": "kh",
    "د": "d",
    "ذ": "dh",
    "ر": "r",
    "ز": "z",
    "س": "s",
    "ش": "sh",
    "ص": "s",
    "ض": "d",
    "ط": "t",
    "ظ": "z",
    "ع": "a",
    "غ": "gh",
    "ف": "f",
    "ق": "q",
    "ك": "k",
    "ل": "l",
    "م": "m",
    "ن": "n",
    "ه": "h",
    "ة": "a",
    "و": "w",
    "ؤ": "w",
    "ي": "y",
    "ى": "a",
    "ئ": "y",
    "ء": "",
    "پ": "p",
    "چ": "ch",
    "ڤ": "v",
    "گ": "g",
    "ک": "k",
    "ی": "y",
}
_LATIN = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "þ": "th", "ð": "d"}


def base() -> str:
    """Return the base of all resource and graph IRIs, ending in a slash (``SUMMITGRAPH_BASE_IRI`` sets another)."""
    text = os.environ.get("SUMMITGRAPH_BASE_IRI") or DEFAULT_BASE
    return text if text.endswith("/") else text + "/"


def slug(name: str) -> str:
    """Return *name* as lower-case ASCII words joined by hyphens, transliterated; never empty.

    >>> slug("Ursula von der Leyen")
    'ursula-von-der-leyen'
    >>> slug("قمة")
    'qma'
    """
    plain = unicodedata.normalize("NFKD", "".join(_ARABIC.get(char, _LATIN.get(char, char)) for char in name.lower()))
    words = regex.findall(r"[a-z0-9]+", regex.sub(r"['’ʼ]|\p{M}|\u0640", "", plain).encode("ascii", "ignore").decode())
    text = "-".join(words)[:80].rstrip("-")
    return text or "n" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]


@lru_cache(maxsize=512)
def path_of_kind(kind: str) -> str:
    """Return the path segment of a class.

    >>> path_of_kind("FinancialCommitment"), path_of_kind("AIModel")
    ('financial-commitment', 'ai-model')
    """
    return regex.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", kind).lower()


def entity(kind: str, name: str) -> NamedNode:
    """Return the IRI of an entity of class *kind* (local name) called *name*."""
    return NamedNode(f"{base()}id/{path_of_kind(kind)}/{slug(name)}")


def local(kind: str, document: str, content: str) -> NamedNode:
    """Return the IRI of something that exists in one document only: the document's id and a digest of *content*."""
    digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return NamedNode(f"{base()}id/{path_of_kind(kind)}/{document}-{digest}")


def source_document(document: str) -> NamedNode:
    """Return the IRI of a source document by its id (16 hexadecimal digits)."""
    return NamedNode(f"{base()}id/source-document/{document}")


def document_graph(document: str) -> NamedNode:
    """Return the named graph of a source document."""
    return NamedNode(f"{base()}graph/doc/{document}")


def graph(name: str) -> NamedNode:
    """Return the named graph ``ontology``, ``shapes``, ``reference`` or ``inferred``."""
    return NamedNode(f"{base()}graph/{name}")


@lru_cache(maxsize=4096)
def term(name: str) -> NamedNode:
    """Return an ontology term by local name."""
    return NamedNode(ONTOLOGY + name)


def wikidata(qid: str) -> NamedNode:
    """Return the canonical IRI of a Wikidata item.

    Raises:
        ValueError: If *qid* is not of the form Q123.
    """
    if not regex.fullmatch(r"Q[1-9]\d*", qid):
        raise ValueError(f"not a Wikidata identifier: {qid!r}")
    return NamedNode(WIKIDATA + qid)
