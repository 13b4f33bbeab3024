"""The store and the clients of the server's tests."""

from __future__ import annotations

from tests.server.conftest import make_store, store

__all__ = ["make_store", "store"]
