"""Why two items are near: what is known of both that they have in common.

Nothing here explains a vector, which cannot be done; it lays side by side what the run knows of two items: their
attributes, how often they were seen together, and what goes with both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from firth.errors import DataError, RunError, UnknownItemError

if TYPE_CHECKING:
    import polars as pl

    from firth.runs.run import Run

_N_COMPANY = 5


@dataclass(frozen=True, kw_only=True)
class Why:
    """What two items have in common.

    Parameters
    ----------
    a, b
        Their keys.
    cosine
        Of their vectors, -1 to 1.
    shared
        The values that both have, by attribute of categories; attributes of which they share none are left out.
    numbers
        The numbers of a and b, by attribute of numbers; None where an item has none.
    together
        How often they occur together, an occurrence counting 1 / distance; None where that was not counted.
    company
        What goes with both, as the run recommends it; empty where it cannot.
    """

    a: str
    b: str
    cosine: float
    shared: Mapping[str, list[str]]
    numbers: Mapping[str, tuple[float | None, float | None]]
    together: float | None
    company: list[tuple[str, float]]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        company = [{"key": key, "prediction": round(value, 6)} for key, value in self.company]
        return {**asdict(self), "cosine": round(self.cosine, 6), "company": company}


def why(run: Run, a: str, b: str, *, k: int = _N_COMPANY) -> Why:
    """Return what two items have in common.

    Parameters
    ----------
    run
        A run.
    a, b
        Keys of items.
    k
        How many items that go with both.

    Raises
    ------
    UnknownItemError
        If a key is not in the vocabulary.
    """
    first, second = run.vectors.vocabulary.ids([a, b]).tolist()
    attributes = run.attributes
    numeric = [name for name in attributes.columns if attributes.schema[name].is_numeric()]
    pairs = {name: (attributes[name][first], attributes[name][second]) for name in numeric}
    return Why(
        a=a,
        b=b,
        cosine=run.vectors.similarity(a, b),
        shared=_shared(attributes.drop(numeric), first, second),
        numbers={name: values for name, values in pairs.items() if values != (None, None)},
        together=_together(run, first, second),
        company=_company(run, [a, b], k=k),
    )


def _shared(attributes: pl.DataFrame, first: int, second: int) -> dict[str, list[str]]:
    found = {}
    for name in attributes.columns:
        one, other = (_values(attributes[name][row]) for row in (first, second))
        both = [value for value in dict.fromkeys(one) if value in other]
        if both:
            found[name] = both
    return found


def _values(value: object) -> list[str]:
    """Return an item's values of an attribute: several, one or none."""
    if value is None:
        return []
    return (
        [str(one) for one in value if one is not None]
        if hasattr(value, "__iter__") and not isinstance(value, str)
        else [str(value)]
    )


def _together(run: Run, first: int, second: int) -> float | None:
    """Return the count of two items, None where nothing was counted."""
    try:
        counts = run.recommender.counts
    except (DataError, RunError):
        return None
    return None if counts is None else counts.value(first, second)


def _company(run: Run, keys: list[str], *, k: int) -> list[tuple[str, float]]:
    try:
        return run.recommender.recommend(keys, k=k).found
    except UnknownItemError:
        raise
    except (DataError, RunError):
        return []
