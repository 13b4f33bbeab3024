"""What a front, its query processes and the writer say to each other: JSON with its length before it, bodies, descriptors."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping
from typing import IO, Any

FRAME = struct.Struct("!IQ")  # lengths of the JSON header and of the body
REPLY = struct.Struct("!IQq")  # the same, and the rows of a result that needs no header: on the view asked for, whole
UNCOUNTED = -1  # rows of a result whose format does not tell them
_DESCRIPTORS = socket.CMSG_SPACE(4 * 16)
_buffer = bytearray(65_536)  # messages are read into it, one after the other
_view = memoryview(_buffer)


def receive(connection: socket.socket) -> tuple[dict[str, Any], bytes] | None:
    """Return the next message, None when the other side has gone. One side speaks at a time, so none is read too far."""
    data = bytes(_view[: connection.recv_into(_buffer)])
    if len(data) < FRAME.size:
        data += _exactly(connection, FRAME.size - len(data)) if data else b""
        if len(data) < FRAME.size:
            return None
    header_length, body_length = FRAME.unpack_from(data)
    start = FRAME.size + header_length
    if missing := start + body_length - len(data):
        data += _exactly(connection, missing)
        if len(data) < start + body_length:
            return None
    return json.loads(data[FRAME.size : start]), data[start:]


class Inbox:
    """The messages of a connection, of which several may come at once."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection, self.data = connection, b""
        self.descriptors: list[int] = []  # that came with messages, in their order

    @property
    def ready(self) -> bool:
        """Tell whether a whole message is there already."""
        data = self.data
        return len(data) >= FRAME.size and len(data) >= FRAME.size + FRAME.unpack_from(data)[0]

    def next(self) -> dict[str, Any] | None:
        """Return the next message, None when the other side has gone."""
        while True:
            data = self.data
            if len(data) >= FRAME.size:
                end = FRAME.size + FRAME.unpack_from(data)[0]
                if len(data) >= end:
                    self.data = data[end:]
                    message: dict[str, Any] = json.loads(data[FRAME.size : end])
                    return message
            length, ancillary, _, _ = self.connection.recvmsg_into([_buffer], _DESCRIPTORS)
            for _level, _type, numbers in ancillary:
                self.descriptors += struct.unpack(f"{len(numbers) // 4}i", numbers[: len(numbers) // 4 * 4])
            if not length:
                return None
            self.data = data + _view[:length] if data else bytes(_view[:length])


def _exactly(connection: socket.socket, count: int) -> bytes:
    """Return *count* bytes, fewer if the other side has gone."""
    parts = []
    while count and (part := connection.recv(min(count, 1_048_576))):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def send(connection: socket.socket, header: Mapping[str, object], body: bytes = b"") -> None:
    """Send a message."""
    text = json.dumps(header).encode()
    data = FRAME.pack(len(text), len(body)) + text
    connection.sendall(data + body if len(body) < 65_536 else data)
    if len(body) >= 65_536:
        connection.sendall(body)


def reply(connection: socket.socket, header: Mapping[str, object], body: bytes = b"") -> None:
    text = json.dumps(header).encode()
    connection.sendall(REPLY.pack(len(text), len(body), UNCOUNTED) + text + body)


def send_file(connection: socket.socket, header: Mapping[str, object], file: IO[bytes]) -> None:
    """Send a reply whose body is one byte that carries the descriptor of *file*."""
    file.flush()
    text = json.dumps({**header, "file": True}).encode()
    connection.sendall(REPLY.pack(len(text), 1, UNCOUNTED) + text)
    socket.send_fds(connection, [b"+"], [file.fileno()])
