"""The OpenAPI document: ``openapi.yaml``, with this server's address and the classes of the data that are there now."""

from __future__ import annotations

import copy
import json
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

import summitgraph

from .dataset import published
from .describe import CLASSES
from .engine import Engine
from .pages import shorten
from .reply import Reply


@lru_cache(maxsize=1)
def _document() -> dict[str, Any]:
    text = (resources.files("summitgraph.server") / "openapi.yaml").read_text("utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def openapi(engine: Engine, site: str) -> Reply:
    """Return the document as JSON."""
    document = copy.deepcopy(_document())
    number, moment = published(engine.version())
    document["info"]["version"] = summitgraph.__version__
    document["info"]["description"] = f"Snapshot {number} of the data, published {moment:%Y-%m-%d %H:%M:%S} UTC."
    document["servers"] = [{"url": site}]
    classes = [shorten(row["term"]["value"]) for row in engine.select(CLASSES)]
    named = [name for name in classes if name.startswith("sg:")]
    for parameter in document["paths"]["/api/search"]["get"]["parameters"]:
        if parameter["name"] == "type" and named:
            parameter["schema"]["examples"] = named
    body = json.dumps(document, ensure_ascii=False).encode()
    return Reply(
        200, "application/json", body, [("Vary", "Accept-Encoding"), ("Cache-Control", "no-cache")], size=len(body)
    )
