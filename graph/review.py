"""What people decided about links: ``reviews.csv`` in the store, one line a decision, in the order they were made.

A decision is about one entity of one document and one item of Wikidata. It stands until it is withdrawn; a line that
decides again what stands decided contradicts the file, and the whole file is refused.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime
from pathlib import Path

import regex

from summitgraph.errors import InputError

from . import namesakes, reference, snapshots
from .link import Link
from .nodes import node
from .records import Extraction

FILE = "reviews.csv"
COLUMNS = ("decided_at", "reviewer", "document", "entity", "candidate", "decision", "note")
ACCEPTED, REJECTED, WITHDRAWN = "Accepted", "Rejected", "Withdrawn"
DECISIONS = (ACCEPTED, REJECTED, WITHDRAWN)
_DOCUMENT = regex.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Review:
    """One line: who decided when that *entity* of *document* is (or is not) *candidate*.

    ``entity`` is the IRI the entity has without the decision: with it the entity may get another.
    """

    decided_at: str  # ISO 8601, with seconds and time zone
    reviewer: str
    document: str  # 16 hexadecimal digits
    entity: str
    candidate: str  # QID
    decision: str
    note: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what it decides about."""
        return self.document, self.entity, self.candidate


@dataclass(frozen=True, eq=False)
class Reviews:
    """All lines of a file, checked; ``standing`` are those not withdrawn."""

    lines: tuple[Review, ...] = ()
    standing: Mapping[tuple[str, str, str], Review] | None = None
    same: Mapping[str, str] = field(
        default_factory=dict
    )  # of namesakes.csv: an entity's IRI and the one it has by decision

    def of(self, document: str, entity: str) -> dict[str, Review]:
        """Return what stands decided about one entity, by QID."""
        found = (self.standing or {}).items()
        return {key[2]: review for key, review in found if key[:2] == (document, entity)}

    def entities(self, document: str) -> frozenset[str]:
        """Return the IRIs of the entities of *document* that something stands decided about."""
        return frozenset(key[1] for key in self.standing or {} if key[0] == document)

    def with_decision(self, review: Review) -> Reviews:
        """Return these and *review*; what stands against it is withdrawn by the same person first.

        Raises:
            InputError: If there is nothing to withdraw.
        """
        added = []
        standing = self.of(review.document, review.entity)
        for qid, earlier in standing.items():
            same = qid == review.candidate
            if review.decision != WITHDRAWN and (
                same or (review.decision == ACCEPTED and earlier.decision == ACCEPTED)
            ):
                added.append(replace(review, candidate=qid, decision=WITHDRAWN, note="decided anew"))
        return replace(checked([*self.lines, *added, review], FILE), same=self.same)


def read(folder: Path) -> Reviews:
    """Return the decisions kept in the store at *folder*, none where there are none.

    Raises:
        InputError: If a line is malformed or contradicts an earlier one; names file and line, and nothing is taken.
    """
    path = folder / FILE
    kept = read_file(path) if path.exists() else Reviews()
    return replace(kept, same=namesakes.joined(namesakes.read(folder)))


def read_file(path: Path) -> Reviews:
    """Return the decisions of a file; raise InputError as :func:`read` does."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    return checked(_lines(text, path.name), path.name)


def _lines(text: str, name: str) -> Iterator[Review]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        if tuple(next(reader, ())) != COLUMNS:
            raise InputError(f"{name}:1: expected the columns {','.join(COLUMNS)}")
        for cells in reader:
            if len(cells) != len(COLUMNS):
                raise InputError(f"{name}:{reader.line_num}: {len(cells)} fields, expected {len(COLUMNS)}")
            yield Review(*cells)
    except csv.Error as error:
        raise InputError(f"{name}:{reader.line_num}: not CSV: {error}") from error


def checked(lines: Iterable[Review], name: str) -> Reviews:
    """Return *lines* as decisions.

    Raises:
        InputError: Where a line is malformed or contradicts an earlier one; line 1 is the header.
    """
    taken: list[Review] = []
    standing: dict[tuple[str, str, str], tuple[Review, int]] = {}
    for number, review in enumerate(lines, 2):
        _check(review, f"{name}:{number}")
        earlier = standing.get(review.key)
        if review.decision == WITHDRAWN:
            if earlier is None:
                raise InputError(f"{name}:{number}: withdraws a decision about {review.candidate} that does not stand")
            del standing[review.key]
        elif earlier is not None and earlier[0].decision != review.decision:
            raise InputError(
                f"{name}:{number}: {review.entity} is {review.candidate} by this row ({review.decision}) and by row {earlier[1]} "
                f"({earlier[0].decision}); withdraw one of them"
            )
        elif earlier is None:
            other = next(
                (
                    (found, line)
                    for key, (found, line) in standing.items()
                    if key[:2] == review.key[:2] and found.decision == review.decision == ACCEPTED
                ),
                None,
            )
            if other:
                raise InputError(
                    f"{name}:{number}: {review.entity} cannot be {review.candidate}, row {other[1]} says it is "
                    f"{other[0].candidate}; withdraw one of them"
                )
            standing[review.key] = (review, number)
        taken.append(review)
    return Reviews(tuple(taken), {key: review for key, (review, _) in standing.items()})


def _check(review: Review, place: str) -> None:
    try:
        moment = datetime.fromisoformat(review.decided_at)
    except ValueError:
        moment = None
    problems = (
        (
            moment is None or moment.tzinfo is None,
            f"{review.decided_at!r} is not a time such as 2026-11-25T10:00:00+00:00",
        ),
        (not review.reviewer.strip(), "the reviewer is missing"),
        (not _DOCUMENT.fullmatch(review.document), f"{review.document!r} is not a document (16 hexadecimal digits)"),
        ("://" not in review.entity or " " in review.entity, f"{review.entity!r} is not the IRI of an entity"),
        (not reference.is_qid(review.candidate), f"{review.candidate!r} is not a Wikidata identifier (Q123)"),
        (review.decision not in DECISIONS, f"{review.decision!r} is not one of {', '.join(DECISIONS)}"),
    )
    for wrong, message in problems:
        if wrong:
            raise InputError(f"{place}: {message}")


def to_csv(reviews: Reviews) -> str:
    """Return the file that holds *reviews*."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(astuple(line) for line in reviews.lines)
    return stream.getvalue()


