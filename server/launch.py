"""Start a server in a process of its own and end it again, for tests, benchmarks and scripts."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from summitgraph.errors import StoreError

_CODE = "import sys; from summitgraph.server import serve; serve(sys.argv[1], port=int(sys.argv[2]))"
START_S = 20.0


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_ready(port: int) -> bool:
    """Tell whether a server on the loopback address says that it is ready."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def launched(store: Path, environment: Mapping[str, str] | None = None) -> Iterator[int]:
    """Serve *store* on the loopback address and give the port; *environment* adds SUMMITGRAPH_ variables.

    Raises:
        StoreError: If the server does not get ready.
    """
    port = free_port()
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("SUMMITGRAPH_")}
    command = [sys.executable, "-c", _CODE, str(store), str(port)]
    process = subprocess.Popen(command, env={**inherited, **(environment or {})}, stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_S
        while not is_ready(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise StoreError(f"the server for {store} did not start (status {process.poll()})")
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(START_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
