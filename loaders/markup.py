"""Take the text and the metadata out of Markdown, HTML, PDF and DOCX."""

from __future__ import annotations

import io
from typing import Any

import regex

from summitgraph.errors import InputError

_FRONT_MATTER = regex.compile(r"\A---\s*\n(?P<head>(?:[^\n]*\n){1,40}?)---\s*\n")
_CHARSET = regex.compile(rb"""<meta[^>]{0,200}charset=["']?([A-Za-z0-9_-]{2,40})""", regex.IGNORECASE)
_FIELD = regex.compile(r"^(?P<key>[A-Za-z]+)\s*:\s*(?P<value>.*?)\s*$", regex.MULTILINE)


def front_matter(text: str) -> tuple[str, dict[str, Any]]:
    """Return Markdown without its YAML head, and the head's simple fields (title, url, date, language)."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        return text, {}
    fields = {field["key"].lower(): field["value"].strip("\"'") for field in _FIELD.finditer(match["head"])}
    return text[match.end() :], fields


def charset(content: bytes) -> str:
    """Return the encoding an HTML page declares for itself, or ``""``."""
    found = _CHARSET.search(content[:4096])
    return found[1].decode("ascii") if found else ""


def html(text: str) -> tuple[str, dict[str, Any]]:
    """Return the main text of an HTML page, without menus and boilerplate, and its metadata.

    Raises:
        InputError: If no main text is found.
    """
    import trafilatura

    extracted = trafilatura.bare_extraction(
        text,
        include_comments=False,
        include_tables=False,
        with_metadata=True,
        date_extraction_params={"extensive_search": False},
    )
    fields = extracted.as_dict() if extracted is not None and not isinstance(extracted, dict) else extracted or {}
    main = fields.get("text") or ""
    if not main.strip():
        raise InputError("the page has no main text that could be told from its menus; save the article as text")
    language = regex.search(r"<html[^>]*\blang=[\"']?([A-Za-z-]{2,8})", text[:5000])
    metadata = {key: fields.get(key) for key in ("title", "url", "date")}
    if language:
        metadata["language"] = language[1]
    return main, metadata


def office(content: bytes, suffix: str) -> tuple[str, dict[str, Any]]:
    """Return the text of a PDF or DOCX file.

    Raises:
        InputError: If the extra that reads it is not installed, or the file holds no text.
    """
    try:
        if suffix == ".pdf":
            import pypdf

            reader = pypdf.PdfReader(io.BytesIO(content))
            text = "\n\n".join(page.extract_text() or "" for page in reader.pages)
            title = (reader.metadata.title if reader.metadata else None) or ""
        else:
            import docx

            document = docx.Document(io.BytesIO(content))
            text = "\n\n".join(paragraph.text for paragraph in document.paragraphs)
            title = document.core_properties.title or ""
    except ImportError as error:
        raise InputError(f"reading {suffix} needs an extra: pip install 'summitgraph[documents]'") from error
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"the {suffix} file is damaged or protected: {error}") from error
    if not text.strip():
        raise InputError(f"the {suffix} file holds no text (a scan?); run it through OCR first")
    return text, {"title": title}
