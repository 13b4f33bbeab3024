"""What a process gives up before it runs what somebody else wrote: the network, memory without end, life without a parent."""

from __future__ import annotations

import ctypes
import os
import resource
import select
import socket
import threading
from pathlib import Path

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


def leave_network() -> bool:
    """Move this process into a network namespace with no interface; tell whether the system allowed it."""
    libc = ctypes.CDLL(None, use_errno=True)
    return any(libc.unshare(flags) == 0 for flags in (CLONE_NEWUSER | CLONE_NEWNET, CLONE_NEWNET))


def limit_memory(extra_bytes: int) -> None:
    """Let the address space grow by at most *extra_bytes* from here; what is reserved now stays."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + extra_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def end_with(connection: socket.socket) -> None:
    """End this process when the other side of *connection* has gone, whatever query runs: nobody waits for it."""

    def watch() -> None:
        poll = select.poll()
        poll.register(connection, 0)
        poll.poll()  # reports only that the other side hung up
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
