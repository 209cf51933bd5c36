"""The shapes of questions and answers: what comes is checked by them, what goes is described by them."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from firth.explorer.options import LARGEST_K

_NUMBER = re.compile(r"-?[0-9]{1,20}(\.0{1,20})?")
LARGEST_N_IDS = 10_000
LARGEST_N_KEYS = 1_000
LARGEST_QUERY = 100


def _whole(value: object) -> object:
    """Return 3 for 3.0, which in JSON is the same."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# Limits stand before the validator: after it they would be checked, and described by no name that a schema knows.
K = Annotated[int, Field(strict=True, ge=1, le=LARGEST_K, description="How many answers."), BeforeValidator(_whole)]
Id = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1), BeforeValidator(_whole)]


def _digits(value: object) -> object:
    """Return a number as it stands in an address, unless it is spelled as no description says, such as +1.0."""
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise ValueError("should be a whole number")
    return value


DIGITS = BeforeValidator(_digits)
"""Beside a whole number in an address: behind its limits, which would stand in no description otherwise."""


class _Question(BaseModel):
    """What comes: nothing is accepted that is not known."""

    model_config = ConfigDict(extra="forbid")


class Ids(_Question):
    """Ids of items."""

    ids: Annotated[list[Id], Field(max_length=LARGEST_N_IDS)]


class Keys(_Question):
    """Keys of items."""

    keys: Annotated[list[str], Field(max_length=LARGEST_N_KEYS)]


class RecommendQuestion(_Question):
    """Items, for which the answer is what goes with them."""

    keys: Annotated[list[str], Field(min_length=1, max_length=LARGEST_QUERY, description="The nearest last.")]
    k: K = 10


class ArithmeticQuestion(_Question):
    """A sum and difference of items, of which at least one is named."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [{"required": [name], "properties": {name: {"minItems": 1}}} for name in ("plus", "minus")]
        }
    )

    plus: Annotated[list[str], Field(max_length=LARGEST_QUERY)] = []
    minus: Annotated[list[str], Field(max_length=LARGEST_QUERY)] = []
    k: K = 10


class Detail(BaseModel):
    """Why there is no answer: the rule, what came, the way out."""

    detail: str


class Item(BaseModel):
    """An item: its row, its key, how often it occurs, and its attributes beside them."""

    model_config = ConfigDict(extra="allow")
    id: int
    key: str
    count: int | None


class Neighbor(Item):
    """An item that is like the query."""

    cosine: float
    recurs: float | None = Field(None, description="The rate at which it recurs in other trainings, where known.")


class Recommended(Item):
    """An item that goes with the query."""

    prediction: float


class Confidence(BaseModel):
    """How sure a run is of an item's neighbours."""

    members: int
    by: str
    k: int
    item: float | None
    is_unstable: bool


class RunAbout(BaseModel):
    """A run; of one that cannot be asked yet only its name, its state, and why."""

    model_config = ConfigDict(extra="allow")
    index: int
    name: str
    status: str
    is_ready: bool


class AboutLimits(BaseModel):
    """The limits of the service."""

    k: int


class AboutAnswer(BaseModel):
    """What is served."""

    version: str
    limits: AboutLimits
    runs: list[RunAbout]


class KeysAnswer(BaseModel):
    """Keys."""

    keys: list[str]


class ItemsAnswer(BaseModel):
    """Items."""

    items: list[Item]


class NeighborsAnswer(BaseModel):
    """What is like the query, nearest first."""

    run: str
    ranking: Literal["cosine"]
    query: dict[str, Any]
    neighbors: list[Neighbor]
    confidence: Confidence | None = None


class Answered(BaseModel):
    """From what a recommendation was answered."""

    by: Literal["items", "group", "popularity"]
    groups: list[str]
    unknown: list[str]


class RecommendAnswer(BaseModel):
    """What goes with the query, best first."""

    run: str
    ranking: Literal["prediction"]
    blend: float
    decay: float
    query: dict[str, Any]
    answered: Answered
    recommendations: list[Recommended]


class Company(BaseModel):
    """An item that goes with both."""

    key: str
    prediction: float


class WhyAnswer(BaseModel):
    """What two items have in common."""

    a: str
    b: str
    cosine: float
    shared: dict[str, list[str]]
    numbers: dict[str, tuple[float | None, float | None]]
    together: float | None
    company: list[Company]


class Match(BaseModel):
    """An item that what was typed finds."""

    id: int
    key: str
    count: int | None
    how: Literal["exact", "prefix", "word", "inside", "typo"]


class SearchAnswer(BaseModel):
    """Items that what was typed finds, the best first."""

    query: str
    matches: list[Match]


class ClustersAnswer(BaseModel):
    """The clusters of a run, the largest first."""

    run: str
    clusters: list[dict[str, Any]]


class MembersAnswer(BaseModel):
    """Some items of a cluster, the nearest to its middle first, and how many there are."""

    total: int
    items: list[Item]


class Agreement(BaseModel):
    """How an attribute agrees between items and their nearest, beside what random items would give."""

    name: str
    kind: Literal["category", "number"]
    k: int
    n_items: int
    value: float | None
    chance: float | None


class EvaluationAnswer(BaseModel):
    """How good a run is."""

    run: str
    metrics: dict[str, Any]
    similarity: list[dict[str, Any]]
    analogies: list[dict[str, Any]]
    tags: list[dict[str, Any]]
    agreement: list[Agreement]


_MEANINGS = {
    400: "What was asked for cannot be answered by this run.",
    401: "A token is needed.",
    403: "Another site's page asked.",
    404: "There is no such run or item.",
    408: "The request did not come in time.",
    413: "The request is too large.",
    421: "The service was asked for under a name that is not its own.",
    422: "The request is not what the description says.",
    429: "Too many long computations wait already; ask again later.",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the description of the refusals that an address may answer with, beside those that all may."""
    return {status: {"model": Detail, "description": _MEANINGS[status]} for status in statuses}
