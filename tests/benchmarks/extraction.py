"""What reading costs: ``python -m tests.benchmarks.extraction [--corpus PATH] [--only NAMES]``, or ``make bench-extraction CORPUS=PATH``.

Two corpora, because they answer different questions: articles that are all about summits (the development articles, again and again
under other words of a heading), and mixed news, most of it about no summit. PATH is anything ``summitgraph load`` reads, or a folder
of zip archives with JSON arrays of articles (``content``, ``url``), as the public SaudiNewsNet corpus comes; without it the news are
generated: the development articles among four times as many texts about nothing.

Seconds are of processor time, of all threads, so that a busy machine does not change them much; wall time where workers are compared.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from summitgraph import loaders, pipeline
from summitgraph.graph.convert import convert
from summitgraph.graph.link import link
from summitgraph.graph.records import Document
from summitgraph.graph.store import Writer
from summitgraph.loaders import documents
from summitgraph.shapes import gate
from summitgraph.workers import BATCH

HERE = Path(__file__).resolve().parents[1]
SUMMITS = [str(Path(loaders.__file__).parent / "samples"), str(HERE / "gold" / "dev")]


def summit_articles(number: int) -> Iterator[Document]:
    """Yield *number* articles about summits, no two the same."""
    found = [d for d in documents.read(SUMMITS) if isinstance(d, Document)]
    for count in range(number):
        article = found[count % len(found)]
        yield replace(article, text=f"{article.text}\n\n{count}\n", source=f"{count}-{article.source}")


def news(corpus: str | None, limit: int | None = None) -> Iterator[Document]:
    """Yield the articles of the corpus, or generated ones."""
    found = _stored(Path(corpus)) if corpus else _generated(limit or 5000)
    return islice(found, limit) if limit else found


def _stored(path: Path) -> Iterator[Document]:
    archives = sorted(path.glob("*.zip")) if path.is_dir() else []
    if not archives:
        yield from (d for d in documents.read([str(path)]) if isinstance(d, Document))
        return
    for file in archives:
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                for entry in json.loads(archive.read(name)):
                    if entry["content"].strip():
                        yield Document(entry["content"], "ar", title=entry["title"], source=entry["url"])


def _generated(number: int) -> Iterator[Document]:
    plain = {
        "ar": "أعلنت البلدية اليوم افتتاح حديقة جديدة في وسط المدينة، وقال مديرها إن العمل استغرق 14 شهرا بكلفة 3 ملايين دولار. ",
        "en": "The council opened a new park on Monday, and its director said the work had taken 14 months and cost 3 million dollars. ",
        "fr": "La ville a ouvert lundi un nouveau parc, et son directeur parle de 14 mois de travaux et de 3 millions d'euros. ",
    }
    articles = summit_articles(number)
    for count in range(number):
        if count % 5 == 0:
            yield next(articles)
        else:
            code = ("ar", "en", "fr")[count % 3]
            yield Document(plain[code] * 18 + str(count), code, source=f"park-{count}.txt")


def stages(articles: Iterable[Document], store: Path) -> dict[str, float]:
    """Return processor seconds of each stage, characters, facts and quads, over *articles*, one after the other."""
    spent = dict.fromkeys(("extract", "link", "convert", "validate", "store"), 0.0)
    total = {"characters": 0, "documents": 0, "with a summit": 0, "facts": 0, "quads": 0}
    loaders.warm()
    gate.compiled()
    for document in summit_articles(20):  # compiles the expressions that are needed: what a process does once
        loaders.extract(document)
    gc.freeze()  # as a load does
    gc.disable()
    with Writer(store) as writer:
        waiting: dict[str, bytes] = {}
        read = 0
        for document in articles:
            clock = [time.process_time()]
            extraction = loaders.extract(document)
            clock.append(time.process_time())
            spent["extract"] += clock[1] - clock[0]
            total["documents"] += 1
            total["characters"] += len(document.text)
            if not extraction.entities:
                continue
            links = link(extraction)
            clock.append(time.process_time())
            quads = convert(extraction, links, loaders.version())
            clock.append(time.process_time())
            assert gate.check(quads).conforms, document.source
            clock.append(time.process_time())
            waiting[document.id] = pipeline.serialized(quads)
            read += len(document.text)
            if read > BATCH:  # as a load does
                writer.add_all(waiting)
                waiting, read = {}, 0
            clock.append(time.process_time())
            for name, start, end in zip(list(spent)[1:], clock[1:], clock[2:], strict=False):
                spent[name] += end - start
            total["with a summit"] += 1
            total["facts"] += len(extraction.facts)
            total["quads"] += len(quads)
        start = time.process_time()
        writer.add_all(waiting)
        spent["store"] += time.process_time() - start
    return {**spent, **total}


def start_up() -> dict[str, float]:
    """Return the processor seconds that a process needs before its first article, and for the first articles beyond the usual."""
    start = time.process_time()
    loaders.warm()
    gate.compiled()
    warm = time.process_time()
    for _ in range(2):
        begun = time.process_time()
        for document in summit_articles(20):
            loaders.extract(document)
        usual = time.process_time() - begun
    return {"load": warm - start, "compile": time.process_time() - warm - 2 * usual}


def whole(articles: Iterable[Document], store: Path, workers: int) -> dict[str, float]:
    """Return the wall seconds of a load, as the command line does it, and peak memory in MB."""
    start = time.perf_counter()
    summary = pipeline.load(articles, store, workers=workers)
    return {
        "wall": time.perf_counter() - start,
        "documents": sum(summary.counts.values()),
        "failed": summary.count("failed"),
        "rejected": summary.count("rejected"),
        "stored": summary.count("stored"),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def task(name: str, arguments: argparse.Namespace, store: Path) -> dict[str, float]:
    """Run one measurement in this process."""
    kind, _, number = name.partition(":")
    if kind == "start-up":
        return start_up()
    if kind == "stages-summits":
        return stages(summit_articles(int(number)), store)
    if kind == "stages-news":
        return stages(news(arguments.corpus, int(number) or None), store)
    if kind == "load-summits":
        return whole(summit_articles(int(number)), store, arguments.workers)
    return whole(news(arguments.corpus, int(number) or None), store, arguments.workers)


def measure(name: str, arguments: argparse.Namespace, workers: int = 1) -> dict[str, float]:
    """Run one measurement in a process of its own, so that its memory is its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.benchmarks.extraction", "--task", name, "--store", f"{folder}/store"]
        command += ["--workers", str(workers), *(["--corpus", arguments.corpus] if arguments.corpus else [])]
        return dict(json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout))


