"""The order without memory: every number once, as the oracle says, and like a random one."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from firth import _kernel
from firth.training.reference_draws import permuted

SIZES = [1, 2, 3, 4, 5, 17, 255, 256, 257, 1000, 99_991]


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("key", [0, 1, 2**64 - 1])
def test_every_number_stands_at_one_place(n: int, key: int) -> None:
    np.testing.assert_array_equal(np.sort(_kernel.permuted(n, key, 0, n)), np.arange(n))


@pytest.mark.parametrize(("n", "first"), [(1, 0), (3, 0), (17, 5), (1000, 990), (2**40 + 7, 2**39), (2**62, 2**62 - 9)])
def test_the_kernel_agrees_with_the_oracle(n: int, first: int) -> None:
    last = min(n, first + 12)
    assert _kernel.permuted(n, 77, first, last).tolist() == [permuted(n, 77, i) for i in range(first, last)]


def test_all_orders_of_four_are_met_alike() -> None:
    met = Counter(tuple(_kernel.permuted(4, key, 0, 4).tolist()) for key in range(24_000))
    # The worst of fifty runs of 4,000 keys has p = 0.036.
    assert stats.chisquare([met[order] for order in met]).pvalue > 1e-4
    assert len(met) == 24


def test_neighbouring_places_hold_unrelated_numbers() -> None:
    order = _kernel.permuted(100_003, 5, 0, 100_003).astype(np.float64)
    assert abs(np.corrcoef(order[:-1], order[1:])[0, 1]) < 0.02
    assert abs(np.corrcoef(np.arange(len(order)), order)[0, 1]) < 0.02


def test_another_key_gives_another_order() -> None:
    one, other = _kernel.permuted(1000, 8, 0, 1000), _kernel.permuted(1000, 9, 0, 1000)
    assert (one == other).sum() < 10


@pytest.mark.parametrize(("n", "first", "last"), [(0, 0, 0), (2**62 + 1, 0, 1), (5, 3, 2), (5, 0, 6)])
def test_places_outside_are_refused(n: int, first: int, last: int) -> None:
    with pytest.raises(ValueError, match="permutation"):
        _kernel.permuted(n, 1, first, last)
