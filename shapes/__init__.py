"""The SHACL shapes and the gate that every document passes before it is stored."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).resolve().parent
GATE = ("core", "provenance", "links")
"""Shapes checked when a document is loaded: they look at one document and what it touches."""
CROSS = ("cross",)
"""Shapes that compare sources, checked over the whole store."""


def paths(modules: tuple[str, ...] = (*GATE, *CROSS)) -> list[Path]:
    """Return the Turtle files of the given modules, in order."""
    return [_FOLDER / f"{module}.ttl" for module in modules]
