"""The triples of one document's graph: what the gate looks at, and the N-Quads that go to the store, without a quad being made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from pyoxigraph import Literal, NamedNode, Quad

Term = NamedNode | Literal
Triple = tuple[NamedNode, NamedNode, Term]

_XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"
# What N-Quads writes in another way than it is: control characters, quotes, backslashes, two that are no characters.
_WRITTEN_OTHERWISE = re.compile(r'[\x00-\x1f"\\\x7f\ufffe\uffff]')


class Statements(Sequence[Quad]):
    """Triples of the named graph *graph*, each once, sorted as N-Quads sort; a quad is made only where one is asked for.

    Terms were checked when they were made, so what :meth:`n_quads` gives can be read without checking it again.
    """

    def __init__(self, triples: Iterable[Triple], graph: NamedNode) -> None:
        written = _Written()
        lines = {f"{written[s]} {written[p]} {written[o]}": (s, p, o) for s, p, o in triples}
        self.graph = graph
        self._lines = sorted(lines)
        self.triples: list[Triple] = [lines[line] for line in self._lines]

    def n_quads(self) -> bytes:
        """Return the graph as N-Quads."""
        end = f" {self.graph} .\n"
        return (end.join(self._lines) + end).encode() if self._lines else b""

    def __len__(self) -> int:
        return len(self.triples)

    def __iter__(self) -> Iterator[Quad]:
        graph = self.graph
        return (Quad(s, p, o, graph) for s, p, o in self.triples)

    @overload
    def __getitem__(self, index: int) -> Quad: ...
    @overload
    def __getitem__(self, index: slice) -> list[Quad]: ...
    def __getitem__(self, index: int | slice) -> Quad | list[Quad]:
        if isinstance(index, slice):
            return [Quad(s, p, o, self.graph) for s, p, o in self.triples[index]]
        return Quad(*self.triples[index], self.graph)


class _Written(dict[Term, str]):
    """Terms as N-Quads writes them, each written once."""

    def __missing__(self, term: Term) -> str:
        text = f"<{term.value}>" if isinstance(term, NamedNode) else _literal(term)
        self[term] = text
        return text


def _literal(literal: Literal) -> str:
    text = literal.value
    if _WRITTEN_OTHERWISE.search(text) is not None:
        return str(literal)
    if language := literal.language:
        return f'"{text}"@{language}'
    datatype = literal.datatype.value
    return f'"{text}"' if datatype == _XSD_STRING else f'"{text}"^^<{datatype}>'
