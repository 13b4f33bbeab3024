"""``summitgraph mcp``: the graph as tools for a language model, over the Model Context Protocol on standard input and output.

One JSON-RPC message a line (protocol 2024-11-05 and later, transport stdio). The tools only read; queries pass the same
guard and run in the same killable processes as over HTTP. Terms of our ontology that the data do not use are named
with what is alike, so that a model can mend its query.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import IO, Any

import summitgraph

from . import catalogue, view
from .describe import BY_CLASS, CLASSES, PROPERTIES
from .engine import Engine, Query, check_store, known_prefixes
from .guard import lex
from .pages import shorten
from .problems import Problem
from .search import Question
from .settings import Settings

VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
MAX_ROWS = 500
MAX_CHARACTERS = 60_000
MAX_LINE = 1_048_576  # characters
_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_STRING = {"type": "string"}
Arguments = Mapping[str, Any]

TOOLS: Sequence[Mapping[str, Any]] = (
    {
        "name": "schema",
        "title": "Schema of the graph",
        "description": "Which classes and properties the data use, how often, between what; and the prefixes. Read it before "
        "writing a query. With 'class' only that class.",
        "inputSchema": {"type": "object", "properties": {"class": {**_STRING, "description": "such as sg:Summit"}}},
    },
    {
        "name": "examples",
        "title": "Example queries",
        "description": "Questions with the SPARQL query that answers each, best matches first. Adapt one instead of writing anew.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "about": {**_STRING, "description": "words of the question, in English, French or Arabic"},
                "limit": {"type": "integer", "minimum": 1, "maximum": 60, "default": 5},
            },
        },
    },
    {
        "name": "query",
        "title": "SPARQL query",
        "description": "Run a read-only SPARQL 1.1 query (SELECT, ASK, CONSTRUCT, DESCRIBE) and get CSV, true/false or Turtle. "
        f"The project's prefixes are known. At most {MAX_ROWS} rows; cite claims with their sg:evidence.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "sparql": _STRING,
                "limit": {"type": "integer", "minimum": 1, "maximum": MAX_ROWS, "default": 100},
                "timeout": {
                    "type": "number",
                    "exclusiveMinimum": 0,
                    "description": "seconds; lowers the server's limit",
                },
            },
            "required": ["sparql"],
        },
    },
    {
        "name": "find",
        "title": "Find an entity by name",
        "description": "Look up people, summits, states, documents … by name or words in English, French or Arabic; gives IRIs.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "words": _STRING,
                "class": {**_STRING, "description": "only of this class, such as sg:Person"},
                "lang": {**_STRING, "description": "ar, en or fr"},
                "limit": {"type": "integer", "minimum": 1, "maximum": 50, "default": 10},
            },
            "required": ["words"],
        },
    },
    {
        "name": "entity",
        "title": "Everything about one entity",
        "description": "All statements with an IRI as subject or object, as Turtle.",
        "inputSchema": {"type": "object", "properties": {"iri": _STRING}, "required": ["iri"]},
    },
)


class ToolError(Exception):
    """A call that gave nothing; the message tells the model what to change."""


class Tools:
    """The tools on one store."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._calls: Mapping[str, Callable[[Arguments], str]] = {
            "schema": self.schema,
            "examples": self.examples,
            "query": self.query,
            "find": self.find,
            "entity": self.entity,
        }

    def call(self, name: str, arguments: Arguments) -> str:
        """Return the text of a tool's answer.

        Raises:
            ToolError: If the tool has no answer.
            KeyError: If there is no such tool.
        """
        run = self._calls[name]
        _check(next(tool for tool in TOOLS if tool["name"] == name)["inputSchema"], arguments)
        try:
            return run(arguments)
        except Problem as problem:
            raise ToolError(f"{problem.detail}\n{problem.hint}".strip()) from problem

    def schema(self, arguments: Arguments) -> str:
        """Return classes, properties and prefixes."""
        wanted = self._iri(str(arguments["class"])) if arguments.get("class") else ""
        lines = [f"PREFIX {name}: <{space}>" for name, space in sorted(known_prefixes().items())] if not wanted else []
        counts = {row["term"]["value"]: row["n"]["value"] for row in self.engine.select(CLASSES)}
        if wanted and wanted not in counts:
            raise ToolError(f"no data are of the class {shorten(wanted)}. {_alike(wanted, counts)}")
        parts: dict[str, list[str]] = {}
        for row in self.engine.select(BY_CLASS):
            told = shorten(row["range"]["value"]) if "range" in row else "?"
            line = f"  {shorten(row['property']['value'])} -> {told} ({row['n']['value']})"
            parts.setdefault(row["class"]["value"], []).append(line)
        for iri in [wanted] if wanted else counts:
            lines += [f"{shorten(iri)}: {counts[iri]} entities", *parts.get(iri, [])]
        return _cut("\n".join(lines))

    def examples(self, arguments: Arguments) -> str:
        """Return example queries, those first that share most words with what is asked about."""
        from .fulltext import words

        about = set(words(str(arguments.get("about", ""))))

        def shared(example: catalogue.Example) -> int:
            return len(about & {word for text in example.comments.values() for word in words(text)})

        chosen = sorted(catalogue.examples(), key=shared, reverse=True)[: int(arguments.get("limit", 5))]
        return _cut("\n\n".join(f"# {item.comment('en')}\n{item.query}" for item in chosen))

    def query(self, arguments: Arguments) -> str:
        """Return the result of a query."""
        text = with_prefixes(str(arguments["sparql"]))
        scan = self.engine.check(text)
        limit = self.engine.settings.deadline_s
        seconds = min(limit, float(arguments.get("timeout", limit)))
        graph = scan.form in ("CONSTRUCT", "DESCRIBE")
        answer = self.engine.answer(Query(text, "turtle" if graph else "csv", unlimited=True), scan, seconds)
        body = (answer.body if answer.file is None else answer.file.read(MAX_CHARACTERS * 4)).decode("utf-8", "ignore")
        if not graph and scan.form != "ASK":
            rows = int(arguments.get("limit", 100))
            body = _first_rows(body, rows)
            if answer.rows is not None and answer.rows > rows:
                body += f"# truncated: the first {rows} of {answer.rows} rows; add LIMIT, or ask for counts\n"
        if answer.rows == 0 and (hint := self._unused(text, scan.prefixes)):
            body += f"# nothing was found. {hint}\n"
        return _cut(body)

    def find(self, arguments: Arguments) -> str:
        """Return entities that match words."""
        lang = str(arguments.get("lang", ""))
        kind = self._iri(str(arguments["class"])) if arguments.get("class") else ""
        question = Question(str(arguments["words"]), lang=lang, type=kind, limit=int(arguments.get("limit", 10)))
        version = self.engine.version()
        hits = self.engine.search.find(version, question)
        if not hits:
            return "nothing was found; try fewer words, another spelling or language, or leave out the class"
        labels = self.engine.search.labels(version, [hit.iri for hit in hits], lang or "en")
        lines = [
            f"<{hit.iri}> {shorten(hit.type) if hit.type else ''} {labels.get(hit.iri, (hit.text, ''))[0]} (score {hit.score})"
            for hit in hits
        ]
        return _cut("\n".join(lines))

    def entity(self, arguments: Arguments) -> str:
        """Return the statements about one entity."""
        iri = self._iri(str(arguments["iri"]))
        query = Query(
            f"CONSTRUCT {{ <{iri}> ?p ?o . ?s ?q <{iri}> }} WHERE {{ {{ <{iri}> ?p ?o }} UNION {{ ?s ?q <{iri}> }} }} LIMIT 1000",
            "turtle",
        )
        answer = self.engine.answer(query, self.engine.check(query.text), self.engine.settings.deadline_s)
        if not answer.size:
            raise ToolError(f"nothing is known about <{iri}>; look for it with the tool find")
        return _cut(
            (answer.body if answer.file is None else answer.file.read(MAX_CHARACTERS * 4)).decode("utf-8", "ignore")
        )

    def _iri(self, name: str) -> str:
        from .engine import iris

        prefix, colon, local = name.partition(":")
        if colon and prefix in known_prefixes() and not local.startswith("//"):
            name = known_prefixes()[prefix] + local
        return iris([name.removeprefix("<").removesuffix(">")])[0]

    def _unused(self, text: str, prefixes: Mapping[str, str]) -> str:
        """Return which terms of our ontology in a query no data use, with what is alike."""
        used = {row["term"]["value"] for query in (CLASSES, PROPERTIES) for row in self.engine.select(query)} | {_TYPE}
        ours, found = known_prefixes()["sg"], []
        for match in lex(text):
            prefix, colon, local = match.group().partition(":")
            iri = match.group()[1:-1] if match.group()[0] == "<" else prefixes.get(prefix, "") + local if colon else ""
            if iri.startswith(ours) and len(iri) > len(ours) and iri not in used:
                found.append(f"No data use {shorten(iri)}. {_alike(iri, used)}")
        return " ".join(dict.fromkeys(found))


