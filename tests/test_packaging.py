"""The wheel holds every tracked file of the five folders and works where no checkout is."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("ontology", "graph", "loaders", "shapes", "server")


def tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", *FOLDERS, "summitgraph"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.split("\n") if name and not (ROOT / name).is_symlink()]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheel and source distribution of a copy of the checkout, one without symbolic links."""
    source = tmp_path_factory.mktemp("source")
    tracked()
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    for name in filter(None, files):
        origin, target = ROOT / name, source / name
        if not origin.exists() and not origin.is_symlink():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_symlink():
            target.write_text(str(origin.readlink()))  # as git does where the system has no links
        else:
            target.write_bytes(origin.read_bytes())
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist", "."],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return source / "dist"


def test_the_wheel_holds_every_tracked_file(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        held = set(wheel.namelist())
    files = tracked()
    expected = {name if name.startswith("summitgraph/") else f"summitgraph/{name}" for name in files}

    assert len(files) > 50
    assert sorted(expected - held) == []


def test_the_wheel_puts_one_name_into_site_packages(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        tops = {name.split("/")[0] for name in wheel.namelist()}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"summitgraph"}


def test_the_source_distribution_holds_the_tests(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = archive.getnames()

    assert any(name.endswith("tests/test_packaging.py") for name in names)


def test_the_wheel_works_without_the_checkout(built: Path, tmp_path: Path) -> None:
    """Unpacked beside nothing else of the project; dependencies come from this environment."""
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        wheel.extractall(tmp_path / "site")
    samples = tmp_path / "site" / "summitgraph" / "loaders" / "samples"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "SUMMITGRAPH_STORE": str(tmp_path / "store")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "summitgraph", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    where = subprocess.run(
        [sys.executable, "-P", "-c", "import summitgraph.loaders as m; print(m.__file__)"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.startswith(str(tmp_path)), "the checkout answered instead of the wheel"
    loaded = run("load", str(samples))
    assert "stored" in loaded.stderr
    assert loaded.returncode == 0, loaded.stderr
    assert "summit" in run("query", "--format", "csv", "SELECT ?s { ?s a sg:Summit }").stdout
