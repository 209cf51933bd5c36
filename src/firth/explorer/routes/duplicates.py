"""Items that are one thing under several keys: what was found, and what was decided, for the command to read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from firth.explorer.dependencies import AskedRun, Options
from firth.explorer.options import ServeOptions
from firth.explorer.schemas import refusals
from firth.explorer.shelf import Served
from firth.explorer.works import ANSWERS, LongWorks, Wait, Works, finished, how_far
from firth.runs import folder as files
from firth.runs.duplicates import Duplicates, duplicates_document, duplicates_of, merges_document
from firth.vectors.merge_decisions import Decision, read_decisions, write_decisions

router = APIRouter(tags=["duplicates"])

_MOST = 10_000  # keys of a group, and groups of a request


class GroupDecision(BaseModel):
    """What was decided on a group: ``keys`` are one thing (``merge``) or are not; null takes that back."""

    model_config = ConfigDict(extra="forbid")
    keep: str
    keys: Annotated[list[str], Field(min_length=1, max_length=_MOST)]
    apart: Annotated[list[str], Field(max_length=_MOST)] = []
    merge: Annotated[bool | None, Field(strict=True)]


class Decisions(BaseModel):
    """Decisions on groups, each key in one of them."""

    model_config = ConfigDict(extra="forbid")
    groups: Annotated[list[GroupDecision], Field(min_length=1, max_length=_MOST)]


@dataclass(frozen=True)
class _Found:
    """What was found, and the same as the bytes that are sent."""

    duplicates: Duplicates
    encoded: bytes


@router.get(
    "/runs/{run}/duplicates",
    summary="Items that are one thing under several keys",
    response_model=dict[str, Any],
    responses={**ANSWERS, **refusals(400, 404)},
)
async def duplicates(
    run: AskedRun,
    works: LongWorks,
    min_similarity: Annotated[float, Query(ge=0, le=100, allow_inf_nan=False, description="Of the names.")] = 90.0,
    min_cosine: Annotated[float, Query(ge=-1, le=1, allow_inf_nan=False, description="Of the vectors.")] = 0.5,
    versions: Annotated[bool, Query(description="Live recordings and remixes are duplicates too.")] = False,
    wait: Wait = 20.0,
) -> Response:
    """Return the document of `firth duplicates --json`, or 202 while it is being computed.

    It is computed once for each state of a run and each set of options.
    """
    found = works.ask(
        ("duplicates", run.index, run.generation, min_similarity, min_cosine, versions),
        lambda _: _find(run, min_similarity=min_similarity, min_cosine=min_cosine, versions=versions),
    )
    if not await finished(found, wait_s=wait):
        return how_far(found)
    return Response(found.future.result().encoded, media_type="application/json")


@router.get("/runs/{run}/merges", summary="What was decided on duplicates", responses=refusals(400, 404))
def merges(run: AskedRun, options: Options) -> dict[str, Any]:
    """Return what was decided on duplicates so far, and the command that merges them."""
    return merges_document(run.run, read_decisions(run.folder / files.MERGES), folder=_told(run, options))


@router.post("/runs/{run}/merges", summary="Decide on duplicates", responses=refusals(400, 404, 413))
def decide(run: AskedRun, options: Options, works: LongWorks, decisions: Decisions) -> dict[str, Any]:
    """Write decisions into `merge.csv` in the run's folder, beside those that are there, and return how many it holds.

    It is the table that `firth duplicates RUN --merge` takes. One that was edited by hand and is broken stays as it is.
    """
    made = [
        Decision(keep=group.keep, keys=tuple(group.keys), apart=tuple(group.apart), merge=group.merge)
        for group in decisions.groups
    ]
    table = run.folder / files.MERGES
    vocabulary, counts = run.run.vectors.vocabulary, run.run.vectors.counts
    asked = [key for decision in made for key in decision.every]
    unknown = [key for key in asked if key not in vocabulary]
    if unknown:  # a table edited by hand may have them, and its decisions can be taken back
        known = {key for decision in read_decisions(table) for key in decision.every}
        vocabulary.ids(key for key in unknown if key not in known)
    known_counts = {}
    if counts is not None:
        known_counts = {key: int(counts[vocabulary.id(key)]) for key in asked if key in vocabulary}
    now = write_decisions(table, made, counts=known_counts, found=_groups(works, run))
    return {
        "table": str(_told(run, options) / files.MERGES),
        "n_groups": len(now),
        "n_merged": sum(bool(decision.merge) for decision in now),
        "n_apart": sum(not decision.merge for decision in now),
    }


def _told(served: Served, options: ServeOptions) -> Path:
    """Return a run's folder as it is told: where it lies is nobody's business but this machine's."""
    return served.folder if options.is_local else Path(served.folder.name)


def _find(served: Served, *, min_similarity: float, min_cosine: float, versions: bool) -> _Found:
    found = duplicates_of(served.run, min_similarity=min_similarity, min_cosine=min_cosine, versions=versions)
    document = duplicates_document(served.run.name, found)
    return _Found(found, json.dumps(document, ensure_ascii=False, allow_nan=False).encode())


def _groups(works: Works, served: Served) -> list[Any]:
    """Return the groups that were found of late, for the evidence that the table shows."""
    kept: list[_Found] = works.kept("duplicates", served.index, served.generation)
    return [group for found in kept for group in (*found.duplicates.groups, *found.duplicates.namesakes)]
