"""The competency questions: each example query with the answer expected on the sample articles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from summitgraph import loaders, pipeline
from summitgraph.loaders import documents
from summitgraph.server.catalogue import Example
from summitgraph.server.launch import launched
from tests.server.client import Client

ANSWERS = Path(__file__).parent / "answers"
SAMPLES = Path(loaders.__file__).parent / "samples"
_FORMS = {"select": ("csv", "text/csv"), "ask": ("csv", "text/csv"), "construct": ("nt", "application/n-triples")}


@contextmanager
def serving_samples() -> Iterator[Client]:
    """Load the sample articles into a new store and serve it; a client of that server."""
    with TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        summary = pipeline.load(documents.read([str(SAMPLES)]), store)
        assert len(summary.results) == len(summary.of("stored")) > 0
        with launched(store) as port:
            yield Client(port)


def file(example: Example) -> Path:
    """Return where the expected answer of *example* is kept."""
    return ANSWERS / f"{example.name}.{_FORMS[example.form][0]}"


def ask(client: Client, example: Example) -> str:
    """Return the server's answer: rows as CSV in the order of the query, a graph as sorted N-Triples."""
    reply = client.query(example.query, _FORMS[example.form][1])
    assert reply.status == 200, reply.text
    text = reply.text.replace("\r\n", "\n").rstrip("\n") + "\n"
    return "".join(sorted(text.splitlines(keepends=True))) if example.form == "construct" else text
