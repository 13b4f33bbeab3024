"""The wheel holds every tracked file of the five folders and works, installed, where no checkout is.

The slow part, some 30 seconds, is building once and installing twice; both happen in every run.
"""

from __future__ import annotations

import os
import site
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("ontology", "graph", "loaders", "shapes", "server")
INSTALL = ("--disable-pip-version-check", "--quiet", "install", "--no-index", "--no-deps")


def tracked(*folders: str) -> list[str]:
    """Return the files git tracks, links left out."""
    listed = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: what belongs into the wheel is not known")
    return [name for name in listed.stdout.split("\n") if name and not (ROOT / name).is_symlink()]


def bundles() -> list[str]:
    """Return the built third-party parts of the pages (``make assets``), as far as they are there."""
    folder = ROOT / "server" / "static" / "build"
    return [path.relative_to(ROOT).as_posix() for path in folder.glob("*") if path.is_file()]


def run(place: Path, *command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command in *place*, without what this process would lend it."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "SUMMITGRAPH_STORE")}
    done = subprocess.run(
        list(map(str, command)), cwd=place, env=environment | variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout as git makes it with core.symlinks=false: each link is a file that holds its target."""
    folder = tmp_path_factory.mktemp("source")
    for name in [*tracked(), *bundles()]:
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    for name in FOLDERS:
        (folder / "summitgraph" / name).write_text(f"../{name}")
    return folder


@pytest.fixture(scope="session")
def built(source: Path) -> Path:
    """The wheel, made from the source distribution, and that beside it."""
    run(source, sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist", ".")
    return source / "dist"


def environment(place: Path) -> Path:
    """Make a virtual environment that lends its packages, but not this checkout, from the running one; return its Python."""
    venv.create(place)  # without pip, which in Python 3.11 brings a setuptools that is too old
    python = place / "bin" / "python"
    folder = Path(run(place, python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").stdout.strip())
    # Files .pth of a folder that is lent this way are not read, so the editable install of the checkout stays behind.
    (folder / "lent.pth").write_text("\n".join(site.getsitepackages()))
    return python


def test_the_wheel_holds_every_tracked_file(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        held = set(wheel.namelist())
    # What the bundles of the pages are made from stays behind; the bundles, which git does not track, come along.
    files = [name for name in tracked(*FOLDERS, "summitgraph") if not name.startswith("server/web/")]
    expected = {name if name.startswith("summitgraph/") else f"summitgraph/{name}" for name in files}

    assert len(files) > 50
    assert sorted(expected - held) == []


def test_the_wheel_holds_the_built_parts_of_the_pages(built: Path) -> None:
    if not bundles():
        pytest.skip("the assets of the pages are not built; make assets builds them")
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        held = set(wheel.namelist())

    assert {f"summitgraph/{name}" for name in bundles()} <= held
    assert any(name.endswith("build/LICENCES.txt") for name in held)
    assert not any("node_modules" in name for name in held)


def test_the_wheel_puts_one_name_into_site_packages(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        tops = {name.split("/")[0] for name in wheel.namelist()}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"summitgraph"}


def test_the_source_distribution_holds_the_tests(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = archive.getnames()

    assert any(name.endswith("tests/test_packaging.py") for name in names)


def test_the_wheel_works_without_the_checkout(built: Path, tmp_path: Path) -> None:
    """Installed into an environment of its own and used from another folder."""
    python = environment(tmp_path / "venv")
    run(tmp_path, sys.executable, "-m", "pip", "--python", python, *INSTALL, next(built.glob("*.whl")))
    where = run(tmp_path, python, "-c", "import summitgraph.loaders as m; print(m.__file__)").stdout.strip()
    command = python.with_name("summitgraph")
    help_text = run(tmp_path, command, "--help").stdout
    loaded = run(tmp_path, command, "load", Path(where).parent / "samples", "--store", "store")
    answer = run(
        tmp_path, command, "query", "--store", "store", "--format", "csv", "SELECT ?s { ?s a sg:Summit }"
    ).stdout

    assert where.startswith(str(tmp_path)), "the checkout answered instead of the wheel"
    assert "Examples:" in help_text
    assert " stored (" in loaded.stderr
    assert "/id/summit/" in answer


def test_a_checkout_without_symbolic_links_can_be_imported(source: Path, tmp_path: Path) -> None:
    """An editable install reaches the folders through its import hook, not through the links."""
    python = environment(tmp_path / "venv")
    run(
        tmp_path,
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        *INSTALL,
        "--no-build-isolation",
        "--editable",
        source,
    )
    names = ", ".join(f"summitgraph.{folder}" for folder in FOLDERS)
    where = run(tmp_path, python, "-c", f"import {names}; print(summitgraph.loaders.__file__)").stdout.strip()

    assert where == str(source / "loaders" / "__init__.py")
