"""Loading many documents: several processes give what one gives, and what fails can be tried again alone."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from summitgraph import pipeline, workers
from summitgraph.graph import export
from summitgraph.graph.records import Document
from summitgraph.graph.selection import Selection
from summitgraph.graph.store import open_reader
from summitgraph.loaders.documents import Failure
from tests.conftest import OTHER_TEXT, STAMP, TEXT, Run


def many(number: int) -> Iterator[Document | Failure]:
    """Yield *number* documents, each of its own; some are about no summit, one cannot be read, one comes twice."""
    for count in range(number):
        if count == 3:
            yield Failure("broken.txt", "it is empty", "broken.txt")
        if count % 4 == 1:
            yield Document(f"فاز الفريق رقم {count} بالمباراة أمس.", "ar", source=f"{count}.txt", generated_at=STAMP)
        else:
            text = (TEXT if count % 2 else OTHER_TEXT) + f"\nالخبر رقم {count}.\n"
            yield Document(text, "ar", source=f"{count}.txt", generated_at=STAMP)
    yield Document(OTHER_TEXT + "\nالخبر رقم 0.\n", "ar", source="again.txt", generated_at=STAMP)


def exported(store: Path, path: Path) -> bytes:
    snapshot, reader = open_reader(store)
    with snapshot, path.open("wb") as stream:
        export.export(reader, stream, "nquads", Selection())
    return path.read_bytes()


def test_the_store_is_the_same_whatever_the_number_of_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "BATCH", 1500)
    told: dict[int, list[str]] = {1: [], 2: []}
    for number in told:
        summary = pipeline.load(
            many(30),
            tmp_path / str(number),
            workers=number,
            progress=lambda result, number=number: told[number].append(f"{result.source} {result.outcome}"),  # type: ignore[misc]
        )
        assert summary.counts == {"stored": 22, "no summit": 8, "failed": 1, "unchanged": 1}

    assert told[1] == told[2]
    assert told[1][3:5] == ["broken.txt failed", "3.txt stored"]
    assert exported(tmp_path / "1", tmp_path / "1.nq") == exported(tmp_path / "2", tmp_path / "2.nq") != b""


def test_a_batch_of_new_and_known_documents_replaces_only_the_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    pipeline.load(many(6), store)
    first = exported(store, tmp_path / "1.nq")

    monkeypatch.setattr("summitgraph.graph.store._BULK", 1)
    summary = pipeline.load(many(6), store, reload=True)

    assert summary.count("stored") == 4
    assert exported(store, tmp_path / "2.nq") == first


def test_a_process_that_dies_costs_one_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_read_batch", _dies_on_seven)
    monkeypatch.setattr(workers, "BATCH", 300)

    summary = pipeline.load(many(12), tmp_path / "store", workers=2)

    assert [(r.source, r.reason.split(" (")[0]) for r in summary.of("failed")] == [
        ("broken.txt", "it is empty"),
        ("7.txt", "the process that read it ended"),
    ]
    assert summary.count("stored") == 8


def _dies_on_seven(batch: list[Document], *_: object) -> list[workers.Built]:
    if any(document.source == "7.txt" for document in batch):
        os._exit(9)
    return [workers.read(document) for document in batch]


def test_what_failed_is_written_down_and_tried_again_alone(run: Run, tmp_path: Path) -> None:
    lines = [json.dumps({"text": TEXT}), "not json", json.dumps({"text": OTHER_TEXT})]
    (tmp_path / "news.jsonl").write_text("\n".join(lines), "utf-8")
    (tmp_path / "empty.txt").write_text("", "utf-8")

    first = run("load", "news.jsonl", "empty.txt")
    noted = [json.loads(line) for line in (tmp_path / "store" / "failures.jsonl").read_text("utf-8").splitlines()]
    (tmp_path / "empty.txt").write_text(TEXT.replace("10 و11", "9 و10"), "utf-8")
    second = run("load", "--retry-failed")
    lines[1] = json.dumps({"text": OTHER_TEXT.replace("سيول", "بوسان")})
    (tmp_path / "news.jsonl").write_text("\n".join(lines), "utf-8")
    third = run("load", "--retry-failed")
    fourth = run("load", "--retry-failed")

    assert first.returncode == 1
    assert "2 stored" in first.stderr
    assert "--retry-failed" in first.stderr
    assert [(entry["source"], entry["outcome"]) for entry in noted] == [
        ("news.jsonl:2", "failed"),
        ("empty.txt", "failed"),
    ]
    assert "not valid JSON" in noted[0]["reason"]
    assert "1 stored" in second.stderr
    assert "0 unchanged" in second.stderr  # only what failed is read
    assert "1 failed" in second.stderr
    assert third.returncode == 0, third.stderr
    assert "1 stored" in third.stderr
    assert fourth.returncode == 2
    assert "nothing to try again" in fourth.stderr


def test_a_bar_on_a_terminal_shows_documents_characters_facts_and_time_left(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    path.write_text("\n".join(json.dumps({"text": f"{TEXT}{n}"}) for n in range(40)), "utf-8")
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, 160))
    with subprocess.Popen(
        [sys.executable, "-m", "summitgraph", "load", str(path), "--store", str(tmp_path / "s")],
        stderr=follower,
        stdout=subprocess.DEVNULL,
    ) as process:
        os.close(follower)
        shown = b""
        try:
            while chunk := os.read(leader, 65536):
                shown += chunk
        except OSError:  # the other end is closed
            pass
    os.close(leader)

    text = shown.decode()
    assert process.returncode == 0, text
    assert "40/40" in text
    assert "chars/s" in text
    assert "facts/s" in text
    assert "<" in text  # elapsed<remaining
