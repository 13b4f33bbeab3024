"""Which entities of a text are one, once all its names are known: short forms of persons, titles and descriptions of documents."""

from __future__ import annotations

import regex

from . import summits
from .entities import Draft, EntityTable
from .gazetteer import Gazetteer, NameEntry
from .normalise import fold
from .rules import Language

_WORDS = regex.compile(r"\w+")


def aliases(table: EntityTable, language: Language) -> Gazetteer:
    """Return the names learnt in the first reading, and the short forms of persons, as things to look for."""
    stop = set(language.lexicon.get("not_a_name", ())) | set(language.lexicon.get("common_word", ()))
    names: dict[str, NameEntry] = {}
    short: dict[str, set[str]] = {}
    for draft in table.all():
        for words, _, _ in draft.names:
            text = fold(words).strip()
            if draft.kind in ("Topic", "Principle"):
                continue
            if not draft.key and len(text) > 2 and text not in stop:
                names.setdefault(text, NameEntry("#" + draft.id, draft.kind))
            if draft.kind == "Person":
                for form in short_forms(text):
                    if form not in stop and len(form) > 2:
                        short.setdefault(form, set()).add(draft.id)
    for form, owners in short.items():
        if len(owners) == 1:
            names.setdefault(form, NameEntry("#" + next(iter(owners)), "Person"))
    return Gazetteer(names.items())


def merge_family_names(table: EntityTable) -> None:
    """Merge a person met by family name alone ("Mr Parmelin") into the only one the text names in full."""
    persons = [draft for draft in table.all() if draft.kind == "Person"]
    full: dict[str, list[Draft]] = {}
    for draft in persons:
        for form in {form for name, _, _ in draft.names for form in short_forms(fold(name))}:
            full.setdefault(form, []).append(draft)
    first: dict[str, list[Draft]] = {}  # family names that come first: "Yoon Suk Yeol"
    for draft in persons:
        for form in {fold(name).split()[0] for name, _, _ in draft.names if name.count(" ") > 1}:
            first.setdefault(form, []).append(draft)
    for draft in persons:
        words = {fold(name) for name, _, _ in draft.names}
        owners = {owner.id: owner for word in words for owner in full.get(word, first.get(word, []))}
        if not draft.key and len(owners) == 1 and all(" " not in word for word in words):
            owner = next(iter(owners.values()))
            if owner is not draft:
                table.merge(owner, draft)


def merge_documents(table: EntityTable, language: Language) -> None:
    """Merge declarations that share their telling words: a title and its description are one document."""
    generic = set(language.lexicon.get("document_generic", ()))
    kept: list[tuple[Draft, set[str]]] = []
    plain: list[Draft] = []  # "the final declaration"
    for draft in [d for d in table.all() if d.kind in ("Declaration", "Report", "Document")]:
        words = {
            w
            for name, _, _ in draft.names
            for full in _WORDS.findall(fold(name))
            if full not in generic and len(w := summits.bare(full)) > 2 and w not in generic
        }
        if not words and not draft.key:
            plain.append(draft)
            continue
        for other, other_words in kept:
            smaller, larger = sorted((words, other_words), key=len)
            if (
                other.kind == draft.kind
                and smaller
                and len(smaller & larger) >= 0.8 * len(smaller)
                and (len(smaller) > 1 or smaller == larger)
            ):
                table.merge(other, draft)
                other_words |= words
                break
        else:
            kept.append((draft, words))
    for draft in plain:
        named = [other for other, _ in kept if other.kind == draft.kind]
        first = next(other for other in plain if other.kind == draft.kind)
        if len(named) == 1 or (not named and draft is not first):
            table.merge(named[0] if named else first, draft)


def merge_initiatives(table: EntityTable) -> None:
    """Merge initiatives of which one's name is the other's cut short: "an alliance against hunger"."""
    kept: list[tuple[Draft, set[str]]] = []
    for draft in [d for d in table.all() if d.kind in ("Initiative", "Coalition")]:
        words = {word for name, _, _ in draft.names for word in regex.findall(r"\w{3,}", fold(name))}
        for other, other_words in kept:
            smaller, larger = sorted((words, other_words), key=len)
            if len(smaller) > 2 and smaller < larger and not (draft.key and other.key):
                table.merge(other, draft)
                other_words |= words
                break
        else:
            kept.append((draft, words))


# Family names that come first, and by which a text calls their bearer: "Yoon" for Yoon Suk Yeol.
_EAST_ASIAN = 3  # words of a name that begins with the family
_FAMILY_FIRST = frozenset(
    (
        "yoon",
        "lee",
        "kim",
        "moon",
        "cho",
        "choi",
        "jung",
        "jeong",
        "kang",
        "hwang",
        "shin",
        "xi",
        "li",
        "wang",
        "zhang",
        "chen",
        "liu",
        "zhao",
        "ding",
        "zhou",
        "huang",
        "yang",
        "deng",
        "jiang",
        "luo",
        "nguyen",
        "tran",
        "pham",
        "luong",
    )
)


def short_forms(name: str) -> list[str]:
    """Return the family name of a full name, with its particle (بن سلمان, von der leyen) where it has one."""
    words = name.split()
    if len(words) < 2:
        return []
    particles = {
        "بن",
        "ال",
        "ابو",
        "ابن",
        "عبد",
        "von",
        "van",
        "der",
        "den",
        "de",
        "da",
        "di",
        "bin",
        "al",
        "el",
        "la",
        "le",
        "du",
        "ter",
        "دي",
        "فون",
        "دير",
        "دا",
        "فان",
    }
    first = len(words) - 1
    while first > 1 and words[first - 1] in particles:
        first -= 1
    forms = [" ".join(words[first:])]
    if len(words) <= _EAST_ASIAN and words[0] in _FAMILY_FIRST:
        forms.append(words[0])
    if len(words) - first > 1:
        forms.append(words[-1])
    elif len(words) > 2:
        forms.append(" ".join(words[-2:]))
    return forms
