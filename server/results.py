"""A result on its way out of the engine: counted, cut off at its limit, in a file where it is long, in the format asked for."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any, cast

INLINE_BYTES = 4_194_304  # longer results go through a file
_PREFIX_LINE = b"@prefix "
# A prefixed name in Turtle, its prefix as a group; texts and IRIs are passed over.
_PREFIXED = re.compile(rb'"(?:[^"\\]|\\.)*+"|<[^>]*+>|([^\s:;,<>"\[\]()^]*+):\S*+', re.DOTALL)
_NAMESPACE = re.compile(rb"<([^<>\s]*[/#])([^<>\s/#]*)>")
# Turtle writes these without a prefix: the word "a", numbers, true and false, plain texts.
_UNPREFIXED = frozenset([b"type", b"integer", b"decimal", b"double", b"boolean", b"string", b"langString"])
# What stands once for each row or triple in a format: between two rows in JSON, at the end of a line elsewhere. None of
# them can be part of a text, but for the last bytes of one in JSON and for a line break of Windows in CSV.
MARKS = {"json": b'}},{"', "xml": b"<result>", "csv": b"\r\n", "tsv": b"\n", "ntriples": b"\n", "nquads": b"\n"}


class TooLarge(Exception):
    """The result passed the limit on its size."""


class Spool:
    """A result on its way: held in memory up to INLINE_BYTES, then in an unnamed file; at most *limit* bytes.

    ``marks`` counts how often *mark* has come by.
    """

    def __init__(self, limit: int, mark: bytes = b"") -> None:
        self.limit, self.size = limit, 0
        self.mark, self.marks, self.tail = mark, 0, b""
        self.chunks: list[bytes] = []
        self.file: IO[bytes] | None = None

    def write(self, data: bytes) -> int:
        """Take *data*; raise TooLarge beyond the limit."""
        self.size += len(data)
        if self.size > self.limit:
            raise TooLarge
        if self.mark:
            seen = self.tail + data if self.tail else data
            self.marks += seen.count(self.mark)
            if len(self.mark) > 1:
                self.tail = seen[-len(self.mark) + 1 :]
        if self.file is None:
            self.chunks.append(data)
            if self.size > INLINE_BYTES:
                self.file = tempfile.TemporaryFile(buffering=262_144)  # noqa: SIM115 - closed by close()
                self.file.writelines(self.chunks)
                self.chunks.clear()
        else:
            self.file.write(data)
        return len(data)

    def lines(self) -> Iterator[bytes]:
        """Yield what is there, line by line."""
        if self.file is None:
            yield from b"".join(self.chunks).splitlines(keepends=True)
        else:
            self.file.seek(0)
            yield from self.file

    def flush(self) -> None:
        """Do nothing: the reader is told when all is there."""

    def close(self) -> None:
        """Give back the file."""
        if self.file is not None:
            self.file.close()


def used_prefixes(chunks: Iterator[bytes], known: Mapping[str, str]) -> dict[str, str]:
    """Return those of *known* whose namespace starts an IRI of the N-Triples or N-Quads in *chunks*."""
    spaces = {iri.encode(): name for name, iri in known.items()}
    used: dict[str, str] = {}
    for chunk in chunks:
        for space, local in set(_NAMESPACE.findall(chunk)):
            if space in spaces and local not in _UNPREFIXED:
                used[spaces[space]] = space.decode()
    return dict(sorted(used.items()))


def write_rdf(triples: Any, form: str, prefixes: Mapping[str, str], spool: Spool) -> None:
    """Serialise *triples*; in the forms that have prefixes, with those that are used and no others."""
    import pyoxigraph as ox

    if form in ("turtle", "trig", "html"):
        _write_turtle(triples, prefixes, spool)
        return
    formats = {
        "ntriples": ox.RdfFormat.N_TRIPLES,
        "rdfxml": ox.RdfFormat.RDF_XML,
        "jsonld": ox.RdfFormat.JSON_LD,
        "nquads": ox.RdfFormat.N_QUADS,
    }
    if form != "rdfxml":
        triples.serialize(spool, format=formats[form])
        return
    plain = Spool(spool.limit, b"\n")
    triples.serialize(plain, format=ox.RdfFormat.N_TRIPLES)
    used = used_prefixes(plain.lines(), prefixes)
    source: Any = plain.file or b"".join(plain.chunks)
    if plain.file is not None:
        plain.file.seek(0)
    again = ox.parse(source, format=ox.RdfFormat.N_TRIPLES)
    ox.serialize((quad.triple for quad in again), cast("IO[bytes]", spool), format=ox.RdfFormat.RDF_XML, prefixes=used)
    plain.close()
    spool.marks = plain.marks


def _write_turtle(triples: Iterable[Any], prefixes: Mapping[str, str], spool: Spool) -> None:
    """Serialise with all of *prefixes* first, then leave out the lines of those that no name has."""
    import pyoxigraph as ox

    count = 0

    def counted() -> Iterator[Any]:
        nonlocal count
        for triple in triples:
            count += 1
            yield triple

    full = Spool(spool.limit)
    ox.serialize(counted(), cast("IO[bytes]", full), format=ox.RdfFormat.TURTLE, prefixes=dict(prefixes))
    if full.file is None:
        data = b"".join(full.chunks)
        start = data.rfind(b"\n" + _PREFIX_LINE) + 1
        start = data.find(b"\n", start) + 1 if data.startswith(_PREFIX_LINE) else 0
        used = set(_PREFIXED.findall(data, start))
        spool.write(b"".join(_used_lines(data[:start].splitlines(keepends=True), used)) + data[start:])
    else:
        used = set()
        for line in full.lines():
            if not line.startswith(_PREFIX_LINE):
                used.update(_PREFIXED.findall(line))
        head = [line for line in full.lines() if line.startswith(_PREFIX_LINE)]
        spool.write(b"".join(_used_lines(head, used)))
        for line in full.lines():  # no text has a line break in it: they are escaped
            if not line.startswith(_PREFIX_LINE):
                spool.write(line)
    full.close()
    spool.marks = count


def is_iri(text: str) -> bool:
    import pyoxigraph as ox

    try:
        ox.NamedNode(text)
    except ValueError:
        return False
    return True


def _used_lines(lines: Iterable[bytes], used: set[bytes]) -> list[bytes]:
    """Return those of the prefix declarations *lines* whose prefix is *used*, sorted."""
    return sorted(line for line in lines if line[len(_PREFIX_LINE) :].partition(b":")[0] in used)


def page_rows(solutions: Any, limit: int) -> dict[str, Any]:
    """Return the first *limit* rows for a page: per cell kind, value, language, datatype."""
    import pyoxigraph as ox

    def cell(term: Any) -> list[str] | None:
        if isinstance(term, ox.NamedNode):
            return ["iri", term.value, "", ""]
        if isinstance(term, ox.Literal):
            return ["literal", term.value, term.language or "", term.datatype.value]
        return None if term is None else ["other", str(term), "", ""]

    names = [variable.value for variable in solutions.variables]
    rows: list[list[list[str] | None]] = []
    for solution in solutions:
        if len(rows) == limit:
            return {"names": names, "rows": rows, "truncated": True}
        rows.append([cell(solution[name]) for name in names])
    return {"names": names, "rows": rows, "truncated": False}


def count_rows(form: str, spool: Spool) -> int | None:
    """Return how many rows or triples are in a finished result, None where the format does not tell."""
    if form == "json":
        return 0 if b'"bindings":[]' in b"".join(spool.chunks[:1])[-64:] else spool.marks + 1
    if form in ("csv", "tsv"):
        return max(0, spool.marks - 1)
    return None if form == "jsonld" else spool.marks
