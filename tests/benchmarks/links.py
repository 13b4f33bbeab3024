"""What links cost: a million reference names loaded, a dump imported, and the share of linking in a load.

``make bench-links`` runs all three; each figure stands beside its goal. ``python -m tests.benchmarks.links names`` runs one.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from summitgraph.graph import reference, reference_import

NAMES = 1_000_000
ENTITIES = 100_000
_SYLLABLES = [
    "ba",
    "de",
    "ki",
    "lo",
    "mu",
    "na",
    "pe",
    "ri",
    "so",
    "tu",
    "va",
    "we",
    "xi",
    "yo",
    "za",
    "che",
    "sha",
    "tho",
    "gra",
    "plo",
]
_ARABIC = ["با", "دي", "كي", "لو", "مو", "نا", "في", "ري", "سو", "تو", "وا", "شي", "زا", "غي", "هو", "قا", "طي", "صو"]


def _word(random: random.Random, syllables: list[str]) -> str:
    return "".join(random.choice(syllables) for _ in range(random.randint(2, 4)))


def _name(random: random.Random, syllables: list[str]) -> str:
    return " ".join(_word(random, syllables).capitalize() for _ in range(random.randint(2, 3)))


def make_table(folder: Path, names: int) -> None:
    """Write a table of *names* names: four of each row, in two scripts."""
    generator = random.Random(7)
    with (folder / "wikidata.csv").open("w", encoding="utf-8") as stream:
        stream.write(",".join(reference.COLUMNS) + "\n")
        for number in range(names // 4):
            english, arabic = _name(generator, _SYLLABLES), _name(generator, _ARABIC)
            alias = _name(generator, _SYLLABLES)
            stream.write(f"Q{900_000_000 + number},Person,{english},{arabic},{english}e,{alias},,,Q142,benchmark\n")


def names() -> None:
    """Load a million names, with a process of its own so that its memory can be told."""
    with tempfile.TemporaryDirectory() as folder:
        make_table(Path(folder), NAMES)
        script = (
            "import resource, time; from summitgraph.graph import names, reference;"
            "began = time.perf_counter(); table = reference.load(); read = time.perf_counter(); index = names.index();"
            "done = time.perf_counter();"
            "look = time.perf_counter(); [index.resembling(name, 'Person') for name in ['emanuel macron', 'bakide lomuna']];"
            "look = (time.perf_counter() - look) / 2;"
            "print(len(table.rows), read - began, done - began, time.process_time(), look);"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        environment = {**os.environ, "SUMMITGRAPH_REFERENCE": folder}
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment
        )
    rows, read, whole, cpu, look, memory = map(float, done.stdout.split())
    _tell(
        f"{NAMES:,} names in {rows:,.0f} rows",
        f"{whole:.1f} s, {cpu:.1f} of them CPU (reading {read:.1f})",
        "under 20 s",
        whole < 20,
    )
    _tell("their memory", f"{memory / 1_048_576:.2f} GiB", "under 1.5 GB", memory * 1024 < 1.5e9)
    _tell("a name that resembles one", f"{look * 1000:.2f} ms", "", True)


def _entity(number: int, generator: random.Random) -> dict[str, object]:
    """Return an entity as large as those of a dump are on average (some 8 kB): labels in many languages, claims, sitelinks."""
    kind = "Q5" if number % 10 < 3 else "Q13442814"
    languages = [*reference.LANGUAGES, *(f"l{n}" for n in range(25))]

    def claim(prop: str, qid: str) -> dict[str, object]:
        value = {"entity-type": "item", "numeric-id": int(qid[1:]), "id": qid}
        snak = {"snaktype": "value", "property": prop, "datavalue": {"value": value, "type": "wikibase-entityid"}}
        return {"mainsnak": snak, "type": "statement", "id": f"Q{number}$x", "rank": "normal"}

    name = _name(generator, _SYLLABLES)
    return {
        "type": "item",
        "id": f"Q{900_000_000 + number}",
        "labels": {lang: {"language": lang, "value": name} for lang in languages},
        "descriptions": {lang: {"language": lang, "value": f"{name} of somewhere"} for lang in languages},
        "aliases": {"en": [{"language": "en", "value": _name(generator, _SYLLABLES)}]},
        "claims": {
            "P31": [claim("P31", kind)],
            "P27": [claim("P27", "Q142")],
            **{f"P{n}": [claim(f"P{n}", "Q1")] for n in range(100, 112)},
        },
        "sitelinks": {f"{lang}wiki": {"site": f"{lang}wiki", "title": name, "badges": []} for lang in languages},
        "lastrevid": number,
    }


def dump() -> None:
    """Import a dump of a hundred thousand entities, plain and packed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dump.json"
        generator = random.Random(7)
        with path.open("w", encoding="utf-8") as stream:
            stream.write("[\n")
            for number in range(ENTITIES):
                stream.write(json.dumps(_entity(number, generator), separators=(",", ":"), ensure_ascii=False) + ",\n")
            stream.write("]\n")
        size = path.stat().st_size / ENTITIES
        subprocess.run(["gzip", "-k", "-1", str(path)], check=True)
        subprocess.run(["bzip2", "-k", "-1", str(path)], check=True)
        for ending in ("", ".gz", ".bz2"):
            began = time.perf_counter()
            done = reference_import.load(path.with_name(path.name + ending), Path(folder) / f"t{ending}")
            rate = done.read / (time.perf_counter() - began) * 60
            _tell(
                f"dump.json{ending}, {size:,.0f} bytes an entity",
                f"{rate:,.0f} entities a minute",
                "100,000",
                rate >= 100_000,
            )
    _tell("memory of all of it", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB", "", True)


def share() -> None:
    """Measure how much of building the graphs of the sample articles linking is."""
    from summitgraph import loaders
    from summitgraph.graph import link
    from summitgraph.graph.convert import convert
    from summitgraph.graph.records import Document
    from summitgraph.loaders import documents
    from summitgraph.shapes import gate
    from tests.gold.corpus import SAMPLES

    texts = [found for found in documents.read([str(SAMPLES)]) if isinstance(found, Document)]
    spent = {"read": 0.0, "link": 0.0, "convert": 0.0, "gate": 0.0}

    for times in (1, 3):  # the first round loads what every text needs
        spent = dict.fromkeys(spent, 0.0)
        for text in texts * times:
            marks = [time.perf_counter()]
            extraction = loaders.extract(text)
            marks.append(time.perf_counter())
            links = link.link(extraction)
            marks.append(time.perf_counter())
            quads = convert(extraction, links, "benchmark")
            marks.append(time.perf_counter())
            gate.check(quads)
            marks.append(time.perf_counter())
            for name, begin, end in zip(spent, marks, marks[1:], strict=False):
                spent[name] += end - begin
    part = spent["link"] / sum(spent.values())
    _tell(
        "linking in a load",
        f"{part:.1%} ({spent['link'] / len(texts) / 3 * 1000:.1f} ms a text)",
        "under 15 %",
        part < 0.15,
    )


def _tell(what: str, figure: str, goal: str, good: bool) -> None:
    print(f"{what:<48}{figure:<46}{'goal: ' + goal if goal else '':<20}{'' if good else 'MISSED'}".rstrip(), flush=True)


if __name__ == "__main__":
    wanted = sys.argv[1:] or ["names", "dump", "share"]
    for name in wanted:
        {"names": names, "dump": dump, "share": share}[name]()
