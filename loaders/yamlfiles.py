"""Reading pattern files: YAML whose mappings know the line they begin at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from summitgraph.errors import PatternError


class _Loader(yaml.SafeLoader):
    """Keeps the line of every mapping under ``__line__``."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[object] = set()
        for key, _ in node.value:  # YAML would keep the last of two without a word
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} stands twice", key.start_mark)
            seen.add(key.value)
        mapping = super().construct_mapping(node, deep=deep)
        mapping["__line__"] = node.start_mark.line + 1
        return mapping


# "on", "no", "oui" are words here, not truth values; only true and false are.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, expression) for tag, expression in resolvers if tag != "tag:yaml.org,2002:bool" or first in "tfTF"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(path: Path) -> Any:
    """Return the content of a YAML file, each mapping with its line under ``__line__``.

    Raises:
        PatternError: If the file is not valid; names file and line.
    """
    try:
        content = yaml.load(path.read_text("utf-8"), _Loader)
        return {} if content is None else content
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PatternError(f"{path}:{line}: not valid YAML: {error.problem}") from error
    except OSError as error:
        raise PatternError(f"{path}: cannot be read: {error.strerror}") from error


def strip(value: Any) -> Any:
    """Drop the line marks that only patterns need."""
    if isinstance(value, dict):
        return {key: strip(entry) for key, entry in value.items() if key != "__line__"}
    if isinstance(value, list):
        return [strip(entry) for entry in value]
    return value
