"""Small corpora whose groups and sequences are known, for the kernel's tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from firth.corpus.build import build
from firth.corpus.contexts import Groups, Sequences
from firth.corpus.corpus import Corpus
from firth.corpus.vocabulary_options import VocabularyOptions


@pytest.fixture
def small_corpus() -> Callable[..., Corpus]:
    """Return a maker of corpora: items i in group i % 3 of "team", with repeats, and in uneven groups of "city"."""

    def make(n_items: int = 23, *, member_weight: bool = False, choice: str = "uniform") -> Corpus:
        item = [f"item{i}" for i in range(n_items)]
        team = pl.DataFrame(
            {
                "item": [key for i, key in enumerate(item) for _ in range(1 + i % 4)],
                "value": [f"team{i % 3}" for i in range(n_items) for _ in range(1 + i % 4)],
            }
        )
        city = pl.DataFrame({"item": item, "value": [f"city{min(i // 2, 4)}" for i in range(n_items)]})
        return build(
            {"team": team, "city": city},
            {
                "team": Groups(weight=3, member_weight=member_weight),
                "city": Groups(weight=1, choice=choice),
            },
        )

    return make


@pytest.fixture
def ordered_corpus() -> Callable[..., Corpus]:
    """Return a maker of corpora of sequences of very different lengths, with repeats, drawn by a skewed law.

    ``min_count`` drops items, ``unknown`` reads them as one; ``groups`` adds an unordered context of weight 2.
    """

    def make(
        n_items: int = 29,
        *,
        n_tokens: int = 2_500,
        min_count: int = 1,
        unknown: str | None = None,
        window: int | tuple[int, int] | None = None,
        groups: bool = False,
        n_contexts: int = 1,
    ) -> Corpus:
        random = np.random.default_rng(n_items)
        codes = np.minimum(random.geometric(0.09, size=n_tokens) - 1, n_items - 1)
        lengths = [1200, 1, 2, 2, 3]
        while sum(lengths) < n_tokens:
            lengths.append(min(int(random.integers(1, 60)), n_tokens - sum(lengths)))
        keys = np.array([f"item{i}" for i in range(n_items)])
        sequence = np.repeat(np.arange(len(lengths)), lengths)
        played = pl.DataFrame({"sequence": sequence, "item": keys[codes]})
        frames = {"played": played}
        contexts: dict[str, Groups | Sequences] = {"played": Sequences(weight=3, window=window)}
        for i in range(1, n_contexts):
            frames[f"played{i}"] = played.reverse()
            contexts[f"played{i}"] = Sequences(weight=1)
        if groups:
            frames["team"] = pl.DataFrame({"item": keys, "value": [f"team{i % 3}" for i in range(n_items)]})
            contexts["team"] = Groups(weight=2)
        return build(frames, contexts, vocabulary=VocabularyOptions(min_count=min_count, unknown=unknown))

    return make
