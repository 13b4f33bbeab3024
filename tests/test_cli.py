"""The command line as users meet it: results on standard output, one clear sentence for each mistake, the right exit code."""

from __future__ import annotations

import gzip
import json
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from summitgraph.cli import main
from summitgraph.graph.store import Writer, current_version
from tests.conftest import OTHER_TEXT, TEXT, Run


def test_a_text_becomes_an_answered_query(run: Run, article: Path) -> None:
    loaded = run("load", str(article))
    answered = run(
        "query", "--format", "csv", 'SELECT ?n { ?s sg:chairedBy/rdfs:label ?n FILTER(lang(?n) = "en") } ORDER BY ?n'
    )

    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout == ""
    assert "1 stored" in loaded.stderr
    assert answered.stdout.split() == ["n", "Emmanuel", "Macron", "Narendra", "Modi"]


def test_loading_twice_changes_nothing_and_exports_are_byte_identical(run: Run, article: Path, tmp_path: Path) -> None:
    run("load", str(article))
    first = run("export", "--format", "trig").stdout
    again = run("load", str(article))
    other = run("load", str(article), "--store", str(tmp_path / "other"))

    assert "1 unchanged" in again.stderr
    assert other.returncode == 0
    assert run("export", "--format", "trig").stdout == first != ""
    assert run("export", "--format", "trig", "--store", str(tmp_path / "other")).stdout == first


def test_no_progress_bar_in_a_pipe(run: Run, article: Path) -> None:
    assert "%|" not in run("load", str(article)).stderr


@pytest.mark.parametrize(
    ("make", "message", "code"),
    [
        (lambda p: p / "missing.txt", r"no such file or folder", 2),
        (lambda p: _dir(p / "folder"), r"holds no article", 2),
        (lambda p: _file(p / "empty.txt", b""), r"it is empty", 2),
        (lambda p: _file(p / "blank.txt", b" \n\n "), r"it is empty", 2),
        (lambda p: _file(p / "latin.txt", "قمة باريس".encode("cp1256")), r"not UTF-8 .*iconv", 2),
        (lambda p: _file(p / "binary.txt", bytes(range(256)) * 20), r"it is binary", 2),
        (lambda p: _file(p / "huge.txt", b"a " * 25_000_000), r"50 MB.*Split it", 2),
        (lambda p: _file(p / "none.txt", "فاز الفريق بالمباراة أمس بعد شوط طويل.".encode()), r"names no summit", 2),
        (lambda p: _file(p / "bad.jsonl", b'{"text": 3}\nnot json\n'), r"bad\.jsonl:1.*\n.*bad\.jsonl:2", 2),
        (lambda p: _file(p / "bad.zip", b"not a zip"), r"cannot be read", 2),
        (lambda p: _file(p / "bad.pdf", b"%PDF-1.4 nothing"), r"\.pdf", 2),
    ],
)
def test_bad_input_gets_one_clear_sentence_and_the_store_is_as_it_was(
    run: Run, tmp_path: Path, article: Path, make: Callable[[Path], Path], message: str, code: int
) -> None:
    run("load", str(article))
    before = run("export", "--format", "nquads").stdout

    failed = run("load", str(make(tmp_path)))

    assert failed.returncode == code, failed.stderr
    assert re.search(message, failed.stderr), failed.stderr
    assert "Traceback" not in failed.stderr
    assert run("export", "--format", "nquads").stdout == before


def test_one_bad_article_does_not_stop_the_others(run: Run, tmp_path: Path) -> None:
    folder = _dir(tmp_path / "mixed")
    _file(folder / "a.txt", TEXT.encode())
    _file(folder / "b.txt", b"\xff\xfa broken")
    _file(folder / "c.txt", OTHER_TEXT.encode())

    result = run("load", str(folder))

    assert "2 stored" in result.stderr
    assert "1 failed" in result.stderr
    assert "b.txt" in result.stderr
    assert result.returncode == 1


