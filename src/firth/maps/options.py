"""What a map is made with: checked once, kept as given."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from firth.errors import OptionError

Method = Literal["tsne", "umap", "pacmap", "sklearn"]
Metric = Literal["cosine", "euclidean"]
NeighborSearch = Literal["auto", "exact", "approximate"]

METHODS: tuple[Method, ...] = ("tsne", "umap", "pacmap", "sklearn")
METRICS: tuple[Metric, ...] = ("cosine", "euclidean")
SEARCHES: tuple[NeighborSearch, ...] = ("auto", "exact", "approximate")

MIN_SKLEARN_ITER = 250  # its phase of early exaggeration


@dataclass(frozen=True, kw_only=True)
class MapOptions:
    """How a map is made.

    Parameters
    ----------
    method
        ``tsne`` is Firth's own engine. ``umap``, ``pacmap`` and ``sklearn`` (t-SNE) go through their libraries, take
        what they know of these options, and ignore the rest.
    metric
        What near means in the vectors: ``cosine`` or ``euclidean``.
    perplexity
        About how many neighbours count for each item, >= 1; of several, the affinities are averaged, which shows
        structure of several sizes at once (Kobak & Berens 2019). Lowered to (n_items - 1) / 3 where there are too few.
    n_neighbors
        Of UMAP and PaCMAP, which have no perplexity: how many neighbours count, >= 2. 15 is UMAP's default.
    neighbors
        How nearest neighbours are searched: ``exact``, ``approximate``, or by the size of the matrix.
    n_iter
        Steps of the descent at most, >= 0; 250 at least for ``sklearn``.
    early_iter
        So many of the first steps exaggerate the affinities, >= 0.
    early_exaggeration
        By so much, >= 1.
    learning_rate
        > 0, for the gradient with its factor 4; half of it while exaggerating. "auto": n_items / 12 (Belkina et al.
        2019), at least 50.
    theta
        How small a far group of points must look to be taken as one, 0 <= theta <= 1: 0 computes all pairs, which takes
        O(n_items**2) a step.
    patience
        After the exaggeration, stop when the divergence has not fallen by a thousandth for so many steps, a multiple of
        50. 0: never.
    """

    method: Method = "tsne"
    metric: Metric = "cosine"
    perplexity: float | tuple[float, ...] = 30.0
    n_neighbors: int = 15
    neighbors: NeighborSearch = "auto"
    n_iter: int = 1000
    early_iter: int = 250
    early_exaggeration: float = 12.0
    learning_rate: float | Literal["auto"] = "auto"
    theta: float = 0.5
    patience: int = 100

    def __post_init__(self) -> None:
        for name, value, known in (
            ("method", self.method, METHODS),
            ("metric", self.metric, METRICS),
            ("neighbors", self.neighbors, SEARCHES),
        ):
            if value not in known:
                raise OptionError(f"{name} must be {_choice(known)}, got {value!r}.")
        if not self.perplexities:
            raise OptionError("perplexity must be a number or several, got none.")
        for perplexity in self.perplexities:
            _require(math.isfinite(perplexity) and perplexity >= 1, "perplexity must be >= 1", perplexity)
        _require(self.n_neighbors >= 2, "n_neighbors must be >= 2", self.n_neighbors)
        _require(self.n_iter >= 0, "n_iter must be >= 0", self.n_iter)
        if self.method == "sklearn" and self.n_iter < MIN_SKLEARN_ITER:
            raise OptionError(f"n_iter must be >= {MIN_SKLEARN_ITER} for method 'sklearn', got {self.n_iter}.")
        _require(self.early_iter >= 0, "early_iter must be >= 0", self.early_iter)
        exaggeration = self.early_exaggeration
        _require(math.isfinite(exaggeration) and exaggeration >= 1, "early_exaggeration must be >= 1", exaggeration)
        rate: object = self.learning_rate
        if rate != "auto" and not (isinstance(rate, int | float) and math.isfinite(rate) and rate > 0):
            raise OptionError(f"learning_rate must be 'auto' or > 0, got {rate!r}.")
        _require(0 <= self.theta <= 1, "theta must be from 0 to 1", self.theta)
        if self.patience < 0 or self.patience % 50:
            raise OptionError(f"patience must be a multiple of 50, or 0 for never, got {self.patience}.")

    @property
    def perplexities(self) -> tuple[float, ...]:
        """Return the perplexities, one or several."""
        given = self.perplexity
        return tuple(given) if isinstance(given, tuple | list) else (given,)

    def rate_for(self, n_items: int) -> float:
        """Return the learning rate for so many items."""
        return max(n_items / 12, 50.0) if self.learning_rate == "auto" else float(self.learning_rate)


def _require(holds: bool, rule: str, got: float) -> None:
    if not holds:
        raise OptionError(f"{rule}, got {got:g}.")


def _choice(names: tuple[str, ...]) -> str:
    quoted = [repr(name) for name in names]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"
