"""``/export``: the graph as files, by the same formats and choices as the command.

An export may take long and much of the disk, so it runs in a process of its own, into a file without a name, under the
deadline of updates and the memory limit of queries, one at a time for each front.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

from flask import Flask, Response, request

from summitgraph.graph.formats import MEDIA_TYPES

from .problems import Problem
from .reply import CHUNK
from .site import VARY, unmodified

if TYPE_CHECKING:
    from .site import Site

_CHOICES = ("document", "summit", "class", "construct", "table", "lang")  # options of the command
_LIMITED = (
    "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, ({0}, {0})); from summitgraph.cli import main; main()"
)
_ROOM = 1 << 30  # bytes of address space that the engine reserves whatever it does


def register(app: Flask, site: Site) -> None:
    """Add the route to *app*."""
    settings, busy = site.engine.settings, threading.BoundedSemaphore(1)

    @app.get("/export")
    def export() -> Response:
        form = request.args.get("format", "trig")
        if form not in MEDIA_TYPES:
            listed = ", ".join(MEDIA_TYPES)
            extra = {"given": form, "possible": listed}
            raise Problem(400, "format", f"there is no format {form!r}", f"There are: {listed}.", extra)
        if unknown := sorted(set(request.args) - {"format", *_CHOICES}):
            listed = ", ".join(("format", *_CHOICES))
            extra = {"given": unknown[0], "possible": listed}
            raise Problem(400, "filter", f"unknown parameter {unknown[0]!r}", f"There are: {listed}.", extra)
        if construct := request.args.get("construct"):
            _check(site, construct)
        version = site.engine.version()
        tag = hashlib.blake2b(f"{version} {request.query_string.decode()}".encode(), digest_size=12).hexdigest()
        headers = [VARY, ("ETag", f'"{tag}"'), ("Cache-Control", "no-cache")]
        if unmodified(request.environ, f'"{tag}"', version):
            return Response(status=304, headers=headers)
        if not busy.acquire(timeout=settings.queue_wait_s):
            raise Problem(503, "busy", "another export is under way", "Try again.", headers=(("Retry-After", "5"),))
        try:
            file = _run(site, form)
        finally:
            busy.release()
        media_type, suffix = MEDIA_TYPES[form]
        size = os.fstat(file.fileno()).st_size
        headers += [
            ("Content-Disposition", f'attachment; filename="summitgraph.{suffix}"'),
            ("Content-Length", str(size)),
        ]
        return Response(_chunks(file), content_type=media_type, headers=headers, direct_passthrough=True)


def _check(site: Site, construct: str) -> None:
    """Refuse what the guard refuses; an export never asks another service."""
    scan = site.engine.check(construct)
    if scan.form not in ("CONSTRUCT", "DESCRIBE"):
        raise Problem(400, "construct", "construct takes a CONSTRUCT or DESCRIBE query", "Send a SELECT to /sparql.")
    if reaching := scan.keywords & {"SERVICE", "FROM"}:
        raise Problem(403, "construct", f"an export takes no {min(reaching)}", "Send such a query to /sparql.")


def _run(site: Site, form: str) -> IO[bytes]:
    """Return a file with the export, at its beginning."""
    settings = site.engine.settings
    arguments = ["export", f"--store={settings.store}", f"--format={form}"]
    arguments += [f"--{name}={value}" for name in _CHOICES for value in request.args.getlist(name)]
    program = _LIMITED.format(_ROOM + settings.memory_mb * 1_048_576)
    file = tempfile.TemporaryFile()  # noqa: SIM115  it is sent after this function returns
    environment = {**os.environ, "SUMMITGRAPH_BASE_IRI": settings.base_iri, "PYTHONUTF8": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.PIPE, env=environment,
            timeout=settings.update_deadline_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        file.close()
        limit = settings.update_deadline_s
        raise Problem(503, "deadline", f"the export took longer than {limit:g} s", "Export a part of it.") from error
    if done.returncode:
        file.close()
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it was ended"]
        detail = lines[-1].removeprefix("summitgraph: ")
        if done.returncode == 2:
            raise Problem(400, "export", detail)
        raise Problem(500, "export", "the export failed", f"The last it said: {detail}")
    file.seek(0)
    return file


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk
