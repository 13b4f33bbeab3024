"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

DEFAULT_STORE = "data/store"
store_option = click.option(
    "--store",
    type=click.Path(path_type=Path),
    default=DEFAULT_STORE,
    envvar="SUMMITGRAPH_STORE",
    show_default=True,
    help="Folder of the store (or SUMMITGRAPH_STORE).",
)
language_option = click.option(
    "--lang", type=click.Choice(["en", "ar", "fr"]), default="en", show_default=True, help="Language of messages."
)
