"""What a training is asked to do, checked once.

The names are gensim's where gensim has the word. An option that is "auto" stays "auto" here; what it became is in the
result's ``options``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from firth import _kernel
from firth.corpus.contexts import check_window
from firth.errors import OptionError

Objective = Literal["sgns", "nce", "cbow"]
Precision = Literal["float32", "float16"]


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """The options of :func:`firth.train`.

    Attributes
    ----------
    objective
        ``"sgns"``: skip-gram with negative sampling. ``"nce"``: noise-contrastive estimation, which adds a bias per
        output and subtracts log(negative * noise probability) from each score, so that scores estimate log p.
        ``"cbow"``: negative sampling in which the mean of a window's items predicts its centre, with the exact gradient
        (word2vec.c and gensim leave out a division; [2]_).
    tied
        One matrix for both: an item's vector is also its output vector.
    vector_size
        Dimensions of the vectors, >= 1.
    negative
        Negatives drawn per position and shared by its pairs, 1 to 256. They may repeat and may exceed the vocabulary.
    ns_exponent
        The noise is the items' probability as a centre to this power; 0 is uniform, 0.75 the customary value of [1]_.
    window
        How far an ordered context's pairs reach: an item is predicted from the ``window`` items to either side, or from
        the ``(before, after)`` items before and after it. ``(3, 0)`` trains what comes next. A context's own window
        goes first.
    shrink_windows
        Draw each window's reach uniformly between 1 and ``window``, which weights near items more ([1]_).
    sample
        Subsampling of frequent items in ordered contexts: one of relative frequency f is kept with probability
        sqrt(sample / f) + sample / f, as in word2vec.c. 0: all are kept.
    learning_rate
        Step size of one pair's gradient at the start; falls linearly to ``min_learning_rate``. 0.05 reached better
        vectors than word2vec's customary 0.025 on every data set tried (``benchmarks/RESULTS.md``): the merge of the
        lanes damps the rows for which it would be too large.
    min_learning_rate
        Where the learning rate ends, >= 0.
    epochs
        One epoch visits every token of the ordered contexts, or draws as many centres as there are memberships (item,
        group). "auto": 5, or, for groups alone, as many as train 500 pairs per item where they are few and large. With
        both kinds of context the pairs of all are divided by weight. Ignored when ``pairs`` is given.
    pairs
        How many pairs to train, over all contexts; None: as many as the epochs hold.
    partners
        Other members that one centre meets at a time, 1 to 16. Each is a pair.
    lanes
        Logical workers whose changes are merged after every step; not the number of threads.
    machines
        Logical machines of lanes (``docs/cluster.md``): each trains a copy of the model, and the copies are merged
        after every round. Not the number of real machines, among which they are shared; 1: there are no rounds.
    round_steps
        Steps of each machine between two merges; "auto" follows the number of steps.
    lane_size
        Centres of groups, or tokens of sequences, per lane and step; "auto" follows the number of items and the vector
        size.
    pool_size
        Negatives that a lane draws for itself at every step, from which its positions take theirs; "auto" lets each
        serve about four positions; of sequences over at most 32,768 items none is shared, which finds more.
    shuffle_block
        Visit ordered contexts by blocks of about so many tokens, in an order that is drawn anew for each epoch; within
        a block tokens are read as they come. 0: all are. For a corpus that is sorted, by date say, and too large to be
        shuffled: a million tokens and more are read from a disk at full speed.
    heldout
        Share of the data never trained but used to measure the loss, 0 <= heldout <= 0.5: pairs of groups; sequences, a
        thousand tokens at a time where they are longer.
    patience
        Stop when the held-out loss has not fallen for so many of the training's forty intervals; None: never.
    probes
        Items whose nearest are noted in the history, and shown, at every interval.
    curvature
        Strength of the merge's damping (``merge_share`` in the kernel): the part of the measured curvature, an upper
        bound, that lies in the direction a row moves in. More damps more; with more than 64 lanes 0.5 is safer.
    precision
        What the model's rows are kept in between steps; they are trained in float32. ``"float16"`` halves the model's
        memory and rounds by chance, so that small changes are not lost (``docs/large.md`` tells what it costs).
    model_storage
        Where the model lies while it trains: ``"memory"``; ``"file"``, in files without a name in the run's folder or
        among temporary files, of which the system keeps what is used most in memory; or ``"auto"``: in files if it
        would take more than three fifths of the memory that is free. The bytes are the same.
    seed
        0 <= seed < 2**64. Same corpus, options and seed: same bytes, for any ``n_jobs``.
    n_jobs
        Threads; "auto": as many as this process may use.

    References
    ----------
    .. [1] Mikolov, Sutskever, Chen, Corrado & Dean (2013). Distributed representations of words and phrases.
    .. [2] İrsoy, Benton & Stratos (2021). Corrected CBOW performs as well as skip-gram.
    """

    objective: Objective = "sgns"
    tied: bool = False
    vector_size: int = 100
    negative: int = 5
    ns_exponent: float = 0.75
    window: int | tuple[int, int] = 5
    shrink_windows: bool = True
    sample: float = 1e-3
    learning_rate: float = 0.05
    min_learning_rate: float = 0.0
    epochs: int | Literal["auto"] = "auto"
    pairs: int | None = None
    partners: int = 16
    lanes: int = 16
    machines: int = 1
    round_steps: int | Literal["auto"] = "auto"
    lane_size: int | Literal["auto"] = "auto"
    pool_size: int | Literal["auto"] = "auto"
    shuffle_block: int = 0
    heldout: float = 0.01
    patience: int | None = None
    probes: tuple[str, ...] = ()
    curvature: float = 0.25
    precision: Precision = "float32"
    model_storage: Literal["auto", "memory", "file"] = "auto"
    seed: int = 1
    n_jobs: int | Literal["auto"] = "auto"

    def __post_init__(self) -> None:
        """Check every option.

        Raises
        ------
        OptionError
            If one is outside its range; the message names the rule and what came.
        """
        for name in ("window", "probes"):
            if isinstance(getattr(self, name), list):
                object.__setattr__(self, name, tuple(getattr(self, name)))
        self._check_objective()
        self._check_steps()
        self._check_lanes()
        check_window(self.window)
        _check_keys("probes", self.probes)

    def _check_objective(self) -> None:
        if self.objective not in get_args(Objective):
            raise OptionError(f"objective must be 'sgns', 'nce' or 'cbow', got {self.objective!r}.")
        for name in ("tied", "shrink_windows"):
            if not isinstance(getattr(self, name), bool):
                raise OptionError(f"{name} must be true or false, got {getattr(self, name)!r}.")
        _check_int("vector_size", self.vector_size, 1, 65_536)
        _check_int("negative", self.negative, 1, int(_kernel.max_negative))
        _check_float("ns_exponent", self.ns_exponent, -10.0, 10.0)
        _check_float("sample", self.sample, 0.0, 1.0)
        _check_int("partners", self.partners, 1, int(_kernel.max_partners))

    def _check_steps(self) -> None:
        _check_float("learning_rate", self.learning_rate, 0.0, math.inf, is_open=True)
        _check_float("min_learning_rate", self.min_learning_rate, 0.0, self.learning_rate)
        if self.epochs != "auto":
            _check_int("epochs", self.epochs, 1, 1_000_000)
        if self.pairs is not None:
            _check_int("pairs", self.pairs, 1, 2**62)
        _check_float("heldout", self.heldout, 0.0, 0.5)
        if self.patience is not None:
            _check_int("patience", self.patience, 1, 1_000_000)

    def _check_lanes(self) -> None:
        _check_int("lanes", self.lanes, 1, int(_kernel.max_lanes))
        _check_int("machines", self.machines, 1, 1024)
        if self.machines > 1 and self.precision != "float32":
            raise OptionError(
                f"machines above 1 needs precision 'float32', got {self.precision!r}. Give one of them up."
            )
        if self.round_steps != "auto":
            _check_int("round_steps", self.round_steps, 1, 1_000_000)
        if self.lane_size != "auto":
            _check_int("lane_size", self.lane_size, 1, 1_000_000)
        if self.pool_size != "auto":
            _check_int("pool_size", self.pool_size, 1, 1_000_000)
        _check_int("shuffle_block", self.shuffle_block, 0, 2**62)
        if self.precision not in get_args(Precision):
            raise OptionError(f"precision must be 'float32' or 'float16', got {self.precision!r}.")
        if self.model_storage not in ("auto", "memory", "file"):
            raise OptionError(f"model_storage must be 'auto', 'memory' or 'file', got {self.model_storage!r}.")
        _check_float("curvature", self.curvature, 0.0, math.inf)
        _check_int("seed", self.seed, 0, 2**64 - 1)
        if self.n_jobs != "auto":
            _check_int("n_jobs", self.n_jobs, 1, 1024)


def _check_keys(name: str, value: object) -> None:
    if not isinstance(value, tuple) or not all(isinstance(key, str) for key in value):
        raise OptionError(f"{name} must be a list of keys, got {value!r}.")


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
