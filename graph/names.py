"""The names of the reference table, made comparable: by folded spelling and by sound, for linking."""

from __future__ import annotations

import functools
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import regex
from rapidfuzz import fuzz, process

from . import reference
from .reference import Row
from .transliterate import skeleton

FUZZY_CUTOFF = 92.0  # of 100
_FAMILIES = {
    **dict.fromkeys(
        (
            "Organization",
            "Company",
            "InternationalOrganization",
            "GovernmentBody",
            "AcademicInstitution",
            "CivilSocietyOrganization",
            "Foundation",
            "MediaOrganization",
            "Coalition",
            "Initiative",
        ),
        "Organization",
    ),
    **dict.fromkeys(("Declaration", "Report", "Document"), "Document"),
    **dict.fromkeys(("Technology", "AIModel"), "Technology"),
    **dict.fromkeys(("Venue", "Place"), "Venue"),
}
# A product and its maker share a name: the text's kind does not tell the row apart.
_NEAR = {frozenset(("Technology", "Organization"))}
_MARK = regex.compile(r"[\p{M}\u0640]+")
_WORD = regex.compile(r"\w+")
_SPELLINGS = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ء": None, "ک": "ك", "ی": "ي"}
)
# Letters that writers choose between for one foreign sound: تورينغ, تورينج.
_SOUNDS = str.maketrans({"ج": "غ", "ق": "غ", "پ": "ب", "ڤ": "ف", "گ": "غ", "چ": "غ", "ث": "ت", "ذ": "د"})
_PARTICLES = frozenset(
    ("al", "el", "bin", "ben", "ibn", "bint", "ould", "abu", "abou")
)  # of Arabic names in Latin letters
_ARTICLES = frozenset(("the", "le", "la", "les", "l"))


def family(kind: str) -> str:
    """Return the family of kinds in which one name means one thing."""
    return _FAMILIES.get(kind, kind)


def kinds_agree(kind: str, row_kind: str) -> bool:
    """Tell whether what a text calls a *kind* can be a row of *row_kind*."""
    first, second = family(kind), family(row_kind)
    return first == second or frozenset((first, second)) in _NEAR


@functools.lru_cache(maxsize=65536)
def fold(name: str) -> str:
    """Return *name* for comparison: no case, accents, diacritics, punctuation or article; Arabic spellings unified.

    >>> fold("L'Union européenne"), fold("الاتّحاد الأوروبي")
    ('union europeenne', 'اتحاد اوروبي')
    """
    if name.isascii():  # most names of large tables
        return " ".join(word for word in _WORD.findall(name.lower()) if word not in _ARTICLES)
    text = _MARK.sub("", unicodedata.normalize("NFKD", name.casefold())).translate(_SPELLINGS)
    text = text.replace("اميرك", "امريك")  # أميركا, أمريكا
    return " ".join(
        word[2:] if word.startswith("ال") and len(word) > 4 else word
        for word in _WORD.findall(text)
        if word not in _ARTICLES
    )


