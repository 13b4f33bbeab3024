"""Requests that leave the machine: only where the administrator allows it, checked at each step, bounded in time and size.

The rules are those of RDF4J's issues 5989 and 5990: HTTP and HTTPS only, no user name in the address, every address a
name resolves to has to be public unless excepted by host or network, each redirect is checked like the first address
and never leads from HTTPS to HTTP, and a setting that cannot be read stops the server. Beyond them an address has to
be on a list, and the connection goes to the very address that was checked.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urljoin, urlsplit

import summitgraph
from summitgraph.errors import InputError

from .problems import Problem

log = logging.getLogger(__name__)

WIKIDATA = "https://query.wikidata.org/sparql"
REDIRECTS = 4
AT_ONCE = 8  # requests under way in one front
PORTS = {"http": 80, "https": 443}
USER_AGENT = f"SummitGraph/{summitgraph.__version__} (+https://w3id.org/summitgraph/)"
_HOST = re.compile(r"[a-z0-9]([a-z0-9.\-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Refused(Exception):
    """An address that may not be asked; the message says why."""


class Failed(Exception):
    """A request that was made and gave nothing of use; ``late`` if it took too long."""

    def __init__(self, message: str, late: bool = False) -> None:
        super().__init__(message)
        self.late = late


@dataclass(frozen=True, slots=True)
class Fetched:
    """A reply: where it came from in the end, its media type without parameters, and its body."""

    url: str
    media_type: str
    body: bytes


@dataclass(frozen=True)
class Policy:
    """Which addresses may be asked: those that begin with an entry of ``allowed``; ``hosts`` and ``networks`` need not be public."""

    allowed: tuple[str, ...] = ()
    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    timeout_s: float = 8.0
    max_bytes: int = 8_388_608
    count: Callable[[str], None] = field(default=lambda _name: None, repr=False)  # told the counter of what happens
    _places: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(AT_ONCE), repr=False)

    def check(self, url: str) -> SplitResult:
        """Return the parts of *url*.

        Raises:
            Refused: If it is no plain HTTP address, or not on the list.
        """
        parts = _split(url)
        if not any(_covers(entry, url) for entry in self.allowed):
            raise Refused(f"<{url}> is not on this server's list")
        return parts

    def resolve(self, parts: SplitResult, timeout_s: float) -> list[str]:
        """Return the addresses of a host, all of which may be connected to.

        Raises:
            Refused: If one of them is not public and not excepted.
            Failed: If the name has none.
        """
        host = str(parts.hostname)
        found = _look_up(host, parts.port or PORTS[parts.scheme], timeout_s)
        for text in found:
            address = ipaddress.ip_address(text.partition("%")[0])
            if host not in self.hosts and not _is_public(address) and not any(address in net for net in self.networks):
                raise Refused(f"{host} is at {text}, which is not a public address")
        return found

    def fetch(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float) -> Fetched:
        """Send a request and return the reply of the place it led to.

        Raises:
            Refused: If an address on the way may not be asked.
            Failed: If there is no reply with status 200 in time, or it is too long.
        """
        deadline = time.monotonic() + min(timeout_s, self.timeout_s)
        if not self._places.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise Failed("too many requests to other servers are under way", late=True)
        started = time.monotonic()
        try:
            for _ in range(REDIRECTS + 1):
                parts = self.check(url)
                self.count("outgoing_total")
                reply = self._once(method, parts, headers, body, deadline)
                if isinstance(reply, Fetched):
                    log.info("%s %s: %d bytes in %.2f s", method, url, len(reply.body), time.monotonic() - started)
                    return reply
                following = urljoin(url, reply)
                if parts.scheme == "https" and not following.startswith("https:"):
                    raise Refused(f"<{url}> leads from HTTPS to <{following}>")
                url = following
            raise Failed(f"more than {REDIRECTS} redirects")
        except Refused as error:
            self.count("outgoing_refused_total")
            log.warning("%s %s: refused: %s", method, url, error)
            raise
        except Failed as error:
            self.count("outgoing_failed_total")
            log.warning("%s %s: %s", method, url, error)
            raise
        finally:
            self._places.release()

    def _once(
        self, method: str, parts: SplitResult, headers: Mapping[str, str], body: bytes | None, deadline: float
    ) -> Fetched | str:
        """Return the reply of one request, or where it leads."""
        url = parts.geturl()
        left = deadline - time.monotonic()
        try:
            with _connected(parts, self.resolve(parts, left), deadline) as connection:
                target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", "Connection": "close", **headers}
                connection.request(method, target, body, sent)
                with connection.getresponse() as reply:
                    if reply.status in (301, 302, 303, 307, 308) and (place := reply.getheader("Location")):
                        return place
                    if reply.status != 200:
                        raise Failed(f"<{url}> answered {reply.status} {reply.reason}")
                    if reply.getheader("Content-Encoding", "identity").lower() != "identity":
                        raise Failed(f"<{url}> sent a compressed reply, which was not asked for")
                    data = reply.read(self.max_bytes + 1)
                    if len(data) > self.max_bytes:
                        raise Failed(f"the reply of <{url}> is longer than the limit of {self.max_bytes} bytes")
                    if time.monotonic() > deadline:
                        raise TimeoutError
                    media = reply.getheader("Content-Type", "").partition(";")[0].strip().lower()
                    return Fetched(url, media, data)
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, TimeoutError) or time.monotonic() >= deadline - 0.01:
                raise Failed(f"<{url}> did not answer in time", late=True) from error
            raise Failed(f"<{url}> cannot be reached: {error}") from error


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refused(f"<{url}> is no address: {error}") from error
    if parts.scheme not in PORTS:
        raise Refused(f"<{url}> is neither HTTP nor HTTPS")
    if "@" in parts.netloc or port == 0:
        raise Refused(f"<{url}> has a user name, or a port that is none")
    if not _HOST.fullmatch(parts.netloc.rpartition(":")[0] if port else parts.netloc.rstrip(":")):
        raise Refused(f"<{url}> has no plain host name in lower case")
    if not url.isascii() or any(char <= " " or char in '<>"{}|^`\\' for char in url):
        raise Refused(f"<{url}> is not percent-encoded")
    if any(piece in (".", "..") for piece in parts.path.lower().replace("%2e", ".").split("/")):
        raise Refused(f"<{url}> has dots as a part of its path")
    return parts


def _covers(entry: str, url: str) -> bool:
    """Tell whether *url* is an entry of the list, with a query or not, or stands below an entry that ends in a slash."""
    url = url.partition("#")[0]
    return url == entry or (url.startswith(entry) and (entry.endswith("/") or url[len(entry)] == "?"))


def _is_public(address: Address) -> bool:
    """Tell whether everybody can reach *address*: an IPv4 address inside an IPv6 one counts as itself."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _look_up(host: str, port: int, timeout_s: float) -> list[str]:
    found: list[str] = []
    errors: list[OSError] = []

    def ask() -> None:
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(entry[4][0]) for entry in entries))
        except OSError as error:
            errors.append(error)

    thread = threading.Thread(target=ask, daemon=True)  # it knows no time limit
    thread.start()
    thread.join(max(0.0, timeout_s))
    if errors or not found:
        raise Failed(f"the host {host} is not known: {errors[0] if errors else 'no answer'}", late=not errors)
    return found


