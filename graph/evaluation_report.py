"""Show an evaluation: a text for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from .predictions import Prediction
from .scores import Interval, Ratio, Report, Score


def format_text(report: Report, errors: bool = False, links: bool = False) -> str:
    """Return the measures as a table.

    Args:
        errors: Each miss with its sentence and each false alarm with its words and rules.
        links: How the links to Wikidata fare, and each that is wrong.
    """
    lines = [_HEAD, _line("all relations", report.overall)]
    lines += [f"  95 %: {name} {_interval(interval)}" for name, interval in report.intervals.items()]
    for heading, scores in (
        ("by language", report.by_language),
        ("by document", {document.name: document.score for document in report.documents}),
        ("by relation", report.by_relation),
        ("entities", {"type": report.types, **(_link_scores(report) if links else {})}),
    ):
        lines += ["", heading, *(_line(name, score) for name, score in scores.items())]
    lines += ["", "recall by difficulty"]
    lines += [f"{level:<30}{_ratio(ratio)}" for level, ratio in report.by_difficulty.items()]
    lines += ["", f"{'evidence accuracy':<30}{_ratio(report.evidence)}"]
    lines += [f"{'qualifier accuracy':<30}{_ratio(report.qualifier_accuracy)}"]
    lines += [f"  {name:<28}{_ratio(ratio)}" for name, ratio in report.qualifiers.items()]
    lines += ["", "precision by stated confidence"]
    lines += [f"  {name:<28}{_ratio(ratio)}" for name, ratio in report.reliability.items()]
    lines += ["", f"{report.duplicates} rows found again by further predictions", *_traps(report)]
    lines += _wrong_links(report) if links else ()
    return "\n".join([*lines, *_errors(report)] if errors else lines)


def to_json(report: Report) -> str:
    """Return the whole report, errors included, as JSON."""
    return json.dumps(
        {
            "overall": {
                **_score(report.overall),
                "intervals": {name: [interval.low, interval.high] for name, interval in report.intervals.items()},
            },
            "types": _score(report.types),
            "links": {
                **_score(report.links),
                "ofThoseFound": _score(report.links_reached),
                "kinds": {name: _score(score) for name, score in report.links_by_kind.items()},
                "languages": {name: _score(score) for name, score in report.links_by_language.items()},
                "missed": [{"document": d, "entity": e, "expected": q} for d, e, q in report.missed_links],
                "wrong": [
                    {"document": w.document, "entity": w.entity, "linked": w.linked, "expected": w.expected}
                    for w in report.wrong_links
                ],
            },
            "documents": {document.name: _score(document.score) for document in report.documents},
            "relations": {name: _score(score) for name, score in report.by_relation.items()},
            "languages": {name: _score(score) for name, score in report.by_language.items()},
            "difficulties": _ratios(report.by_difficulty),
            "qualifierAccuracy": {"all": _share(report.qualifier_accuracy), **_ratios(report.qualifiers)},
            "evidenceAccuracy": _share(report.evidence),
            "duplicates": report.duplicates,
            "reliability": _ratios(report.reliability),
            "traps": [
                {
                    "document": name,
                    "kind": result.trap.kind,
                    "description": result.trap.description,
                    "start": result.trap.span.start,
                    "end": result.trap.span.end,
                    "broken": [_fact(fact) for fact in result.broken],
                    "possible": [_fact(fact) for fact in result.possible],
                }
                for name, result in report.traps
            ],
            "misses": [
                {
                    "document": miss.document,
                    "line": miss.row.line,
                    "relation": miss.row.relation,
                    "subject": miss.row.subject,
                    "object": miss.row.object,
                    "difficulty": miss.row.difficulty,
                    "start": miss.row.span.start,
                    "end": miss.row.span.end,
                    "sentence": miss.sentence,
                }
                for miss in report.misses
            ],
            "falseAlarms": [
                {"document": alarm.document, **_fact(alarm.fact), "words": list(alarm.evidence)}
                for alarm in report.false_alarms
            ],
        },
        ensure_ascii=False,
        indent=1,
    )


_HEAD = f"{'':<30}{'P':>7}{'R':>7}{'F1':>7}{'right':>8}{'wrong':>7}{'found':>7}{'missed':>8}"


def _line(name: str, score: Score) -> str:
    values = "".join(f"{_number(value):>7}" for value in (score.precision, score.recall, score.f1))
    return f"{name[:29]:<30}{values}{score.correct:>8}{score.false_alarms:>7}{score.found:>7}{score.missed:>8}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _ratio(ratio: Ratio) -> str:
    return f"{_number(ratio.value):>7}  ({ratio.part} of {ratio.whole})"


def _interval(interval: Interval) -> str:
    return f"{interval.low:.3f}–{interval.high:.3f}"


def _traps(report: Report) -> Iterable[str]:
    traps = [item for item in report.traps if item[1].trap.kind == "trap"]
    yield f"{report.broken} of {len(report.traps)} traps broken ({len(traps)} traps, {len(report.traps) - len(traps)} stretches of noise)"
    for name, result in report.traps:
        for verdict, facts in (("broken", result.broken), ("possibly broken, read it", result.possible)):
            if facts:
                yield f"  {verdict}: {name} {result.trap.span.start}–{result.trap.span.end}: {result.trap.description}"
                yield from (f"      {fact}  [{', '.join(fact.rules)}]" for fact in facts)


def _link_scores(report: Report) -> dict[str, Score]:
    """Return how links fare: of all that gold names, of what the extractor found of it, by language and by kind."""
    return {
        "links to Wikidata": report.links,
        "  of what was found": report.links_reached,
        **{f"  in {name}": score for name, score in report.links_by_language.items()},
        **{f"  {name}": score for name, score in report.links_by_kind.items()},
    }


def _wrong_links(report: Report) -> Iterable[str]:
    yield f"\nwrong links ({len(report.wrong_links)})"
    for wrong in report.wrong_links:
        expected = " or ".join(wrong.expected) or "none"
        yield f"  {wrong.document} {wrong.entity}: {', '.join(wrong.linked)}, expected {expected}"
    yield f"\nfound and not linked ({len(report.missed_links)})"
    for document, label, qid in report.missed_links:
        yield f"  {document} {label}: expected {qid}"


def _errors(report: Report) -> Iterable[str]:
    yield f"\nmissed ({len(report.misses)})"
    for miss in report.misses:
        row = miss.row
        amounts = " ".join(value for key in ("amountMin", "amountMax") for value in row.qualifiers.get(key, ()))
        detail = f" [{amounts}]" if amounts else ""
        yield f"  {miss.document}:{row.line} {row.relation}({row.subject}, {row.object}){detail} difficulty {row.difficulty}"
        yield f"      {row.span.start}–{row.span.end}: {miss.sentence}"
    yield f"\nfalse alarms ({len(report.false_alarms)})"
    for alarm in report.false_alarms:
        spans = ", ".join(f"{span.start}–{span.end}" for span in alarm.fact.evidence)
        yield f"  {alarm.document} {alarm.fact}  [{', '.join(alarm.fact.rules)}, {alarm.fact.confidence:.2f}]"
        yield f"      {spans}: {' / '.join(' '.join(words.split()) for words in alarm.evidence)}"


def _score(score: Score) -> dict[str, float | int | None]:
    return {
        "precision": score.precision,
        "recall": score.recall,
        "f1": score.f1,
        "correct": score.correct,
        "falseAlarms": score.false_alarms,
        "found": score.found,
        "missed": score.missed,
    }


def _share(ratio: Ratio) -> dict[str, float | int | None]:
    return {"value": ratio.value, "part": ratio.part, "whole": ratio.whole}


def _ratios(ratios: Mapping[str, Ratio] | Mapping[int, Ratio]) -> dict[str, dict[str, float | int | None]]:
    return {str(name): _share(ratio) for name, ratio in ratios.items()}


def _fact(fact: Prediction) -> dict[str, object]:
    return {
        "fact": str(fact),
        "relation": fact.relation,
        "evidence": [[span.start, span.end] for span in fact.evidence],
        "rules": list(fact.rules),
        "confidence": fact.confidence,
    }
