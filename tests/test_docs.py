"""What the documents say is so: commands exist and run, links lead somewhere, answers shown are answers given."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

from summitgraph.cli import main
from tests.conftest import ROOT, Run

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "loaders" / "samples").glob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
README = (ROOT / "README.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def blocks(page: str) -> list[str]:
    """Return the fenced blocks of a page."""
    return re.findall(r"^```[a-z]*\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def transcript(block: str) -> list[tuple[list[str], list[str]]]:
    """Return the commands of a block with prompts, and the lines each answers."""
    result = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        size = next(n for n in range(1, len(lines) + 1) if _closed("\n".join(lines[:n])))
        result.append((shlex.split("\n".join(lines[:size])), lines[size:]))
    return result


def _closed(text: str) -> bool:
    try:
        shlex.split(text)
    except ValueError:  # a quotation mark is open
        return False
    return True


def test_the_readme_shows_answers_that_are_given(run: Run, tmp_path: Path) -> None:
    """Every line of the answer shown is in the real one; better extraction may add more."""
    (tmp_path / "loaders").mkdir()
    (tmp_path / "loaders" / "samples").symlink_to(ROOT / "loaders" / "samples")
    shown = [step for block in blocks(README) for step in transcript(block)]
    assert sum(bool(answer) for _, answer in shown) >= 1, "the README shows no answer"

    for (program, *arguments), answer in shown:
        assert program == "summitgraph"
        done = run(*arguments)
        assert done.returncode == 0, done.stderr
        given = [" ".join(line.split()) for line in done.stdout.splitlines()]
        assert [
            line for line in (" ".join(line.split()) for line in answer) if line.strip("- ") and line not in given
        ] == []


def test_the_answer_stands_on_the_first_screen() -> None:
    assert "(MIN(?exact) AS ?words)" in "\n".join(README.splitlines()[:24])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text("utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_make_targets_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))

    assert named <= TARGETS


def test_every_target_can_be_made() -> None:
    """A phony target without a rule would succeed and do nothing."""
    phony = set(re.findall(r"^\.PHONY: (.*)", MAKEFILE, re.MULTILINE)[0].split())
    described = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))

    assert phony == described
    done = subprocess.run(["make", "--dry-run", *sorted(phony)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_command_is_named_in_the_changelog() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")

    assert len(main.commands) >= 12
    assert [name for name in main.commands if f"{name}" not in changelog] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_of_the_command_line_exist(page: Path) -> None:
    lines = [line for block in blocks(page.read_text("utf-8")) for line in block.splitlines()]
    found = (re.match(r"(?:\$ )?(?:\.venv/bin/)?summitgraph ([a-z]+)", line) for line in lines)

    assert {match[1] for match in found if match} <= set(main.commands)


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_says_why(page: Path) -> None:
    text = page.read_text("utf-8")
    number, title = page.stem.split("-", 1)

    assert text.startswith(f"# {int(number)}. "), "the title carries the number of the file"
    assert title
    assert "Status: " in text
    if page.stem != "0002-dependencies":  # a table
        assert re.findall(r"^## (.*)", text, re.MULTILINE) == ["Context", "Decision", "Alternatives", "Consequences"]


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    reasons = (ROOT / "docs" / "decisions" / "0002-dependencies.md").read_text("utf-8")
    wanted = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    names = [re.split(r"[<>=~\[ ]", requirement)[0] for requirement in wanted]

    assert len(names) > 10
    assert [name for name in names if name not in reasons] == []


def test_every_dependency_is_locked_with_hashes_and_without_an_address() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    development = (ROOT / "requirements-dev.lock").read_text("utf-8")
    locked = dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", lock, re.MULTILINE))

    missing = [name for name in project["dependencies"] if re.split(r"[<>=\[]", name)[0].lower() not in locked]
    assert missing == []
    for text in (lock, development):
        assert "://" not in text
        pins = re.findall(r"^[a-z0-9._-]+==.*(?:\n .*)+", text, re.MULTILINE)
        assert len(pins) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE))
        assert all("--hash=sha256:" in pin for pin in pins)


def test_the_five_folders_are_in_the_readme() -> None:
    for folder in ("ontology", "graph", "loaders", "shapes", "server"):
        assert f"| `{folder}/` |" in README
