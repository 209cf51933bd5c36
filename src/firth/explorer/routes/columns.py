"""Whole columns of a run, for the map: an Arrow stream that the browser keeps until the run is made anew."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Query, Response

from firth.errors import OptionError
from firth.explorer.columns import MEDIA_TYPE, arrow_columns
from firth.explorer.dependencies import AskedRun
from firth.explorer.schemas import refusals

router = APIRouter(tags=["columns"])

Names = Annotated[
    list[str],
    Query(description="Columns, separated by commas; the parameter may be repeated.", min_length=1, max_length=100),
]


@router.get(
    "/runs/{run}/columns",
    summary="Columns of all items, for drawing",
    response_class=Response,
    responses={
        200: {"content": {MEDIA_TYPE: {}}, "description": "An Arrow IPC stream, one row per item, by id."},
        304: {"description": "The run is still the one that the ETag was given for."},
        **refusals(400, 404),
    },
)
def columns(served: AskedRun, names: Names, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """Return columns of a run's items as an Arrow stream.

    Numbers are float32 (NaN: none) or int32, categories codes into their distinct values; of a list, such as the tags
    of an item, the first is taken.
    """
    wanted = _names(names, served.run.items.columns)
    tag = _tag(served.generation, wanted)
    headers = {"etag": tag, "cache-control": "no-cache"}
    if if_none_match is not None and tag in {given.strip().removeprefix("W/") for given in if_none_match.split(",")}:
        return Response(status_code=304, headers=headers)
    try:
        stream = arrow_columns(served.run, wanted)
    except OptionError as error:
        raise HTTPException(404, str(error)) from error
    return Response(stream, media_type=MEDIA_TYPE, headers=headers)


def _names(given: list[str], known: list[str]) -> list[str]:
    """Return each name once; a comma separates names, unless it belongs to one."""
    parts = [part for text in given for part in ([text] if text in known else text.split(","))]
    return list(dict.fromkeys(parts))


def _tag(generation: str, names: list[str]) -> str:
    told = "\0".join([version("firth"), generation, *names])
    return f'"{hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:32]}"'