@dataclass(frozen=True, eq=False)
class Index:
    """The reference table by name."""

    rows: Mapping[str, Row]  # by QID
    _folded: Mapping[str, tuple[Row, ...]]
    _sounds: Mapping[str, tuple[Row, ...]]
    _skeletons: Mapping[str, tuple[Row, ...]]  # by the consonants of the English label
    _family_names: Mapping[str, tuple[Row, ...]]  # people by the last word of their English, Arabic and French labels
    _labels: Mapping[tuple[str, str], Row]  # rows without an identifier, by family and English label
    _blocks: Mapping[tuple[str, int, str], tuple[str, ...]]  # folded names that can be alike, for fuzzy candidates
    ambiguous: frozenset[tuple[str, str]]  # language and folded short form that is also something else

    def called(self, name: str) -> tuple[Row, ...]:
        """Return the rows that have the folded *name*."""
        return self._folded.get(name, ())

    def after_preposition(self, name: str) -> tuple[Row, ...]:
        """Return the rows whose name begins with an article that the preposition li- took away (للأمم → لأمم)."""
        return self.called(name[1:]) if name.startswith("ل") and len(name) > 4 else ()

    def sounds_like(self, name: str) -> tuple[Row, ...]:
        """Return the rows whose Arabic name of two words or more differs from *name* in the letters for foreign sounds only."""
        return self._sounds.get(name.translate(_SOUNDS), ()) if " " in name else ()

    def transliterated(self, name: str) -> tuple[Row, ...]:
        """Return the rows one of whose Latin names has the consonants of *name*: Arabic, or an Arab's name in Latin letters."""
        if name.isascii() and _PARTICLES.isdisjoint(name.split()):
            return ()
        found = skeleton(name)
        return self._skeletons.get(found, ()) if found else ()

    def of_family(self, name: str) -> tuple[Row, ...]:
        """Return the people whose family name is the one folded word *name*."""
        return self._family_names.get(name, ()) if " " not in name else ()

    def unlinked(self, kind: str, label: str) -> Row | None:
        """Return the row without identifier that has this English *label*."""
        return self._labels.get((family(kind), fold(label)))

    def resembling(self, name: str, kind: str) -> tuple[Row, float] | None:
        """Return the row with an identifier whose name is most like *name*, with the likeness in percent, or None."""
        if len(name) < 8 or " " not in name:
            return None
        block = self._blocks.get(_block(family(kind), name), ())
        best = process.extractOne(name, block, scorer=fuzz.ratio, score_cutoff=FUZZY_CUTOFF)
        rows = [row for row in self.called(best[0]) if row.qid] if best else []
        return (rows[0], float(best[1])) if best and rows else None


@functools.cache
def index() -> Index:
    """Return the index of the project's own reference table."""
    table = reference.load()
    with reference.many_objects():
        return build(table.rows, table.ambiguous)


def _block(kind: str, name: str) -> tuple[str, int, str]:
    """Return what two names have in common that are one but for a slip: as many words, and their first letters.

    Without it each unknown name would be compared with all names of the table.
    """
    words = name.split()
    return kind, len(words), "".join(word[0] for word in words)


def build(rows: Iterable[Row], ambiguous: Iterable[tuple[str, str]] = ()) -> Index:
    """Return an index of *rows*."""
    folded: dict[str, tuple[Row, ...]] = {}
    sounds: dict[str, tuple[Row, ...]] = {}
    skeletons: dict[str, tuple[Row, ...]] = {}
    families: dict[str, tuple[Row, ...]] = {}
    blocks: dict[tuple[str, int, str], list[str]] = defaultdict(list)
    labels: dict[tuple[str, str], Row] = {}
    by_qid: dict[str, Row] = {}
    for row in rows:
        own = family(row.kind)
        if row.qid:
            by_qid.setdefault(row.qid, row)
        else:
            labels.setdefault((own, fold(row.labels["en"])), row)
        for name in (row.labels["en"], *row.aliases["en"]) if row.qid else ():
            if consonants := skeleton(name):
                _add(skeletons, consonants, row)
        if row.kind == "Person" and row.qid:
            for label in row.labels.values():
                if len(parts := fold(label).split()) > 1:
                    _add(families, parts[-1], row)
        for key in dict.fromkeys(fold(name) for _, name in row.names()):
            if not key:
                continue
            _add(folded, key, row)
            if " " in key:
                blocks[_block(own, key)].append(key)
                if not key.isascii():
                    _add(sounds, key.translate(_SOUNDS), row)
    return Index(
        by_qid,
        folded,
        sounds,
        skeletons,
        families,
        labels,
        {block: tuple(names) for block, names in blocks.items()},
        frozenset((language, fold(form)) for language, form in ambiguous),
    )


def _add(table: dict[str, tuple[Row, ...]], key: str, row: Row) -> None:
    found = table.get(key)
    if found is None:
        table[key] = (row,)
    elif all(row is not one for one in found):  # by identity: comparing whole rows would cost more than it saves
        table[key] = (*found, row)


reference.on_change(index.cache_clear)
