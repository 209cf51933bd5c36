"""What two runs differ in besides their items: data, options, what was measured, and their maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from firth.maps.similarity import recognisable
from firth.runs.folder import plain

if TYPE_CHECKING:
    from firth.arrays import Int64
    from firth.runs.run import Run

_FREE = ("train.n_jobs", "train.model_storage")  # decides nothing
_METRICS = {
    "n_items": "items",
    "n_pairs": "pairs trained",
    "loss": "loss",
    "heldout_loss": "loss on held-out pairs",
}


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One value that two runs have by the same name; None where one has it not."""

    name: str
    a: Any
    b: Any


@dataclass(frozen=True, kw_only=True)
class MapsCompared:
    """How one run's map follows another's.

    Attributes
    ----------
    a_has_map, b_has_map
        Whether there is one.
    is_grown
        Whether the map of ``b`` started from that of ``a``.
    is_placed
        Whether ``b`` was placed on the map of ``a``, which then stays as it is.
    likeness
        The squared Procrustes correlation of the shared items' places, 0 to 1; None where it cannot be told.
    n_fixed
        Shared items that lie on both maps at exactly the same place.
    """

    a_has_map: bool
    b_has_map: bool
    is_grown: bool
    is_placed: bool
    likeness: float | None
    n_fixed: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


def has_same_data(a: Run, b: Run) -> bool | None:
    """Return whether two runs were trained on the same data, by its fingerprint; None where it is not known."""
    one, other = ((run.document.get("corpus") or {}).get("fingerprint") for run in (a, b))
    return None if one is None or other is None else bool(one == other)


def options_that_differ(a: Run, b: Run) -> list[Difference]:
    """Return the options that two runs were not both made with, by name; none where one of them is not known."""
    one, other = _options(a), _options(b)
    if not one or not other:
        return []
    # A recipe has more sections than a training made step by step; only what both say can differ.
    sections = {name.split(".")[0] for name in one} & {name.split(".")[0] for name in other}
    names = [name for name in sorted({*one, *other}) if name.split(".")[0] in sections and name not in _FREE]
    return [
        Difference(name=name, a=one.get(name), b=other.get(name)) for name in names if one.get(name) != other.get(name)
    ]


def metrics_of_both(a: Run, b: Run) -> list[Difference]:
    """Return what was measured of both runs, whether or not it differs."""
    one, other = dict(_measured(a)), dict(_measured(b))
    return [Difference(name=name, a=value, b=other[name]) for name, value in one.items() if name in other]


def compare_maps(a: Run, b: Run, ids_a: Int64, ids_b: Int64) -> MapsCompared:
    """Return how the maps of two runs go together; row i of the ids is the same item in each."""
    has = ["x" in run.items.columns for run in (a, b)]
    likeness, n_fixed = None, 0
    if all(has):
        old = a.items.select("x", "y").to_numpy()[ids_a]
        new = b.items.select("x", "y").to_numpy()[ids_b]
        likeness, n_fixed = recognisable(old, new), int((old == new).all(axis=1).sum())
    about = b.metrics.get("map") or {}
    return MapsCompared(
        a_has_map=has[0],
        b_has_map=has[1],
        is_grown=has[1] and about.get("grown_from") == a.name,
        is_placed=has[1] and about.get("placed_on") == a.name,
        likeness=likeness,
        n_fixed=n_fixed,
    )


def _options(run: Run) -> dict[str, Any]:
    recipe = run.document.get("recipe")
    if recipe is not None:
        return dict(_flat(plain(recipe)))
    asked = (run.document.get("training") or {}).get("asked")
    return {} if asked is None else {name: value for name, value in _flat({"train": asked}) if value is not None}


def _measured(run: Run) -> Iterator[tuple[str, float]]:
    metrics = run.metrics
    for key, name in _METRICS.items():
        if metrics.get(key) is not None:
            yield name, metrics[key]
    for agreement in metrics.get("agreement", []):
        yield f"agreement of {agreement['name']}, {agreement['k']} nearest", agreement["value"]
    about = metrics.get("map") or {}
    if about.get("trustworthiness") is not None:
        yield f"trustworthiness of the map, {about['k']} nearest", about["trustworthiness"]


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def same_items(a: Run, b: Run) -> tuple[Int64, Int64]:
    """Return the ids of the items that both runs have, in the order of ``a``: (n_shared,) int64 each."""
    vocabulary = b.vectors.vocabulary
    shared = [(i, vocabulary.id(key)) for i, key in enumerate(a.vectors.keys) if key in vocabulary]
    ids = np.array(shared, dtype=np.int64).reshape(-1, 2)
    return ids[:, 0].copy(), ids[:, 1].copy()
