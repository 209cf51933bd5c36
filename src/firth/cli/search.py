"""Items of a run by what somebody types."""

from __future__ import annotations

from typing import Annotated

import typer

from firth.cli.arguments import JsonOption, KOption, RunArgument, open_run
from firth.cli.errors import note
from firth.cli.items import matches_table
from firth.cli.terminal import answers, print_json
from firth.vectors.search import KeySearch

SEARCH_EXAMPLE = 'Example: firth search runs/bands-1 "sigur ros"'


def search(
    run: RunArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="A part of a key, or nearly one.", show_default=False)],
    k: KOption = 10,
    json: JsonOption = False,
) -> None:
    """Find items by a part of their key.

    Letter case, accents and punctuation do not count. The key itself comes first, then keys that begin with the text,
    keys of which a word does, keys that hold it, and keys that are nearly it; of equals those that occur most often.
    """
    opened = open_run(run)
    found = KeySearch(opened.vectors.vocabulary.keys).find(text, k=k)
    if json:
        from firth.runs.answers import item_documents

        rows = item_documents(opened.items, [match.id for match in found])
        matches = [{"key": match.key, "how": match.how, **row} for match, row in zip(found, rows, strict=True)]
        print_json({"run": opened.folder, "query": text, "matches": matches})
    elif found:
        answers().print(matches_table(opened.items, found))
    else:
        note(f"nothing in {opened.name} is like '{text[:80]}'.")
