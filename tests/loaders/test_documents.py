"""Every kind of input gives the article as it is, and evidence that reads back; what is wrong is named in one sentence."""

from __future__ import annotations

import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import docx
import pytest

from summitgraph.graph.records import Document
from summitgraph.loaders import documents, extract
from summitgraph.loaders.documents import Failure

BODY = (
    "The AI Seoul Summit was held in Seoul, South Korea, on 21 and 22 May 2024. "
    "It was chaired by South Korean President Yoon Suk Yeol and British Prime Minister Rishi Sunak.\n\n"
    "Sixteen companies signed the Seoul Declaration. Ministers from 27 countries agreed to work together on safety."
)
HTML = (
    "<!doctype html><html lang='en'><head><title>Seoul closes</title><meta property='og:url' content='https://example.org/seoul'/>"
    "<meta property='article:published_time' content='2024-05-23T08:00:00Z'/></head><body>"
    "<nav><a href='/'>Home</a> <a href='/w'>World</a></nav>"
    + "<article><h1>Seoul closes</h1>"
    + "".join(f"<p>{paragraph}</p>" for paragraph in BODY.split("\n\n"))
    + "</article><footer>Cookie settings. All rights reserved.</footer></body></html>"
)
LINE = json.dumps(
    {"text": BODY, "title": "Seoul closes", "url": "https://example.org/s", "date": "2024-05-23", "language": "en"}
)


def pdf(text: str) -> bytes:
    """Return a PDF of one page that shows *text*, line by line, written by hand."""
    shown = "".join(f"({line.replace('(', '[').replace(')', ']')}) Tj T* " for line in _wrapped(text))
    stream = f"BT /F1 11 Tf 50 780 Td 14 TL {shown}ET".encode("latin-1")
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = io.BytesIO(b"%PDF-1.4\n")
    out.seek(0, io.SEEK_END)
    places = []
    for number, part in enumerate(parts, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, part))
    start = out.tell()
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    out.write(b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(parts) + 1, rows))
    out.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(parts) + 1, start))
    return out.getvalue()


def _wrapped(text: str) -> list[str]:
    return [line for paragraph in text.split("\n") for line in (paragraph[:75], paragraph[75:]) if line]


def word(text: str) -> bytes:
    """Return a DOCX file with the paragraphs of *text*."""
    written = docx.Document()
    for paragraph in text.split("\n\n"):
        written.add_paragraph(paragraph)
    out = io.BytesIO()
    written.save(out)
    return out.getvalue()