def write(folder: Path, reviews: Reviews) -> None:
    """Keep *reviews* in the store at *folder*, whole or not at all."""
    snapshots.replace_file(folder / FILE, to_csv(reviews))


def apply(links: Mapping[str, Link], extraction: Extraction, reviews: Reviews) -> dict[str, Link]:
    """Return *links* with what people decided in the place of what the linker did.

    Raises:
        InputError: If an item that somebody accepted is not in the reference table.
    """
    document = extraction.document.id
    decided = reviews.entities(document)
    if not decided:
        return dict(links)
    result = dict(links)
    for entity in extraction.entities:
        automatic = links.get(entity.id)
        own = node(entity, automatic, document).value
        if own not in decided:
            continue
        if merged := _merge(entity.id, own, automatic, reviews.of(document, own)):
            result[entity.id] = merged
    return result


def _merge(entity: str, own: str, automatic: Link | None, decided: Mapping[str, Review]) -> Link | None:
    """Return what the linker and people say together: accepted first, then what is open, then what was refused."""
    linked = [automatic, *automatic.others] if automatic is not None else []
    candidates = {link.row.qid: replace(link, key=own, others=()) for link in linked if link.row.qid}
    for qid, review in decided.items():
        row = candidates[qid].row if qid in candidates else reference.load().by_qid().get(qid)
        if row is None:
            if review.decision == ACCEPTED:
                raise InputError(
                    f"{FILE}: {qid}, which {review.reviewer} accepted, is not in the reference table; import it first"
                )
            continue
        confidence = 1.0 if review.decision == ACCEPTED else 0.0
        said = f"{review.decision.lower()} by {review.reviewer}" + (f": {review.note}" if review.note else "")
        candidates[qid] = Link(
            entity, row, review.decision, confidence, said, reviewer=review.reviewer, at=review.decided_at, key=own
        )
    accepted = next((qid for qid, review in decided.items() if review.decision == ACCEPTED and qid in candidates), "")
    if accepted:
        for qid, link in candidates.items():
            if qid != accepted and not link.reviewer:
                candidates[qid] = replace(
                    link, outcome=REJECTED, confidence=0.0, reason=f"{accepted} was accepted instead"
                )
    elif automatic is not None and not automatic.row.qid:
        return automatic
    rank = {ACCEPTED: 0, "Known": 1, "NeedsReview": 2, REJECTED: 3}
    ordered = sorted(candidates.values(), key=lambda link: (rank[link.outcome], -link.confidence))
    return replace(ordered[0], others=tuple(ordered[1:])) if ordered else automatic


def new(document: str, entity: str, candidate: str, decision: str, reviewer: str, note: str, at: datetime) -> Review:
    """Return a line for *reviews.csv*; a line break in a note or name becomes a space."""
    clean = [" ".join(text.split()) for text in (reviewer, note)]
    return Review(at.isoformat(timespec="seconds"), clean[0], document, entity, candidate, decision, clean[1])


def documents(reviews: Sequence[Review]) -> list[str]:
    """Return the documents that *reviews* are about, sorted."""
    return sorted({review.document for review in reviews})
