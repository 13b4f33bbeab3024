"""Every limit and switch of the server, in one frozen record read from the environment once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from summitgraph.errors import InputError

PREFIX = "SUMMITGRAPH_"


@dataclass(frozen=True, slots=True)
class Settings:
    """What an administrator may set; each field is the variable ``SUMMITGRAPH_<FIELD>`` in capitals.

    Times are in seconds, sizes in bytes unless the name says otherwise.
    """

    store: Path = Path("data/store")
    base_iri: str = "https://w3id.org/summitgraph/"
    fronts: int = max(1, min(4, (os.cpu_count() or 1) // 2))  # HTTP processes; query processes take the other half
    workers: int = 4  # query processes kept ready, over all fronts
    workers_max: int = 12  # query processes at most, over all fronts
    queue: int = 64  # requests that may wait for a query process, over all fronts
    queue_wait_s: float = 5.0
    deadline_s: float = 10.0
    memory_mb: int = 1024  # address space a query may use beyond an idle worker's
    max_query_bytes: int = 65_536
    max_body_bytes: int = 16_777_216
    max_result_bytes: int = 2_147_483_648
    max_rows: int = 0  # rows of a SELECT; more are cut, and the reply says so; 0 sets no limit
    html_rows: int = 1000
    cache_mb: int = 64  # results kept by each front
    cors: str = "*"  # "*", "" for none, or origins divided by spaces; never with credentials
    rate: float = 0.0  # requests per second and client; 0 sets no limit
    burst: int = 50
    concurrent: int = 32  # requests one client may have under way in one front; 0 sets no limit
    token: str = ""  # for development; use token_file otherwise
    token_file: Path | None = None  # lines "<sha256 of the token> <scope>[,<scope>]"
    update_deadline_s: float = 60.0
    query_log: Path | None = None  # JSON lines
    services: str = (
        ""  # endpoints SERVICE may ask: addresses divided by spaces; one that ends in / allows what is below it
    )
    wikidata: bool = False  # SERVICE may ask Wikidata's endpoint
    load_from: str = ""  # addresses LOAD may fetch, written like services
    private_networks: str = ""  # hosts and networks (10.1.0.0/16) SERVICE and LOAD may reach though they are not public
    remote_timeout_s: float = 8.0  # for one request of SERVICE or LOAD; the deadline of the query holds as well
    remote_max_bytes: int = 8_388_608
    trust_proxy: bool = False  # take the client's address from the last X-Forwarded-For

    @property
    def endpoint(self) -> str:
        """Return the IRI that stands for the service where no request tells the host."""
        return self.base_iri + "sparql"


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of *environment* (the process's own by default).

    Raises:
        InputError: If a variable is set to something that cannot be its value.
    """
    environment = os.environ if environment is None else environment
    values: dict[str, object] = {}
    for field in fields(Settings):
        name = PREFIX + field.name.upper()
        if (text := environment.get(name)) is not None:
            values[field.name] = _convert(name, str(field.type), text)
    if base := str(values.get("base_iri", "")):
        values["base_iri"] = base.rstrip("/") + "/"
    else:
        values.pop("base_iri", None)
    return Settings(**values)  # type: ignore[arg-type]


def _convert(name: str, kind: str, text: str) -> object:
    try:
        if kind == "bool":
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}[
                text.lower()
            ]
        if kind.startswith("Path"):
            return Path(text) if text else None
        number = {"int": int, "float": float}.get(kind)
        if number is None:
            return text
        value = number(text)
        if value < 0:
            raise ValueError(text)
    except (KeyError, ValueError) as error:
        raise InputError(f"{name} is {text!r}, but has to be a value of type {kind}, not below zero") from error
    return value
