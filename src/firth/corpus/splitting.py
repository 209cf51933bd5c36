"""Sequences held out of training: whole ones, drawn by lot, whose last items are the questions that are asked later."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from firth.arrays import Int64
from firth.corpus.contexts import Sequences, Walks
from firth.corpus.encoded import Encoded
from firth.corpus.intake import Intake
from firth.errors import DataError, OptionError
from firth.randomness import Purpose, generator


@dataclass(frozen=True, kw_only=True)
class Holdout:
    """Which sequences are held out.

    Parameters
    ----------
    validation, test
        Shares of the sequences that are long enough, each from 0 to 0.5: one to choose options by, one to report.
    min_length
        The fewest items of a sequence that may be held out, >= 2; shorter ones are trained, whatever the shares.
    context
        The ordered context whose sequences are split; None: the source's first.
    seed
        Of the lot, 0 <= seed < 2**64.

    Raises
    ------
    OptionError
        If a value is outside its range.
    """

    validation: float = 0.1
    test: float = 0.1
    min_length: int = 3
    context: str | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        for name in ("validation", "test"):
            share = getattr(self, name)
            is_number = isinstance(share, int | float) and not isinstance(share, bool)
            if not is_number or not math.isfinite(share) or not 0 <= share <= 0.5:
                raise OptionError(f"{name} must be a share from 0 to 0.5, got {share!r}.")
        if type(self.min_length) is not int or self.min_length < 2:
            raise OptionError(f"min_length must be a whole number >= 2, got {self.min_length!r}.")
        if type(self.seed) is not int or not 0 <= self.seed < 2**64:
            raise OptionError(f"seed must be a whole number from 0 to 2**64 - 1, got {self.seed!r}.")


@dataclass(frozen=True, eq=False)
class Split:
    """A source, some of whose sequences are held out.

    Parameters
    ----------
    context
        The ordered context that is split.
    train
        What is left to train on.
    sequences
        All sequences of that context, as they were read.
    trained, validation, test
        (n,) int64 each, ascending: numbers of sequences. Together they are all, and no two share one.
    """

    context: str
    train: Intake
    sequences: Encoded
    trained: Int64
    validation: Int64
    test: Int64


def split(intake: Intake, holdout: Holdout) -> Split:
    """Return a source with some of its sequences held out.

    Raises
    ------
    OptionError
        If the source has no such ordered context, or another context trains the same sequences.
    DataError
        If no sequence is long enough, or none is left to train on.

    Notes
    -----
    Sequences are numbered in the order of their names, so the order of the rows has no influence. Unordered contexts
    stay whole: what is known of an item is known, whichever sequences it is in. But those of weight 0 make no items
    that nothing trains. O(tokens) time.
    """
    context = holdout.context or next(iter(intake.encoded), "")
    source = intake.ordered(context)
    _check_leaks(intake, context)
    lengths = np.diff(source.offsets)
    eligible = np.flatnonzero(lengths >= holdout.min_length)
    if not len(eligible):
        raise DataError(
            f"no sequence of {context!r} has the {holdout.min_length} items that it takes to be held out; the longest "
            f"has {int(lengths.max()) if len(lengths) else 0}. Lower min_length."
        )
    drawn = generator(holdout.seed, Purpose.HOLDOUT).permutation(eligible)
    n_validation, n_test = (round(share * len(eligible)) for share in (holdout.validation, holdout.test))
    validation, test = np.sort(drawn[:n_validation]), np.sort(drawn[n_validation : n_validation + n_test])
    is_trained = np.ones(len(lengths), dtype=bool)
    is_trained[validation] = is_trained[test] = False
    trained = np.flatnonzero(is_trained)
    if not len(trained):
        raise DataError(f"all {len(lengths)} sequences of {context!r} are held out, so nothing is left to train on.")
    return Split(context, intake.select(context, trained).trained_only(), source, trained, validation, test)


def _check_leaks(intake: Intake, context: str) -> None:
    """Raise OptionError if another context would train what is held out of this one."""
    split_by = intake.declared[context]
    assert isinstance(split_by, Sequences)  # it is ordered
    for name, other in intake.declared.items():
        if isinstance(other, Walks):
            continue  # its edges are between items, whichever sequences these are in
        by = other.sequences if isinstance(other, Sequences) else (other.column,)
        if name != context and other.weight > 0 and by == split_by.sequences and other.query == split_by.query:
            raise OptionError(
                f"sequences held out of {context!r} must not be trained otherwise, and {name!r} is made of the same "
                f"{' and '.join(by)}. Leave it out, or give it weight 0."
            )
