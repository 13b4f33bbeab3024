"""Mint IRIs: the only place that builds one. Pure functions of names, so that the same text gives the same IRIs."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from functools import lru_cache

import regex
from pyoxigraph import NamedNode

from summitgraph.errors import InputError

ONTOLOGY = "https://w3id.org/summitgraph/ontology#"
WIKIDATA = "http://www.wikidata.org/entity/"
DEFAULT_BASE = "https://w3id.org/summitgraph/"

# A plain romanisation after the usual press spellings: readable, not reversible.
_ARABIC = {
    "ا": "a",
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
    "و": "w",
    "ي": "y",
    "ء": "",
    "پ": "p",
    "چ": "ch",
    "ڤ": "v",
    "گ": "g",
}
_LATIN = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "þ": "th", "ð": "d"}


# Spellings of one Arabic letter; one name has one IRI however it is spelled.
_SPELLINGS = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ک": "ك", "\u0640": None}
)
_WORD = regex.compile(r"\w+")
_MARK = regex.compile(r"\p{M}+")
_APOSTROPHE = regex.compile(r"['’ʼ]")
_ASCII_WORD = regex.compile(r"[a-z0-9]+")
_LENGTH = 80  # of a slug, in characters


def base() -> str:
    """Return the base of all resource and graph IRIs, ending in a slash (``SUMMITGRAPH_BASE_IRI`` sets another).

    Raises:
        InputError: If what is set is not an absolute IRI that ends in a path.
    """
    return _checked(os.environ.get("SUMMITGRAPH_BASE_IRI") or DEFAULT_BASE)


@lru_cache(maxsize=16)
def _checked(text: str) -> str:
    if not regex.fullmatch(r"[a-z][a-z0-9+.-]*://[^\s<>\"{}|\\^`?#]+", text):
        raise InputError(f"SUMMITGRAPH_BASE_IRI is {text!r}; expected an IRI such as {DEFAULT_BASE}")
    return text if text.endswith("/") else text + "/"


@lru_cache(maxsize=65536)
def slug(name: str) -> str:
    """Return *name* as lower-case ASCII words joined by hyphens; never empty.

    Case, accents, punctuation and the spellings of one Arabic letter make no difference. What romanisation or length loses
    is told apart by a digest, so two names share a slug only if they are spelled alike.

    >>> slug("Ursula von der Leyen"), slug("Élysée")
    ('ursula-von-der-leyen', 'elysee')
    >>> slug("هادي"), slug("حادي")
    ('hady-519414', 'hady-a48c8f')
    """
    folded = _MARK.sub("", unicodedata.normalize("NFKD", _APOSTROPHE.sub("", name.lower()))).translate(_SPELLINGS)
    plain = "".join(_ARABIC.get(char, _LATIN.get(char, char)) for char in folded)
    text = "-".join(_ASCII_WORD.findall(plain))
    if (
        len(text) <= _LENGTH
        and text
        and all(char.isascii() or char in _LATIN for word in _WORD.findall(folded) for char in word)
    ):
        return text
    digest = hashlib.sha256(" ".join(_WORD.findall(folded) or [name]).encode("utf-8", "surrogatepass")).hexdigest()
    text = text[:_LENGTH].rstrip("-")
    return f"{text}-{digest[:6]}" if text else f"n{digest[:12]}"


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


def scoped(kind: str, name: str, document: str) -> NamedNode:
    """Return the IRI of an entity that is *document*'s own: its name belongs to something else that it may not be."""
    return NamedNode(f"{base()}id/{path_of_kind(kind)}/{slug(name)}-{document}")


def local(kind: str, document: str, content: str, root: str = "") -> NamedNode:
    """Return the IRI of something that exists in one document only: the document's id and a digest of *content*.

    *root* is what :func:`base` gives, where the caller has asked for it already.
    """
    digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return NamedNode(f"{root or base()}id/{path_of_kind(kind)}/{document}-{digest}")


def is_local(iri: str) -> bool:
    """Tell whether *iri* is one that :func:`local` gives.

    >>> is_local(str(local("Summit", "00000000000000a1", "next edition").value)), is_local(entity("Summit", "G20 2024").value)
    (True, False)
    """
    return regex.fullmatch(r"[0-9a-f]{16}-[0-9a-f]{16}", iri.rpartition("/")[2]) is not None


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
