"""A reply of ours as Flask sends it."""

from __future__ import annotations

from flask import Response

from .reply import Reply


def respond(reply: Reply) -> Response:
    """Return a reply of ours as Flask sends it."""
    body = reply.body if reply.file is None else reply.file.read()
    response = Response(body, reply.status, list(reply.headers))
    if reply.content_type:
        response.content_type = reply.content_type
    else:
        del response.headers["Content-Type"]
    return response