def _check(schema: Mapping[str, Any], arguments: Arguments) -> None:
    """Refuse arguments the schema of a tool does not know; raise ToolError."""
    known = schema["properties"]
    kinds: Mapping[str, Any] = {"string": str, "integer": int, "number": (int, float)}
    for name in schema.get("required", ()):
        if name not in arguments:
            raise ToolError(f"the argument {name!r} is missing")
    for name, value in arguments.items():
        if name not in known:
            raise ToolError(f"there is no argument {name!r}; there are: {', '.join(known)}")
        rule = known[name]
        if not isinstance(value, kinds[rule["type"]]) or isinstance(value, bool):
            raise ToolError(f"the argument {name!r} has to be of the type {rule['type']}")
        if not isinstance(value, str) and not rule.get("minimum", 1e-9) <= value <= rule.get("maximum", 1e9):
            raise ToolError(
                f"the argument {name!r} has to be between {rule.get('minimum', 0)} and {rule.get('maximum', 'the limit')}"
            )


def _alike(iri: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(iri, list(known), 3, 0.7)
    return f"Alike: {', '.join(map(shorten, near))}." if near else "The tool schema lists what there is."


def with_prefixes(text: str) -> str:
    """Return *text* with the declarations of the known prefixes it uses and does not declare, on its first line."""
    declared, used = set(), []
    before = ""
    for match in lex(text):
        name, colon, _ = match.group().partition(":")
        if colon and before == "PREFIX":
            declared.add(name)
        elif colon:
            used.append(name)
        before = match.group().upper()
    missing = [name for name in dict.fromkeys(used) if name in known_prefixes() and name not in declared]
    return "".join(f"PREFIX {name}: <{known_prefixes()[name]}> " for name in missing) + text


def _first_rows(body: str, limit: int) -> str:
    """Return the head and the first rows of a CSV result, where a quoted cell may hold line breaks."""
    quoted, left = False, limit + 1
    for place, char in enumerate(body):
        if char == '"':
            quoted = not quoted
        elif char == "\n" and not quoted:
            left -= 1
            if left == 0:
                return body[: place + 1]
    return body


def _cut(text: str) -> str:
    if len(text) <= MAX_CHARACTERS:
        return text
    return f"{text[:MAX_CHARACTERS]}\n# truncated: the first {MAX_CHARACTERS} of {len(text)} characters\n"


class Session:
    """One client: reads messages, gives replies."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools

    def reply(self, line: str) -> dict[str, Any] | None:
        """Return the reply to one line, None where none is due."""
        try:
            message = json.loads(line) if len(line) <= MAX_LINE else None
        except (ValueError, RecursionError):
            return _error(None, -32700, "the line is not JSON")
        if (
            not isinstance(message, dict)
            or message.get("jsonrpc") != "2.0"
            or not isinstance(message.get("method"), str)
        ):
            return (
                None
                if isinstance(message, dict) and "result" in message
                else _error(None, -32600, "no JSON-RPC request")
            )
        number, parameters = message.get("id"), message.get("params") or {}
        if "id" not in message:  # a notification
            return None
        if not isinstance(parameters, dict):
            return _error(number, -32602, "params has to be an object")
        method = message["method"]
        if method == "initialize":
            asked = parameters.get("protocolVersion")
            result: dict[str, Any] = {
                "protocolVersion": asked if asked in VERSIONS else VERSIONS[0],
                "capabilities": {"tools": {"listChanged": False}},
                "serverInfo": {"name": "summitgraph", "title": "SummitGraph", "version": summitgraph.__version__},
                "instructions": "A graph of facts about international summits, each with the words it was read from. "
                "Look at schema and examples, find entities by name, then query.",
            }
        elif method == "ping":
            result = {}
        elif method == "tools/list":
            result = {
                "tools": [{**tool, "annotations": {"readOnlyHint": True, "openWorldHint": False}} for tool in TOOLS]
            }
        elif method == "tools/call":
            return self._call(number, parameters)
        else:
            return _error(number, -32601, f"there is no method {method!r}")
        return {"jsonrpc": "2.0", "id": number, "result": result}

    def _call(self, number: object, parameters: Mapping[str, Any]) -> dict[str, Any]:
        name, arguments = parameters.get("name"), parameters.get("arguments") or {}
        if name not in [tool["name"] for tool in TOOLS] or not isinstance(arguments, dict):
            return _error(number, -32602, f"there is no tool {name!r} with such arguments")
        try:
            text, failed = self.tools.call(str(name), arguments), False
        except ToolError as error:
            text, failed = str(error), True
        result = {"content": [{"type": "text", "text": text}], "isError": failed}
        return {"jsonrpc": "2.0", "id": number, "result": result}


def _error(number: object, code: int, message: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": message}}


def run(settings: Settings, reader: IO[str], writer: IO[str]) -> None:
    """Answer the messages of *reader* until it ends.

    Raises:
        StoreError: If there is no store.
    """
    check_store(settings)
    view.build(settings.store)
    engine = Engine(replace(settings, fronts=1, workers=1, workers_max=2))
    engine.pool.start()
    session = Session(Tools(engine))
    try:
        while line := reader.readline(MAX_LINE + 1):
            if line.strip() and (answer := session.reply(line)) is not None:
                writer.write(json.dumps(answer, ensure_ascii=False) + "\n")
                writer.flush()
    finally:
        engine.pool.close()