def zipped(**members: bytes) -> bytes:
    """Return a zip archive; names as keywords, ``__`` for a dot."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr("inside/" + name.replace("__", "."), content)
    return out.getvalue()


KINDS: dict[str, bytes] = {
    "a.txt": BODY.encode(),
    "a16.txt": BODY.encode("utf-16"),
    "bom.txt": b"\xef\xbb\xbf" + BODY.encode(),
    "a.md": f"---\ntitle: Seoul closes\ndate: 2024-05-23\n---\n# Seoul\n\n{BODY}".encode(),
    "a.html": HTML.encode(),
    "windows.html": HTML.replace("<head>", "<head><meta charset='windows-1252'>")
    .replace("closes", "closes – é")
    .encode("cp1252"),
    "a.pdf": pdf(BODY),
    "a.docx": word(BODY),
    "a.jsonl": f"{LINE}\n".encode(),
    "a.txt.gz": gzip.compress(BODY.encode()),
    "a.jsonl.gz": gzip.compress(LINE.encode()),
    "a.zip": zipped(a__txt=BODY.encode()),
    "b.zip": zipped(a__jsonl=LINE.encode()),
}


def only(path: Path) -> Document:
    found = list(documents.read([str(path)]))
    assert len(found) == 1
    assert isinstance(found[0], Document), found
    return found[0]


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_gives_the_same_facts_and_evidence_that_reads_back(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(KINDS[name])

    document = only(path)
    extraction = extract(document)

    assert document.language == "en"
    chairs = [fact for fact in extraction.facts if fact.kind == "chairedBy"]
    assert len(chairs) == 2
    for fact in extraction.facts:
        for span in fact.evidence:
            assert document.text[span.start : span.end].strip()
    words = [document.text[fact.evidence[0].start : fact.evidence[0].end] for fact in chairs]
    assert all("chaired by" in " ".join(found.split()) for found in words)
    for entity in extraction.entities:
        for shown in entity.names:
            assert document.text[shown.span.start : shown.span.end] == shown.text
    assert list(documents.again([document.origin])) == [document]
    assert documents.count([str(path)]) == 1


def test_metadata_are_taken_over(tmp_path: Path) -> None:
    for name, source in (
        ("a.html", "https://example.org/seoul"),
        ("a.jsonl", "https://example.org/s"),
        ("a.md", "a.md"),
    ):
        path = tmp_path / name
        path.write_bytes(KINDS[name])
        document = only(path)
        assert (document.title, document.published, document.source) == ("Seoul closes", date(2024, 5, 23), source)


def test_menus_and_boilerplate_of_a_page_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(KINDS["a.html"])

    assert "Cookie" not in only(tmp_path / "a.html").text
    assert "World" not in only(tmp_path / "a.html").text


@pytest.mark.parametrize(
    ("declared", "expected"),
    [("en-GB", "en-GB"), ("ar", "en"), ("English", "en"), ("", "en"), ("sw", "sw"), ("en_US", "en-US")],
)
def test_a_declared_language_holds_unless_it_is_plainly_wrong(tmp_path: Path, declared: str, expected: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": BODY, "language": declared}), "utf-8")

    assert only(path).language == expected


def test_a_folder_is_searched_through_and_counted(tmp_path: Path) -> None:
    for name in ("a.txt", "a.jsonl", "a.zip"):
        (tmp_path / "deep" / "er").mkdir(parents=True, exist_ok=True)
        (tmp_path / "deep" / "er" / name).write_bytes(KINDS[name])
    (tmp_path / "deep" / "b.jsonl").write_text(f"{LINE}\n\n{LINE}\nnot json\n", "utf-8")
    (tmp_path / "README.md").write_text("no article", "utf-8")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")

    found = list(documents.read([str(tmp_path)]))

    assert len(found) == documents.count([str(tmp_path)]) == 6
    assert [item.origin.rsplit(":", 1)[1] for item in found if isinstance(item, Failure)] == ["4"]


@pytest.mark.parametrize("name", ["a.txt", "a.html", "a.pdf", "a.docx", "a.jsonl", "a.txt.gz"])
def test_standard_input_may_be_any_kind(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(KINDS[name])))

    (found,) = documents.read(["-"])

    assert isinstance(found, Document), found
    assert "chaired by" in " ".join(found.text.split())


def bomb() -> bytes:
    return zipped(a__txt=b" " * (documents.MAX_BYTES + 1))


def encrypted() -> bytes:
    content = bytearray(zipped(a__txt=BODY.encode()))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):  # the flag that says: encrypted
        content[content.index(mark) + (6 if mark == b"PK\x03\x04" else 8)] |= 1
    return bytes(content)


def corrupt() -> bytes:
    content = bytearray(zipped(a__txt=BODY.encode() * 20))
    content[60] ^= 0xFF
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.zip", bomb, r"20 MB"),
        ("a.zip", encrypted, r"cannot be unpacked: .*encrypted"),
        ("a.zip", corrupt, r"cannot be unpacked"),
        ("a.zip", lambda: b"PK not a zip", r"cannot be read"),
        ("a.txt.gz", lambda: gzip.compress(BODY.encode() * 50)[:-20], r"cannot be read"),
        ("a.txt.gz", lambda: b"\x1f\x8b\x08\x00" + b"\xff" * 40, r"cannot be read"),
        ("a.jsonl.gz", lambda: gzip.compress(b"x" * (documents.MAX_BYTES + 10)), r"20 MB"),
        ("a.txt.gz", lambda: gzip.compress(b" " * (documents.MAX_BYTES + 10)), r"20 MB"),
        ("a.txt", lambda: b"\xff\xfea", r"begins as UTF-16"),
        ("a.jsonl", lambda: b'{"text": "half \\ud83d of it at the summit"}', r"lone surrogate\) at offset 5"),
        ("a.jsonl", lambda: b"[" * 100_000, r"not valid JSON"),
        ("a.html", lambda: b"<html><body><script>x()</script></body></html>", r"no main text"),
        ("a.docx", lambda: b"PK\x03\x04 broken", r"damaged or protected"),
        ("a.pdf", lambda: pdf(""), r"no text \(a scan\?\)"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, content: Callable[[], bytes], message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content())

    found = list(documents.read([str(path)]))

    assert len(found) == 1
    assert isinstance(found[0], Failure)
    assert re.search(message, found[0].reason), found[0].reason
    assert "\n" not in found[0].reason
    assert documents.count([str(path)]) >= 1


def test_a_file_that_went_away_is_a_failure_of_its_own(tmp_path: Path) -> None:
    (found,) = documents.again([f"{tmp_path}/gone.jsonl:3"])

    assert isinstance(found, Failure)
    assert "not there any more" in found.reason
