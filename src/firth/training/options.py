"""What a training is asked to do, checked once.

The names are gensim's where gensim has the word. An option that is "auto" stays "auto" here; what it became is in the
result's ``options``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from firth import _kernel
from firth.errors import OptionError

Objective = Literal["sgns", "nce"]


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """The options of :func:`firth.train`.

    Attributes
    ----------
    objective
        ``"sgns"``: skip-gram with negative sampling. ``"nce"``: noise-contrastive estimation, which adds a bias per
        output and subtracts log(negative * noise probability) from each score, so that scores estimate log p.
    vector_size
        Dimensions of the vectors, >= 1.
    negative
        Negatives drawn per position and shared by its pairs, 1 to 256. They may repeat and may exceed the vocabulary.
    ns_exponent
        The noise is the items' probability as a centre to this power; 0 is uniform, 0.75 the customary value of [1]_.
    learning_rate
        Step size of one pair's gradient at the start; falls linearly to ``min_learning_rate``. On groups 0.05 reached a
        lower held-out loss than word2vec's customary 0.025 on every data set tried (``benchmarks/RESULTS.md``).
    min_learning_rate
        Where the learning rate ends, >= 0.
    epochs
        One epoch draws as many centres as there are memberships (item, group). "auto": 5, or as many as train 500 pairs
        per item where groups are few and large. Ignored when ``pairs`` is given.
    pairs
        How many pairs to train, over all contexts; None: as many as the epochs hold.
    partners
        Other members that one centre meets at a time, 1 to 16. Each is a pair.
    lanes
        Logical workers whose changes are merged after every step; not the number of threads.
    lane_size
        Centres per lane and step; "auto" follows the number of items and the vector size.
    pool_size
        Negatives that a lane draws for itself at every step, from which its positions take theirs; "auto" lets each
        serve about four positions.
    heldout
        Share of all pairs never trained but used to measure the loss, 0 <= heldout < 1.
    curvature
        Strength of the merge's damping (``merge_share`` in the kernel), per pair and unit of learning rate.
    seed
        0 <= seed < 2**64. Same corpus, options and seed: same bytes, for any ``n_jobs``.
    n_jobs
        Threads; "auto": as many as this process may use.

    References
    ----------
    .. [1] Mikolov, Sutskever, Chen, Corrado & Dean (2013). Distributed representations of words and phrases.
    """

    objective: Objective = "sgns"
    vector_size: int = 100
    negative: int = 5
    ns_exponent: float = 0.75
    learning_rate: float = 0.05
    min_learning_rate: float = 0.0
    epochs: int | Literal["auto"] = "auto"
    pairs: int | None = None
    partners: int = 16
    lanes: int = 16
    lane_size: int | Literal["auto"] = "auto"
    pool_size: int | Literal["auto"] = "auto"
    heldout: float = 0.01
    curvature: float = 0.7
    seed: int = 1
    n_jobs: int | Literal["auto"] = "auto"

    def __post_init__(self) -> None:
        """Check every option.

        Raises
        ------
        OptionError
            If one is outside its range; the message names the rule and what came.
        """
        if self.objective not in ("sgns", "nce"):
            raise OptionError(f"objective must be 'sgns' or 'nce', got {self.objective!r}.")
        _check_int("vector_size", self.vector_size, 1, 65_536)
        _check_int("negative", self.negative, 1, int(_kernel.max_negative))
        _check_float("ns_exponent", self.ns_exponent, -10.0, 10.0)
        _check_float("learning_rate", self.learning_rate, 0.0, math.inf, is_open=True)
        _check_float("min_learning_rate", self.min_learning_rate, 0.0, self.learning_rate)
        if self.epochs != "auto":
            _check_int("epochs", self.epochs, 1, 1_000_000)
        if self.pairs is not None:
            _check_int("pairs", self.pairs, 1, 2**62)
        _check_int("partners", self.partners, 1, int(_kernel.max_partners))
        _check_int("lanes", self.lanes, 1, int(_kernel.max_lanes))
        if self.lane_size != "auto":
            _check_int("lane_size", self.lane_size, 1, 1_000_000)
        if self.pool_size != "auto":
            _check_int("pool_size", self.pool_size, 1, 1_000_000)
        _check_float("heldout", self.heldout, 0.0, 0.5)
        _check_float("curvature", self.curvature, 0.0, math.inf)
        _check_int("seed", self.seed, 0, 2**64 - 1)
        if self.n_jobs != "auto":
            _check_int("n_jobs", self.n_jobs, 1, 1024)


def _check_int(name: str, value: object, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise OptionError(f"{name} must be a whole number, got {value!r}.")
    if not low <= value <= high:
        rule = f"must be >= {low}" if value < low else f"must be <= {high}"
        raise OptionError(f"{name} {rule}, got {value}.")


def _check_float(name: str, value: object, low: float, high: float, *, is_open: bool = False) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise OptionError(f"{name} must be a finite number, got {value!r}.")
    if value < low or value > high or (is_open and value == low):
        sign = ">" if is_open else ">="
        rule = f"must be {sign} {low:g}" if value <= low else f"must be <= {high:g}"
        raise OptionError(f"{name} {rule}, got {value}.")
