"""What reads a document: the rules of this package, or anything that registers under ``summitgraph.extractors``.

An entry point of that group is a callable that takes the options of the command line as keywords (``model``, ``base_url``,
``api_key_env``, ``price``) and returns an :class:`Extractor`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Protocol

from summitgraph.errors import InputError
from summitgraph.graph.records import Document, Extraction

from .extract import extract
from .version import version

GROUP = "summitgraph.extractors"


class Extractor(Protocol):
    """Reads documents; ``version`` says which reader and which of its versions, and stands in the provenance of each fact."""

    @property
    def version(self) -> str: ...

    def extract(self, document: Document) -> Extraction:
        """Return what *document* states.

        Raises:
            SummitGraphError: If it cannot be read now; the message says why.
        """
        ...

    def report(self) -> str:
        """Return what the reading took, in a line for people; empty where that is nothing."""
        ...


class Rules:
    """The patterns of this package: the default."""

    @property
    def version(self) -> str:
        """Return the version of the patterns, the code and the reference table."""
        return version()

    def extract(self, document: Document) -> Extraction:
        """Return what the patterns find."""
        return extract(document)

    def report(self) -> str:
        """Return nothing: rules cost nothing but the time that is shown anyway."""
        return ""


def names() -> list[str]:
    """Return the names of the extractors that are installed."""
    return sorted({"rules", "llm", *(point.name for point in entry_points(group=GROUP))})


def load(name: str, options: Mapping[str, object]) -> Extractor:
    """Return the extractor called *name*, made with those of *options* that are not None.

    Raises:
        InputError: If there is none of this name, or it does not take the options.
    """
    given = {key: value for key, value in options.items() if value is not None}
    if name == "rules":
        if given:
            option = next(iter(given)).replace("_", "-")
            raise InputError(f"--{option} is for another extractor than the rules; name it with --extractor")
        return Rules()
    make: Callable[..., Extractor]
    points = {point.name: point for point in entry_points(group=GROUP)}
    if name in points:
        make = points[name].load()
    elif name == "llm":
        from .llm import LanguageModel as make
    else:
        raise InputError(f"there is no extractor {name!r}; installed: {', '.join(names())}")
    try:
        return make(**given)
    except TypeError as error:
        raise InputError(f"extractor {name!r}: {error}") from error
