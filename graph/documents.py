"""Documents as they were loaded, read back from the store: a graph holds all that its text needs to be read again."""

from __future__ import annotations

from datetime import date, datetime

from pyoxigraph import Literal, NamedNode, Store

from summitgraph.errors import StoreError

from . import iris
from .provenance import GENERATED_AT
from .records import Document

_DCT = "http://purl.org/dc/terms/"


def read_back(store: Store, document: str) -> Document:
    """Return the document with the id *document* (16 hexadecimal digits), the same as it was loaded.

    Raises:
        StoreError: If it is not in the store, or its text is not.
    """
    graph, source = iris.document_graph(document), iris.source_document(document)

    def value(predicate: NamedNode) -> str:
        found = next(store.quads_for_pattern(source, predicate, None, graph), None)
        return found.object.value if found is not None and isinstance(found.object, Literal) else ""

    text = value(iris.term("text"))
    if not text:
        raise StoreError(f"not in the store: {document}; `summitgraph stats --documents` lists what is")
    published, at = value(NamedNode(_DCT + "issued")), value(GENERATED_AT)
    found = Document(
        text,
        value(NamedNode(_DCT + "language")) or "und",
        value(NamedNode(_DCT + "title")),
        value(NamedNode(_DCT + "source")),
        date.fromisoformat(published) if published else None,
        datetime.fromisoformat(at.replace("Z", "+00:00")) if at else None,
    )
    if found.id != document:
        raise StoreError(f"{graph.value}: the text in the store is not the one it is named by")
    return found
