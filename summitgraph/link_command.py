"""``summitgraph link``: decisions about Wikidata items, shown, reviewed and looked up."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from summitgraph.errors import InputError
from summitgraph.graph.decisions import Item

from .options import store_option


@click.command()
@click.option(
    "--check-reference",
    is_flag=True,
    help="Check the reference table: identifiers twice, one label on two items, unknown types.",
)
@click.option("--review", "reviewing", is_flag=True, help="Decide, one after the other, what needs a person.")
@click.option("--accept", metavar="ID", multiple=True, help="Accept the decision with this id; may be repeated.")
@click.option("--reject", metavar="ID", multiple=True, help="Reject the decision with this id; may be repeated.")
@click.option("--undo", metavar="ID", multiple=True, help="Withdraw what a person decided; may be repeated.")
@click.option(
    "--reviewer", metavar="NAME", envvar="SUMMITGRAPH_REVIEWER", help="Who decides; your user name by default."
)
@click.option("--note", metavar="TEXT", default="", help="Why, in your words.")
@click.option(
    "--export-reviews",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what people decided as CSV.",
)
@click.option(
    "--import-reviews",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Add decisions from such a file, all or none.",
)
@click.option(
    "--export-namesakes",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what bears one name in two texts and nobody joined, as decisions to take: delete the lines that are not so.",
)
@click.option(
    "--import-namesakes",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Join what such a file says is one, or part it again (Withdrawn), all or none.",
)
@click.option("--online", is_flag=True, help="Ask Wikidata about what is not linked, and what became of what is.")
@click.option("--dry-run", is_flag=True, help="With --online: say what would be asked; ask nothing, change nothing.")
@click.option(
    "--refresh/--no-refresh", default=True, help="With --online: look existing links up again too.", show_default=True
)
@click.option(
    "--api", metavar="URL", envvar="SUMMITGRAPH_WIKIDATA_API", help="With --online: another API than Wikidata's own."
)
@click.option(
    "--contact",
    metavar="TEXT",
    envvar="SUMMITGRAPH_CONTACT",
    help="With --online: your mail or page, told to Wikidata.",
)
@click.option(
    "--interval", type=click.FloatRange(min=0), default=1.0, show_default=True, help="Seconds between requests."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@store_option
def link(
    check_reference: bool,
    reviewing: bool,
    accept: tuple[str, ...],
    reject: tuple[str, ...],
    undo: tuple[str, ...],
    reviewer: str | None,
    note: str,
    export_reviews: Path | None,
    import_reviews: Path | None,
    export_namesakes: Path | None,
    import_namesakes: Path | None,
    online: bool,
    dry_run: bool,
    refresh: bool,
    api: str | None,
    contact: str | None,
    interval: float,
    form: str,
    store: Path,
) -> None:
    """Show how entities were linked to Wikidata, decide what needs a person, or check the reference table.

    \b
    Examples:
      summitgraph link                             decisions, those that need a person first
      summitgraph link --review                    decide them at the terminal
      summitgraph link --accept 1f0c9a2b --note "she chaired the session"
      summitgraph link --undo 1f0c9a2b
      summitgraph link --export-reviews reviews.csv
      summitgraph link --export-namesakes same.csv   one name in two texts: who is the same?
      summitgraph link --import-namesakes same.csv
      summitgraph link --check-reference
      summitgraph link --online --dry-run          what would be asked of Wikidata
      summitgraph link --online --contact you@example.org
    """
    who = reviewer or getpass.getuser()
    if check_reference:
        sys.exit(_check())
    if dry_run and not online:
        raise InputError("--dry-run goes with --online")
    if online:
        _look_up(store, api, contact, interval, refresh, dry_run)
    elif import_reviews:
        from summitgraph import reviewing as service

        click.echo(f"{service.adopt(store, import_reviews)} decisions added", err=True)
    elif export_reviews:
        _export(store, export_reviews)
    elif import_namesakes:
        from summitgraph import reviewing as service

        click.echo(f"{service.join(store, import_namesakes)} decisions added", err=True)
    elif export_namesakes:
        _export_namesakes(store, export_namesakes, who)
    elif accept or reject or undo:
        _decide(store, {"Accepted": accept, "Rejected": reject, "Withdrawn": undo}, who, note)
    elif reviewing:
        _review(store, who, form)
    else:
        _show(store)


def _export_namesakes(store: Path, file: Path, who: str) -> None:
    from datetime import UTC, datetime

    from summitgraph.graph import namesakes
    from summitgraph.graph.store import open_reader

    snapshot, reader = open_reader(store)
    with snapshot:
        lines = namesakes.waiting(reader, datetime.now(UTC), who)
    file.write_text(namesakes.to_csv(lines), "utf-8")
    click.echo(f"{len(lines)} names that two texts have, written to {file}", err=True)


def _check() -> int:
    from summitgraph.graph import reference

    rows = demonyms = 0
    found: list[str] = []
    for folder in reference.folders():
        table = reference.read(folder)
        rows, demonyms = rows + len(table.rows), demonyms + len(table.demonyms)
        found += reference.problems(table)
    for problem in found:
        click.echo(problem)
    click.echo(f"{rows} rows, {demonyms} demonyms, {len(found)} problems", err=True)
    return 1 if found else 0


def _look_up(store: Path, url: str | None, contact: str | None, interval: float, refresh: bool, dry_run: bool) -> None:
    from summitgraph import reviewing as service
    from summitgraph.graph import lookup, reference
    from summitgraph.graph.store import open_reader
    from summitgraph.graph.wikidata_api import API, BATCH, Api

    reference.use(store)
    snapshot, reader = open_reader(store)
    with snapshot:
        wanted = lookup.plan(reader)
    searches = wanted.searches()
    if dry_run:
        for name, lang, one in searches:
            click.echo(f"search\t{one.kind}\t{lang}\t{name}")
        for qid in wanted.linked if refresh else ():
            click.echo(f"refresh\t{qid}")
        requests = len(searches) + (-(-len(wanted.linked) // BATCH) if refresh else 0)
        click.echo(f"at least {requests} requests to {url or API}; nothing was asked", err=True)
        return
    client = Api(store / lookup.CACHE, url or API, interval_s=interval)
    if contact:
        client.contact = contact

    def tell(words: str) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r\033[K{words}", nl=False, err=True)

    try:
        found = lookup.run(client, wanted, store / reference.OWN, refresh=refresh, progress=tell)
    finally:
        if sys.stderr.isatty():
            click.echo("\r\033[K", nl=False, err=True)
        click.echo(f"{client.requests} requests to {client.url}", err=True)
    reread = service.reread(store, found.documents) if found.documents else 0
    merged = sum(1 for to in found.changes.values() if to)
    click.echo(
        f"{found.new} items found, {merged} merged and {len(found.changes) - merged} deleted at Wikidata, {reread} documents linked anew",
        err=True,
    )


def _show(store: Path) -> None:
    from summitgraph.graph import query as queries
    from summitgraph.graph.store import open_reader

    snapshot, reader = open_reader(store)
    with snapshot:
        for line in queries.link_decisions(reader):
            click.echo(line)


def _export(store: Path, file: Path) -> None:
    from summitgraph.graph import export, review

    text = review.to_csv(review.read(store)).encode()
    export.to_file(file, lambda stream: stream.write(text))
    click.echo(f"{len(text.splitlines()) - 1} lines written to {file}", err=True)


def _decide(store: Path, wanted: dict[str, Sequence[str]], who: str, note: str) -> None:
    from summitgraph import reviewing as service
    from summitgraph.graph import decisions
    from summitgraph.graph.store import open_reader

    asked = []
    snapshot, reader = open_reader(store)
    with snapshot:
        ask = decisions.asker(reader)
        for decision, ids in wanted.items():
            for id in ids:
                item = decisions.find(ask, id)
                asked.append(service.Asked(item.document, item.key, item.candidate, decision, note))
    for line in service.decide(store, asked, who):
        click.echo(f"{line.decision}: {line.entity} – {line.candidate} (document {line.document})", err=True)


def _review(store: Path, who: str, form: str) -> None:
    """Go through what needs a person; without a terminal, list it."""
    import json

    from summitgraph.graph import decisions
    from summitgraph.graph.store import open_reader

    snapshot, reader = open_reader(store)
    with snapshot:
        waiting = decisions.items(decisions.asker(reader), limit=100_000)
    if form == "json":
        click.echo(json.dumps([item.as_json() for item in waiting], ensure_ascii=False, indent=1))
        return
    for number, item in enumerate(waiting, 1):
        _describe(item, f"{number}/{len(waiting)}")
        if sys.stdin.isatty() and not _ask(store, item, who):
            break
    click.echo(f"{len(waiting)} decisions need a person", err=True)


def _describe(item: Item, place: str) -> None:
    labels = " · ".join(dict.fromkeys(item.item_labels.values()))
    of = next(iter(item.item_of.values()), "")
    click.echo(f"\n{click.style(place, dim=True)}  {item.id}")
    click.echo(f"  {' · '.join(item.names) or item.entity}  ({item.type}, {item.source or item.document})")
    for sentence in item.sentences:
        before, words, after = (
            sentence.text[: sentence.start],
            sentence.text[sentence.start : sentence.end],
            sentence.text[sentence.end :],
        )
        click.echo(f"    “{before}{click.style(words, bold=True)}{after}”")
    click.echo(f"  is it {item.candidate}?  {labels} ({item.item_kind}{', ' + of if of else ''})")
    click.echo(f"  {item.confidence:.2f}: {item.reason}")


def _ask(store: Path, item: Item, who: str) -> bool:
    """Ask about one decision; return False to stop."""
    from summitgraph import reviewing as service

    answer = click.prompt("  accept, reject, skip or quit", type=click.Choice(["a", "r", "s", "q"]), default="s")
    if answer in ("a", "r"):
        decision = "Accepted" if answer == "a" else "Rejected"
        note = click.prompt("  why (may stay empty)", default="", show_default=False)
        service.decide(store, [service.Asked(item.document, item.key, item.candidate, decision, note)], who)
        click.echo(f"  {decision.lower()}; `summitgraph link --undo {item.id}` withdraws it")
    return bool(answer != "q")