def test_packed_files_and_json_lines_are_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(TEXT.encode()))
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("inside/b.txt", OTHER_TEXT)
    line = {
        "text": TEXT.replace("2025", "2024"),
        "title": "ثالث",
        "url": "https://example.org/3",
        "date": "2024-02-11",
        "language": "ar",
    }
    (tmp_path / "c.jsonl").write_text(json.dumps(line) + "\n", "utf-8")

    result = run("load", str(tmp_path / "a.txt.gz"), str(tmp_path / "b.zip"), str(tmp_path / "c.jsonl"))

    assert "3 stored" in result.stderr, result.stderr
    assert "https://example.org/3" in run("stats", "--documents").stdout


def test_standard_input_is_an_article(run: Run) -> None:
    assert "1 stored" in run("load", "-", input=TEXT).stderr


def test_a_locked_store_is_named(run: Run, article: Path, tmp_path: Path) -> None:
    with Writer(tmp_path / "store"):
        failed = run("load", str(article))

    assert failed.returncode == 2
    assert "another process is writing" in failed.stderr


@pytest.mark.parametrize(
    "arguments", [("query", "SELECT *"), ("stats",), ("export",), ("validate",), ("conflicts",), ("link",), ("serve",)]
)
def test_without_a_store_the_user_is_told_how_to_make_one(run: Run, arguments: tuple[str, ...]) -> None:
    failed = run(*arguments)

    assert failed.returncode == 2
    assert "summitgraph load" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_a_query_with_a_mistake_says_where(run: Run, article: Path) -> None:
    run("load", str(article))

    failed = run("query", "SELECT ?x { ?x sg:chairedBy }")

    assert failed.returncode == 2
    assert re.search(r"not valid SPARQL: error at 1:\d+", failed.stderr)


def test_unload_removes_a_document_without_trace(run: Run, article: Path, tmp_path: Path) -> None:
    other = _file(tmp_path / "other.txt", OTHER_TEXT.encode())
    run("load", str(article))
    before = run("export", "--all", "--format", "nquads").stdout
    run("load", str(other))

    assert run("unload", str(other)).returncode == 0
    assert run("export", "--all", "--format", "nquads").stdout == before
    assert run("unload", "0123456789abcdef").returncode == 2


def test_a_document_that_does_not_conform_is_not_stored(run: Run, tmp_path: Path, article: Path) -> None:
    """A summit that ends before it starts: the gate refuses it, naming shape, node and words."""
    broken = _file(
        tmp_path / "broken.txt", TEXT.replace("10 و11 فبراير 2025", "11 فبراير 2025 إلى 10 فبراير 2025").encode()
    )
    run("load", str(article))
    before = run("export", "--format", "nquads").stdout

    failed = run("load", str(broken), "--lang", "fr")

    if "rejected" not in failed.stderr or "1 rejected" not in failed.stderr:
        pytest.fail(f"the range was not read as it stands: {failed.stderr}")
    assert failed.returncode == 1
    assert "sgsh:EventDates" in failed.stderr
    assert "فبراير" in failed.stderr
    assert run("export", "--format", "nquads").stdout == before


def test_an_export_that_cannot_be_written_leaves_no_half_file(run: Run, article: Path, tmp_path: Path) -> None:
    run("load", str(article))

    failed = run("export", "--output", str(tmp_path / "no" / "folder.trig"))

    assert failed.returncode == 2
    assert "cannot be written" in failed.stderr
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_shows_examples(run: Run, name: str) -> None:
    shown = run(name, "--help")

    assert shown.returncode == 0
    assert "Example" in shown.stdout
    assert f"summitgraph {name}" in shown.stdout


def test_wrong_usage_exits_with_2(run: Run) -> None:
    assert run("load").returncode == 2
    assert run("nonsense").returncode == 2


def test_nothing_is_published_by_a_command_that_only_reads(run: Run, article: Path, tmp_path: Path) -> None:
    run("load", str(article))
    version = current_version(tmp_path / "store")
    for command in (("stats",), ("query", "ASK {}"), ("export",), ("validate",), ("conflicts",), ("link",)):
        assert run(*command).returncode == 0

    assert current_version(tmp_path / "store") == version


def _file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    os.utime(path, (1_740_000_000, 1_740_000_000))
    return path


def _dir(path: Path) -> Path:
    path.mkdir()
    return path
