"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


def extractor_options(command: Any) -> Any:
    """Add what chooses and sets up an extractor."""
    for option in reversed(
        (
            click.option(
                "--extractor",
                default="rules",
                show_default=True,
                help="What reads: rules, llm (a language model), or another that is installed.",
            ),
            click.option("--model", help="For llm: the model's name at the server."),
            click.option("--base-url", help="For llm: an OpenAI-compatible API, such as http://127.0.0.1:8080/v1."),
            click.option("--api-key-env", metavar="NAME", help="For llm: the environment variable that holds the key."),
            click.option("--price", metavar="IN,OUT", help="For llm: dollars for a million tokens, to show the cost."),
        )
    ):
        command = option(command)
    return command
