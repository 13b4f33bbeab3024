"""What many tests share: short texts, built graphs, stores on disk, and the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from pyoxigraph import Quad

from summitgraph import pipeline
from summitgraph.graph.records import Document

ROOT = Path(__file__).resolve().parents[1]
SEED = ROOT.parent / "shared" / "seed" / "paris-2025.ar.txt"
STAMP = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)

TEXT = (
    "عقدت في باريس، فرنسا، قمة العمل من أجل الذكاء الاصطناعي يومي 10 و11 فبراير 2025. "
    "وترأس القمة رئيس الوزراء الهندي ناريندرا مودي والرئيس الفرنسي إيمانويل ماكرون.\n\n"
    "رفضت الولايات المتحدة والمملكة المتحدة التوقيع على إعلان باريس في القمة.\n"
)
OTHER_TEXT = "استضافت كوريا الجنوبية قمة سيول للذكاء الاصطناعي في 21 و22 مايو 2024. وترأس القمة الرئيس الكوري الجنوبي يون سوك يول.\n"

# What may be absent also where everything installable has to be there: texts and suites that are not ours to bring.
MAY_BE_ABSENT = ("founding document", "W3C", "not ours to bring", "not released yet", "not a git checkout")

# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where SUMMITGRAPH_COMPLETE is set, let a test fail that was skipped for want of a tool (Java, a browser, npm …)."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("SUMMITGRAPH_COMPLETE"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(allowed in reason for allowed in MAY_BE_ABSENT):
            report.outcome = "failed"
            report.longrepr = f"not to be skipped where SUMMITGRAPH_COMPLETE is set: {reason}"
    return report


def document(text: str = TEXT, source: str = "article.txt") -> Document:
    """Return a document with a fixed time, so that graphs repeat."""
    return Document(text, "ar", title="مقال", source=source, generated_at=STAMP)


@pytest.fixture(scope="session")
def quads() -> Sequence[Quad]:
    """The graph of a short article."""
    return pipeline.build(document())[1]


@pytest.fixture
def article(tmp_path: Path) -> Path:
    """A short article on disk with a fixed time of change."""
    path = tmp_path / "article.ar.txt"
    path.write_text(TEXT, "utf-8")
    os.utime(path, (STAMP.timestamp(), STAMP.timestamp()))
    return path


@pytest.fixture
def seed() -> Path:
    """The founding document; tests that need it are skipped where it is absent."""
    if not SEED.exists():
        pytest.skip(f"the founding document is not at {SEED}")
    return SEED


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the command line as a process of its own, in an empty folder."""

    def call(*arguments: str, input: str | None = None) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "SUMMITGRAPH_STORE": str(tmp_path / "store"), "PYTHONUTF8": "1"}
        return subprocess.run(
            [sys.executable, "-m", "summitgraph", *arguments],
            cwd=tmp_path,
            env=environment,
            text=True,
            capture_output=True,
            timeout=120,
            check=False,
            input=input,
        )

    return call
