"""Do the nearest items tell an item's tags? For each tag beside the level of chance, with an interval.

Only items that have at least one tag are asked and answer: of one without, nobody has said what it is, so it neither
agrees nor disagrees. The k nearest are those by cosine among the tagged items, exactly, never the item itself and never
those on the map. Chance is computed, not drawn: what random other tagged items would give.

An interval tells how far a figure would move with other items of the same kind, not with another training: vectors and
neighbours stay. Accuracies have a bootstrap's, which draws the judged items anew; purity has the limit of a bootstrap
in which an item that is drawn again is also a neighbour again (``tag_votes.py``), since neighbours are shared.

References
----------
Efron & Tibshirani (1993). An introduction to the bootstrap (percentile interval). Chapman & Hall.
Brodersen, Ong, Stephan & Buhmann (2010). The balanced accuracy and its posterior distribution. ICPR '10.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from firth.arrays import Bool, Float64, Int64
from firth.errors import DataError, OptionError
from firth.evaluation.groups import memberships
from firth.evaluation.tag_votes import Memberships, Votes, count_votes, purity_errors
from firth.randomness import Purpose, generator
from firth.vectors.neighbors import top_k
from firth.vectors.vectors import Vectors

if TYPE_CHECKING:
    import polars as pl

_ALL_UP_TO = 30_000  # tagged items that are all judged unless the caller says otherwise
_SAMPLE = 10_000  # of more than these
_N_DRAWS = 2_000  # of a bootstrap
_BLOCK = 4_096  # items whose neighbours' tags are counted at once
_SAMPLING = 1 << 40  # the stream of the sample; those below are the bootstraps'
_Z = 1.959964  # of a normal distribution's 95 %
_UNKNOWN = (float("nan"), float("nan"))

Interval = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class TagScore:
    """How one tag shows in the neighbours.

    Parameters
    ----------
    tag
        Its name.
    n_items
        Items that have it.
    n_judged
        Of these, items that were judged: all, or those of the sample.
    purity
        The share of their k nearest that have it too, on average; NaN where none was judged.
    purity_interval
        Its 95 % interval.
    chance
        What random other tagged items would give.
    precision
        Of the items that their neighbours give the tag (at least half of the k nearest have it), the share that has it;
        NaN where they give it to none. Who guesses the tag as often as it occurs has a precision, a recall and an F1 of
        about ``chance``.
    recall
        Of the items that have it, the share that the neighbours give it.
    f1
        2 * precision * recall / (precision + recall): 0 where no guess is right.
    balanced_accuracy
        The mean of the recall and of the share of the other items that the neighbours do not give it: 0.5 by chance,
        whatever the guess; NaN where all or none of the judged items have it.
    balanced_accuracy_interval
        Its 95 % interval.
    """

    tag: str
    n_items: int
    n_judged: int
    purity: float
    purity_interval: Interval
    chance: float
    precision: float
    recall: float
    f1: float
    balanced_accuracy: float
    balanced_accuracy_interval: Interval


@dataclass(frozen=True, kw_only=True)
class TagQuality:
    """How an attribute's tags show in the neighbours.

    Parameters
    ----------
    name
        The attribute.
    k
        Neighbours per item.
    n_items
        All items.
    n_tagged
        Items that have at least one tag, among which neighbours are looked for.
    n_judged
        Items that were judged: all tagged ones, or a sample of them.
    is_single
        Whether every tagged item has exactly one tag.
    accuracy
        One tag is guessed for each item, that which most of its k nearest have (of equals the one whose first is
        nearest); this is the share of items that have what was guessed.
    accuracy_interval
        Its 95 % interval.
    majority
        What guessing the most frequent tag for everyone would give.
    prior
        What guessing one of another item's tags would give, drawn by how often each occurs.
    tags
        One score per tag, the most frequent first.
    """

    name: str
    k: int
    n_items: int
    n_tagged: int
    n_judged: int
    is_single: bool
    accuracy: float
    accuracy_interval: Interval
    majority: float
    prior: float
    tags: tuple[TagScore, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return asdict(self)


def tag_quality(
    vectors: Vectors,
    tags: pl.Series,
    *,
    k: int = 10,
    sample: int | None = None,
    seed: int = 1,
    n_jobs: int | Literal["auto"] = "auto",
) -> TagQuality:
    """Return how well the ``k`` nearest tagged items tell each item's tags.

    Parameters
    ----------
    vectors
        The items.
    tags
        (n_items,) lists of texts, or texts, in the vectors' order; an empty list, null or "" where nothing is known.
    k
        Neighbours, >= 1; all other tagged items where there are fewer.
    sample
        Judge so many tagged items, drawn at random, >= 1; their neighbours are looked for among all. None: all of up to
        30,000, and 10,000 of more.
    seed
        0 <= seed < 2**64, of the sample and of the intervals.
    n_jobs
        Threads.

    Raises
    ------
    OptionError
        If an option is outside its range.
    DataError
        If there is not one row per item, the column holds no texts, or fewer than two items have a tag.

    Notes
    -----
    O(n_judged * n_tagged * size) time. Same numbers for any ``n_jobs``. The 2,000 draws of a bootstrap
    are of a multinomial over the few outcomes that an item can have, which is the same and takes no time.

    Examples
    --------
    >>> import polars as pl
    >>> vectors = Vectors(["a", "b", "c", "d"], [[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    >>> found = tag_quality(vectors, pl.Series("tags", [["rock"], ["rock"], ["rap"], ["rap"]]), k=1)
    >>> found.accuracy, round(found.prior, 2), [(one.tag, one.purity) for one in found.tags]
    (1.0, 0.33, [('rap', 1.0), ('rock', 1.0)])
    """
    _check(k, sample, seed)
    tagged, labels, known = _known(vectors, tags)
    n = known.n_items
    judged = _judged(n, sample, seed)
    unit = vectors.normalised[tagged]
    near, _ = top_k(unit[judged], unit, k=k, exclude=judged, n_jobs=n_jobs)
    votes = count_votes(near.astype(np.int64), known, judged, block=_BLOCK)
    sizes = known.sizes
    order = np.lexsort((np.arange(len(labels)), -sizes)).tolist()
    purity = _purity(votes.histogram)
    errors = purity_errors(near.astype(np.int64), known, judged, purity, block=_BLOCK)
    scores = _scores(votes, known, (purity, errors), order, labels, seed=seed)
    right = int(votes.is_right.sum())
    return TagQuality(
        name=tags.name,
        k=near.shape[1],
        n_items=len(vectors),
        n_tagged=n,
        n_judged=len(judged),
        is_single=len(known.items) == n,
        accuracy=right / len(judged),
        accuracy_interval=_interval_of_share(right, len(judged), seed=seed),
        majority=float(sizes.max() / n),
        prior=_prior(known),
        tags=scores,
    )


def _check(k: int, sample: int | None, seed: int) -> None:
    if k < 1:
        raise OptionError(f"k must be >= 1, got {k}.")
    if sample is not None and sample < 1:
        raise OptionError(f"sample must be >= 1, or None, got {sample}.")
    if not 0 <= seed < 2**64:
        raise OptionError(f"seed must be from 0 to 2**64 - 1, got {seed}.")


def _known(vectors: Vectors, tags: pl.Series) -> tuple[Int64, list[str], Memberships]:
    """Return the items that have tags, the tags' names, and who has which."""
    import polars as pl

    if len(tags) != len(vectors):
        raise DataError(f"tags has {len(tags)} rows but there are {len(vectors)} items; one row per item.")
    if tags.dtype not in (pl.String, pl.List(pl.String)):
        raise DataError(f"tags must be texts, but {tags.name!r} holds {tags.dtype}; numbers have agreement().")
    items, values, labels = memberships(tags)
    tagged, places = np.unique(items, return_inverse=True)
    if len(tagged) < 2:
        raise DataError(f"tags need at least two items that have one, but of {tags.name!r} {len(tagged)} do.")
    return tagged, labels, Memberships(places.astype(np.int64), values, n_items=len(tagged), n_tags=len(labels))


def _judged(n: int, sample: int | None, seed: int) -> Int64:
    wanted = (n if n <= _ALL_UP_TO else _SAMPLE) if sample is None else sample
    if wanted >= n:
        return np.arange(n)
    drawn = generator(seed, Purpose.TAGS, _SAMPLING).choice(n, size=wanted, replace=False)
    return np.sort(drawn).astype(np.int64)


def _scores(
    votes: Votes, known: Memberships, purity: tuple[Float64, Float64], order: list[int], labels: list[str], *, seed: int
) -> tuple[TagScore, ...]:
    sizes, n_judged, n_with = known.sizes, len(votes.is_right), votes.n_with
    scores = []
    for index, tag in enumerate(order, start=1):
        tp = int(votes.n_right[tag])
        fp, fn = int(votes.n_given[tag]) - tp, int(n_with[tag]) - tp
        cells = np.array([tp, fn, fp, n_judged - tp - fn - fp])
        mean, error = float(purity[0][tag]), float(purity[1][tag])
        scores.append(
            TagScore(
                tag=labels[tag],
                n_items=int(sizes[tag]),
                n_judged=tp + fn,
                purity=mean,
                purity_interval=(max(mean - _Z * error, 0.0), min(mean + _Z * error, 1.0)) if tp + fn else _UNKNOWN,
                chance=float((sizes[tag] - 1) / (known.n_items - 1)),
                precision=_ratio(tp, tp + fp),
                recall=_ratio(tp, tp + fn),
                f1=_ratio(2 * tp, 2 * tp + fp + fn),
                balanced_accuracy=float(_balanced(cells[None].astype(np.float64))[0]),
                balanced_accuracy_interval=_interval_of_balance(cells, seed=seed, index=index),
            )
        )
    return tuple(scores)


def _prior(known: Memberships) -> float:
    """Return how often a tag drawn from those of all other items is one of the item's own, on average over items."""
    n_own = np.bincount(known.items, minlength=known.n_items)
    alike = np.bincount(known.items, weights=known.sizes[known.tags] - 1.0, minlength=known.n_items)
    return float((alike / (len(known.items) - n_own)).mean())


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _purity(histogram: Int64) -> Float64:
    """Return the mean share of neighbours, for each tag; NaN where no item was judged."""
    n_pairs = histogram.sum(axis=1) * (histogram.shape[1] - 1)
    found = histogram @ np.arange(histogram.shape[1])
    return np.where(n_pairs > 0, found / np.maximum(n_pairs, 1), np.nan)


def _interval_of_share(part: int, whole: int, *, seed: int) -> Interval:
    drawn = generator(seed, Purpose.TAGS).binomial(whole, part / whole, size=_N_DRAWS)
    return _ends(drawn / whole)


def _interval_of_balance(cells: Int64, *, seed: int, index: int) -> Interval:
    total = int(cells.sum())
    drawn = generator(seed, Purpose.TAGS, index).multinomial(total, cells / total, size=_N_DRAWS)
    return _ends(_balanced(drawn.astype(np.float64)))


def _balanced(cells: Float64) -> Float64:
    """Return the balanced accuracy of rows of true positives, false negatives, false positives, true negatives."""
    tp, fn, fp, tn = cells.T
    has: Bool = (tp + fn > 0) & (fp + tn > 0)
    halves = tp / np.where(has, tp + fn, 1.0) + tn / np.where(has, fp + tn, 1.0)
    return np.where(has, halves / 2, np.nan)


def _ends(draws: Float64) -> Interval:
    draws = draws[np.isfinite(draws)]
    if not len(draws):
        return _UNKNOWN
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)
