"""Small corpora whose groups are known, for the kernel's tests."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from firth.corpus.build import build
from firth.corpus.contexts import Groups
from firth.corpus.corpus import Corpus


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
