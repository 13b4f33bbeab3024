"""Which words can be part of a person's name that no table knows, in a script without capitals: those of no other use.

The slot ``{p:Name}`` takes a run of words; here it is cut to the part of it that can be a name. ``{p:Called}`` stands where a name
is due, behind an office and what it is held in: there only whole ordinary words and plain inflected forms end it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import regex

_TOKEN = regex.compile(r"\S+")


@dataclass(frozen=True, eq=False)
class NameGuard:
    """The words of a language that no name has, and how names are built."""

    words: frozenset[str]  # folded; ordinary words and every word class
    word: Any  # what a part of a name looks like
    prefix: Any  # what may be glued before an ordinary word: article, conjunction, preposition
    suffix: Any  # what may be glued behind one: pronouns, endings
    allowed: frozenset[str]  # parts of names that look like ordinary words
    particles: frozenset[str]  # parts that never end a name: bin, abu
    bound_ending: tuple[str, str]  # what an ending becomes before a suffix, and the ending: rihlatuhu, rihla
    first: Any  # what a name never begins with
    binds: frozenset[str]  # particles with which whatever stands behind is one part: abd al-Baqi
    family: Any  # what can only be a family name where it follows a part: al-Hinai
    due: frozenset[str]  # ordinary words that are parts of names where a name is due: Amal, Salam
    not_due: Any  # what is no part even there: verbal nouns
    inflected: tuple[Any, ...]  # how an ordinary word, the group ``stem``, is inflected, where a name is due

    def is_part(self, token: str) -> bool:
        """Tell whether folded *token* can be part of a name."""
        if token in self.particles or token in self.allowed:
            return True
        if token in self.words or self.word.fullmatch(token) is None:
            return False
        stems = {token, *(token[found.end() :] for found in self.prefix.finditer(token, overlapped=True))}
        suffixed = [(stem, found.start()) for stem in stems if (found := self.suffix.search(stem)) is not None]
        stems |= {stem[:end] for stem, end in suffixed}
        bound, final = self.bound_ending
        stems |= {stem[:end] + final for stem, end in suffixed if bound and stem.startswith(bound, end)}
        return stems.isdisjoint(self.words)

    def is_called(self, token: str) -> bool:
        """Tell whether folded *token* can be part of a name where one is due."""
        if self.not_due.fullmatch(token) is not None and token not in self.allowed:
            return False
        if self.is_part(token) or token in self.due:
            return True
        if token in self.words or self.word.fullmatch(token) is None:
            return False
        forms = (form.fullmatch(token) for form in self.inflected)
        return all(found is None or found["stem"] not in self.words for found in forms)

    def _parts(self, tokens: list[str], *, due: bool) -> list[bool]:
        """Tell of each token whether it is part of a name, the one before it considered."""
        fits: list[bool] = []
        part = self.is_called if due else self.is_part
        for index, token in enumerate(tokens):
            before = tokens[index - 1] if index else ""
            fit = part(token) or (before in self.binds and token not in self.words)
            follows = index > 0 and fits[-1] and before not in self.particles
            fits.append(fit or (follows and self.family.fullmatch(token) is not None))
        return fits

    def whole(self, text: str, start: int) -> int:
        """Return where the name at cell *start* begins if a conjunction cut off before it is its own letter: Faisal."""
        first = start
        while first and text[first - 1].isalpha():
            first -= 1
        token = _TOKEN.match(text, first)
        return first if first < start and token is not None and self.is_part(token.group()) else start

    def cut(
        self, text: str, start: int, end: int, *, left: bool, right: bool, due: bool = False
    ) -> tuple[int, int] | None:
        """Return the name in cells [start, end), or None.

        *left*: words may be cut off before it; *right*: behind it. The part nearest to what is fixed is taken.
        *due*: what stands before says that a name comes.
        """
        tokens = [found.span() for found in _TOKEN.finditer(text, start, end)]
        fits = self._parts([text[a:b] for a, b in tokens], due=due)
        if left and not right:
            first = len(tokens)
            while first and fits[first - 1]:
                first -= 1
            last = len(tokens)
        else:
            first = 0
            while left and first < len(tokens) and not fits[first]:
                first += 1
            last = first
            while last < len(tokens) and fits[last]:
                last += 1
            if not right and last < len(tokens):
                return None
        while last > first and text[slice(*tokens[last - 1])] in self.particles:
            if not right:
                return None
            last -= 1
        while last > first and self.first.match(text, *tokens[first]):  # what stands before may tell
            if not left:
                return None
            first += 1
        return (tokens[first][0], tokens[last - 1][1]) if last > first else None


def guard(settings: Mapping[str, Any], words: frozenset[str], folded: Callable[[str], str]) -> NameGuard:
    """Return the guard that ``unknown_names`` of ``language.yaml`` describes; *folded* folds an expression of it."""

    def words_of(name: str) -> frozenset[str]:
        return frozenset(folded(str(word)) for word in settings.get(name, ()))

    def expression(name: str, default: str, form: str) -> Any:
        return regex.compile(form.format(folded(str(settings.get(name, default)))))

    bound = settings.get("bound_ending", ("", ""))
    return NameGuard(
        words,
        word=expression("word", r"[^\W\d_]{2,}", "{}"),
        prefix=expression("prefix", r"(?!)", "^(?:{})"),
        suffix=expression("suffix", r"(?!)", "(?:{})$"),
        allowed=words_of("allowed"),
        particles=words_of("particles"),
        bound_ending=(folded(str(bound[0])), folded(str(bound[1]))),
        first=expression("not_first", r"(?!)", "{}"),
        binds=words_of("binds"),
        family=expression("family", r"(?!)", "{}"),
        due=words_of("due"),
        not_due=expression("not_due", r"(?!)", "{}"),
        inflected=tuple(regex.compile(folded(str(form))) for form in settings.get("inflected", ())),
    )
