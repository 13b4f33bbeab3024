"""The text of templates: how their literal parts are folded, and what stands for a word class."""

from __future__ import annotations

import regex

from .normalise import fold

MACRO = regex.compile(r"@(?P<name>[a-z]\w*)")


def alternatives(forms: tuple[str, ...]) -> str:
    """Return word forms as one non-capturing group, the longest first."""
    ordered = sorted(set(forms), key=lambda form: (-len(form), form))
    return "(?:" + "|".join(regex.escape(form, special_only=True).replace(r"\ ", " ") for form in ordered) + ")"


def fold_template(template: str) -> str:
    """Fold the literal parts of a regular expression and leave escapes, slots and macros as they are."""
    parts = regex.split(r"(\\p\{\w+\}|\\.|\{[a-z_]\w*:[^}]*\}|\(\?[<P=!:a-zA-Z]*|\\L<\w+>)", template)
    return "".join(part if index % 2 else fold(part) for index, part in enumerate(parts))