@contextlib.contextmanager
def _connected(parts: SplitResult, addresses: Sequence[str], deadline: float) -> Iterator[http.client.HTTPConnection]:
    """Give a connection to one of *addresses*; it is cut at *deadline*, however slowly the other side speaks."""
    host, port = str(parts.hostname), parts.port or PORTS[parts.scheme]
    connection = http.client.HTTPConnection(parts.netloc, timeout=max(0.01, deadline - time.monotonic()))
    connected: socket.socket | None = None
    for number, address in enumerate(addresses):
        try:
            connected = socket.create_connection((address, port), max(0.01, deadline - time.monotonic()))
            break
        except OSError:
            if number + 1 == len(addresses):
                raise
    assert connected is not None
    if parts.scheme == "https":
        try:
            connected = ssl.create_default_context().wrap_socket(connected, server_hostname=host)
        except BaseException:
            connected.close()
            raise
    connection.sock = connected

    def cut() -> None:
        with contextlib.suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.01, deadline - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield connection
    finally:
        timer.cancel()
        connection.close()


def read_policy(allowed: str, private: str, timeout_s: float, max_bytes: int) -> Policy:
    """Return the policy of settings: addresses, and hosts or networks, each divided by blanks.

    Raises:
        InputError: If one of them cannot be read.
    """
    for entry in allowed.split():
        try:
            parts = _split(entry)
        except Refused as error:
            raise InputError(f"the list of allowed addresses: {error}") from error
        if not parts.path or parts.fragment:
            raise InputError(f"the list of allowed addresses: {entry!r} has no path; end it with / to allow the host")
    hosts, networks = set(), []
    for entry in private.split():
        try:
            networks.append(ipaddress.ip_network(entry))
        except ValueError as error:
            if not _HOST.fullmatch(entry) or entry.replace(".", "").isdigit() or "/" in entry:
                raise InputError(f"{entry!r} is neither a network such as 10.1.0.0/16 nor a host name") from error
            hosts.add(entry)
    return Policy(tuple(allowed.split()), frozenset(hosts), tuple(networks), timeout_s, max_bytes)


def as_problem(error: Refused | Failed, what: str) -> Problem:
    """Return what a client is told: 403 for an address that may not be asked, 502 or 504 for one that does not answer."""
    if isinstance(error, Refused):
        hint = "Ask the administrator to allow it, or fetch the data yourself and send them with the request."
        return Problem(403, what, f"{what.upper()} is refused: {error}", hint)
    if error.late:
        return Problem(504, "remote", f"{what.upper()}: {error}", "Ask it for less, or try again later.")
    return Problem(502, "remote", f"{what.upper()}: {error}", "Try again later, or ask for it with SILENT.")