def main() -> None:
    """Measure and print tables in Markdown, or run one task for the process that measures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", help="mixed news: what summitgraph load reads, or a folder of zip archives")
    parser.add_argument("--summits", type=int, default=150, help="articles about summits (default 150)")
    parser.add_argument("--news", type=int, default=0, help="articles of the corpus (default all)")
    parser.add_argument("--only", default="stages,memory,workers", help="of stages, memory, workers")
    parser.add_argument("--task")
    parser.add_argument("--store", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    if given.task:
        print(json.dumps(task(given.task, given, given.store)))
        return
    only = given.only.split(",")
    begun = measure("start-up", given)
    print(
        f"Once in the life of a process: {begun['load']:.1f} s for languages, names and shapes, {begun['compile']:.1f} s to compile "
        "expressions as they are first needed.\n"
    )
    if "stages" in only:
        print("Processor time on one core, µs a character:\n")
        print(
            "| corpus | articles | with a summit | characters | extract | link | convert | validate | store "
            "| **extraction, chars/s** | **end to end, chars/s** | facts/s |"
        )
        print("| --- |" + " ---: |" * 11)
        for label, name in (
            ("summits", f"stages-summits:{given.summits}"),
            ("summits, twice as many", f"stages-summits:{2 * given.summits}"),
            ("mixed news", f"stages-news:{given.news}"),
        ):
            _stages_row(label, measure(name, given))
    if "memory" in only:
        print(
            "\nMemory of a load (one process):\n\n| articles | stored | failed | rejected | peak MB |\n| ---: | ---: | ---: | ---: | ---: |"
        )
        size = given.news or 30_000
        for number in (size // 4, size // 2, size):
            found = measure(f"load-news:{number}", given)
            print(
                "| "
                + " | ".join(f"{found[k]:,.0f}" for k in ("documents", "stored", "failed", "rejected", "memory"))
                + " |",
                flush=True,
            )
    if "workers" in only:
        print("\nA load, wall seconds:\n\n| corpus | one worker | two workers | ratio |")
        print("| --- | ---: | ---: | ---: |")
        for label, name in (
            ("summits", f"load-summits:{8 * given.summits}"),
            ("mixed news", f"load-news:{given.news or 12_000}"),
        ):
            one, two = measure(name, given), measure(name, given, 2)
            ratio = one["wall"] / two["wall"]
            print(f"| {label} | {one['wall']:.1f} | {two['wall']:.1f} | {ratio:.2f} |", flush=True)
    print(f"\n{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}")


def _stages_row(label: str, found: dict[str, float]) -> None:
    size = found["characters"]
    names = ("extract", "link", "convert", "validate", "store")
    each = " | ".join(f"{found[name] / size * 1e6:.2f}" for name in names)
    total = sum(found[name] for name in names)
    print(
        f"| {label} | {found['documents']:,} | {found['with a summit']:,} | {size:,} | {each} "
        f"| {size / found['extract']:,.0f} | {size / total:,.0f} | {found['facts'] / total:,.0f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
