"""Read the pattern files of a language and check them."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from summitgraph.errors import PatternError

from .compiler import Compiler
from .normalise import fold
from .rules import Language
from .yamlfiles import read, strip

FOLDER = Path(__file__).parent / "patterns"


@functools.cache
def languages() -> tuple[str, ...]:
    """Return the codes of the languages there are pattern files for."""
    return tuple(sorted(path.parent.name for path in FOLDER.glob("*/language.yaml")))


def script(code: str) -> str:
    """Return the script a language is written in: ``Arabic`` or ``Latin``."""
    return str(load(code).settings["script"])


@functools.cache
def load(code: str) -> Language:
    """Return the compiled knowledge of language *code*.

    Raises:
        PatternError: If a file is not valid; names file, line and pattern.
    """
    return load_folder(FOLDER / code, check=False)


def load_folder(folder: Path, *, check: bool = True) -> Language:
    """Read the pattern files of one folder (``language``, ``lexicon*``, ``vocabulary``, ``values``, ``names*``, ``frames*``).

    With *check* every expression is compiled now, else when it is first used.

    Raises:
        PatternError: If a file is not valid; names file, line and pattern.
    """
    settings = strip(read(folder / "language.yaml"))
    values = strip(read(folder / "values.yaml"))
    lexicon: dict[str, tuple[str, ...]] = {}
    for path in sorted(folder.glob("lexicon*.yaml")):
        for name, entry in strip(read(path)).items():
            if name in lexicon:
                raise PatternError(f"{path.name}: word class {name!r} is defined twice")
            lexicon[name] = tuple(_forms(entry, settings.get("inflections", {}), f"{path.name}: {name}"))
    for name, entry in values.get("units", {}).items():
        lexicon.setdefault(f"unit_{name.lower()}", tuple(fold(form) for form in entry))
    ordinary = read(folder / "vocabulary.yaml") if (folder / "vocabulary.yaml").exists() else ""
    compiler = Compiler(settings, lexicon, frozenset(fold(str(ordinary)).split()), check)
    names = tuple(p for path in sorted(folder.glob("names*.yaml")) for p in compiler.patterns(path, names=True))
    frames = tuple(p for path in sorted(folder.glob("frames*.yaml")) for p in compiler.patterns(path))
    seen: dict[str, str] = {}
    for pattern in (*names, *frames):
        if pattern.id in seen:
            raise PatternError(f"{pattern.where_from}: pattern id {pattern.id!r} is used already at {seen[pattern.id]}")
        seen[pattern.id] = pattern.where_from
    anaphors = tuple(compiler.anaphors(folder / "language.yaml"))
    prefilter, grammar, groups = compiler.prefilter, compiler.grammar(), compiler.groups
    asides = compiler.asides()
    unreal = compiler.unreal()
    unreal_bits = {name: prefilter.require(marker.pattern) for name, marker in unreal.items()}
    members = compiler.members()
    return Language(
        folder.name,
        settings,
        values,
        lexicon,
        names,
        frames,
        anaphors,
        prefilter,
        grammar,
        asides,
        members,
        groups,
        unreal,
        unreal_bits,
    )


def _forms(entry: Any, inflections: Mapping[str, list[str]], place: str) -> Iterator[str]:
    """Yield the folded forms of a lexicon entry: a list of forms, or stems by inflection class."""
    if isinstance(entry, list):
        yield from dict.fromkeys(fold(str(form)) for form in entry)
        return
    if not isinstance(entry, dict):
        raise PatternError(f"{place}: expected a list of forms or a mapping of inflection classes, got {entry!r}")
    for kind, stems in entry.items():
        if kind != "forms" and kind not in inflections:
            raise PatternError(f"{place}: unknown inflection {kind!r}; known: forms, {', '.join(sorted(inflections))}")
        for stem in stems:
            for shape in inflections.get(kind, ["{}"]):
                yield fold(shape.format(stem))
