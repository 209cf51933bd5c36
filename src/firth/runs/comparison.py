"""What a comparison of two runs says: in numbers, as a table of items, and as plain values for JSON and CSV."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firth.files import atomic_path
from firth.runs.differences import Difference, MapsCompared

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, kw_only=True)
class Chance:
    """What is known of how much two runs differ by chance alone.

    Attributes
    ----------
    n_twins
        How many trainings it was measured by.
    seeds
        Their seeds.
    is_trained
        Whether they were trained for this comparison, from the recipe of ``a``.
    fdr
        The false discovery rate that was asked for: the expected share, at most, of chance among what is said to have
        changed.
    fewest
        How many items have to change beyond all chance before so many twins can tell any of them at that rate.
    """

    n_twins: int
    seeds: tuple[int, ...]
    is_trained: bool
    fdr: float
    fewest: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """What changed from one run to another.

    Attributes
    ----------
    a, b
        Their names.
    k
        How many neighbours were compared; fewer where there are fewer shared items.
    items
        One row per shared item, those that changed most first:

        ======================  ==========================================================================
        ``key``                 the item
        ``count_a``, ``count_b``  how often it occurs in each; null where not known
        ``moved``               1 - cosine of its two vectors after alignment, 0 to 2
        ``kept``                how many of its k nearest shared items it kept
        ``jaccard``             kept / (nearest in either), 0 to 1
        ``neighbors_a``         its k nearest in ``a``, the nearest first
        ``neighbors_b``         its k nearest in ``b``
        ``moved_by_chance``     the mean of ``moved`` over the twins; null, as all that follow, where there are none
        ``kept_by_chance``      the mean of ``kept`` over the twins
        ``score``               how many standard deviations of chance it moved beyond that
        ``p_moved``             how often chance alone moves an item by so much
        ``fdr_moved``           the lowest false discovery rate at which it is said to have moved
        ``p_neighbors``         how often chance alone changes so many neighbours
        ``fdr_neighbors``       the lowest false discovery rate at which they are said to have changed
        ``has_moved``           whether ``fdr_moved`` is within the rate asked for
        ``has_new_neighbors``   whether ``fdr_neighbors`` is
        ======================  ==========================================================================
    departed
        Keys of items that only ``a`` has, in its order.
    arrived
        Keys of items that only ``b`` has, in its order.
    is_identical
        Whether the shared items' vectors are equal but for their lengths, so that nothing moved.
    is_same_data
        Whether both were trained on the same data; None where that is not known.
    options
        Options that differ.
    metrics
        What was measured of both.
    maps
        How their maps go together.
    chance
        How chance was measured; None: it is unknown.
    """

    a: str
    b: str
    k: int
    items: pl.DataFrame
    departed: tuple[str, ...]
    arrived: tuple[str, ...]
    is_identical: bool
    is_same_data: bool | None
    options: tuple[Difference, ...]
    metrics: tuple[Difference, ...]
    maps: MapsCompared
    chance: Chance | None

    @property
    def n_shared(self) -> int:
        """How many items both have."""
        return len(self.items)

    @property
    def moved(self) -> pl.DataFrame:
        """The rows of ``items`` that moved beyond chance; none where chance is unknown."""
        return self.items.filter(self.items["has_moved"].fill_null(value=False))

    @property
    def with_new_neighbors(self) -> pl.DataFrame:
        """The rows of ``items`` whose neighbours changed beyond chance; none where chance is unknown."""
        return self.items.filter(self.items["has_new_neighbors"].fill_null(value=False))

    def __repr__(self) -> str:
        return f"Comparison({self.a!r}, {self.b!r}, {self.n_shared:,} shared items)"

    def to_dict(self, *, n_items: int | None = None) -> dict[str, Any]:
        """Return the comparison as plain values, with the first ``n_items`` items only; None: with all."""
        shown = self.items if n_items is None else self.items.head(n_items)
        return {
            "a": self.a,
            "b": self.b,
            "k": self.k,
            "n_shared": self.n_shared,
            "is_identical": self.is_identical,
            "is_same_data": self.is_same_data,
            "n_moved": len(self.moved) if self.chance else None,
            "n_with_new_neighbors": len(self.with_new_neighbors) if self.chance else None,
            "chance": None if self.chance is None else asdict(self.chance),
            "options": [asdict(difference) for difference in self.options],
            "metrics": [asdict(difference) for difference in self.metrics],
            "map": self.maps.to_dict(),
            "departed": list(self.departed),
            "arrived": list(self.arrived),
            "items": shown.to_dicts(),
        }

    def write_csv(self, path: str | Path) -> None:
        """Write the items' table as CSV, atomically; neighbours are joined by `` | ``.

        Raises
        ------
        RunError
            If the file cannot be written.
        """
        import polars as pl

        lists = [name for name, kind in self.items.schema.items() if isinstance(kind, pl.List)]
        flat = self.items.with_columns(pl.col(name).list.join(" | ") for name in lists)
        with atomic_path(Path(path)) as temporary:
            flat.write_csv(temporary)
