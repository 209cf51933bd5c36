"""Rates at which neighbours recur, from counts in a few other trainings."""

import numpy as np
import pytest
from scipy.stats import betabinom, binomtest

from firth.errors import DataError, OptionError
from firth.evaluation.stability import (
    UNSTABLE,
    calibration,
    fit_beta_binomial,
    is_unstable,
    recurrence,
    recurrence_rates,
    wilson,
)


def drawn(n_items: int, k: int, members: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Counts of pairs whose rates depend on rank and item, in the members and in 200 fresh trainings."""
    random = np.random.default_rng(seed)
    of_item, of_rank = random.normal(0.0, 1.2, (n_items, 1)), np.linspace(1.5, -1.0, k)
    rates = 1 / (1 + np.exp(-(of_item + of_rank + random.normal(0.0, 0.8, (n_items, k)))))
    return random.binomial(members, rates), random.binomial(200, rates)


def test_recurrence_is_membership_whatever_the_rank():
    near = np.array([[1, 2, 3], [0, 2, 4], [4, 1, 0]], dtype=np.int32)
    other = np.array([[3, 4, 1], [-1, -1, -1], [0, 1, 4]], dtype=np.int32)
    assert recurrence(near, other).tolist() == [[True, False, True], [False] * 3, [True] * 3]


def test_recurrence_is_the_same_in_blocks(monkeypatch: pytest.MonkeyPatch):
    random = np.random.default_rng(3)
    near, other = random.integers(0, 30, (17, 3)), random.integers(0, 30, (17, 5))
    whole = recurrence(near, other)
    monkeypatch.setattr("firth.evaluation.stability._BLOCK", 40)
    assert np.array_equal(recurrence(near, other), whole)
    assert whole.any()


def test_a_fit_by_hand():
    # One trial each, of which the added observation is half of either: 3.5 of 5 recurred, so a / (a + b) is 0.7.
    a, b = fit_beta_binomial([1, 1, 1, 0], [1, 1, 1, 1])
    assert a / (a + b) == pytest.approx(0.7, abs=1e-6)


@pytest.mark.parametrize("truth", [(0.4, 1.1), (3.0, 2.0), (8.0, 0.5)])
def test_a_fit_is_the_likeliest(truth: tuple[float, float]):
    random = np.random.default_rng(4)
    trials = random.integers(2, 8, 20_000)
    counts = random.binomial(trials, random.beta(*truth, 20_000))
    a, b = fit_beta_binomial(counts, trials)
    best = betabinom.logpmf(counts, trials, a, b).sum()
    for near in ((a * 1.03, b), (a * 0.97, b), (a, b * 1.03), (a, b * 0.97)):
        assert betabinom.logpmf(counts, trials, *near).sum() < best
    assert (a, b) == pytest.approx(truth, rel=0.12)


def test_a_rate_by_hand():
    # Fewer than 500 pairs are one class: the fit of all, then (a + count) / (a + b + trials).
    counts, trials = np.array([[4, 2], [3, 0], [4, 1]]), np.array([4, 4, 4])
    a, b = fit_beta_binomial(counts.ravel(), np.repeat(trials, 2))
    found = recurrence_rates(counts, trials)
    assert found.rates == pytest.approx((a + counts) / (a + b + 4))
    assert found.confidence == pytest.approx(((a + counts) / (a + b + 4)).mean(axis=1))


# The worst of 50 seeds: pairs 0.0184, 0.0098, 0.0086; items 0.0238, 0.0141, 0.0089; the least that the plain share of
# members is off by: 0.167, 0.080, 0.042.
@pytest.mark.parametrize(
    ("members", "of_pairs", "of_items", "of_share"),
    [(2, 0.025, 0.03, 0.15), (5, 0.013, 0.018, 0.07), (10, 0.012, 0.012, 0.035)],
)
def test_stated_rates_are_those_found(members: int, of_pairs: float, of_items: float, of_share: float):
    counts, fresh = drawn(1000, 7, members, seed=5)
    found = recurrence_rates(counts, np.full(1000, members))
    assert calibration(found.rates, fresh, 200).error < of_pairs
    assert calibration(found.confidence, fresh.mean(axis=1), 200).error < of_items
    assert calibration(counts / members, fresh, 200).error > of_share


def test_what_other_neighbours_do_is_used():
    """Two kinds of items, whose pairs recur at 0.2 and at 0.8: the same count means more where the others recur."""
    random = np.random.default_rng(6)
    rates = np.where(np.arange(2000) % 2, 0.8, 0.2)
    counts = random.binomial(3, np.repeat(rates[:, None], 8, axis=1))
    found = recurrence_rates(counts, np.full(2000, 3))
    # The worst of 50 seeds: 0.229 and 0.774.
    assert found.confidence[rates < 0.5].mean() < 0.25
    assert found.confidence[rates > 0.5].mean() > 0.75


def test_identical_members_give_rates_near_one():
    found = recurrence_rates(np.full((40, 10), 5), np.full(40, 5))
    assert found.rates.min() > 0.99
    assert not found.is_unstable.any()


def test_unrelated_members_give_the_level_of_chance():
    random = np.random.default_rng(7)
    counts = random.binomial(5, 10 / 999, (1000, 10))
    found = recurrence_rates(counts, np.full(1000, 5))
    # 50 seeds: 0.0100 to 0.0121 on average, where the chance is 0.0100; the largest of all rates is 0.193.
    assert found.confidence.mean() == pytest.approx(10 / 999, abs=0.003)
    assert found.rates.max() < 0.23
    assert found.is_unstable.all()


def test_an_item_that_no_member_had_is_unknown():
    found = recurrence_rates([[2, 1], [0, 0], [1, 0]], [3, 0, 1])
    assert np.isnan(found.rates[1]).all()
    assert np.isnan(found.confidence[1])
    assert found.is_unstable[1] == np.False_
    assert not np.isnan(found.rates[[0, 2]]).any()


def test_fewer_trials_say_less():
    found = recurrence_rates([[1, 0], [4, 0]], [1, 4])
    assert found.rates[0, 0] < found.rates[1, 0]
    assert found.rates[0, 1] > found.rates[1, 1]


@pytest.mark.parametrize(("n_items", "k"), [(0, 0), (0, 3), (1, 0), (3, 0), (1, 1), (3, 2), (600, 1)])
def test_any_size_has_rates(n_items: int, k: int):
    counts = (np.arange(n_items * k) % 3).reshape(n_items, k)
    found = recurrence_rates(counts, np.full(n_items, 2))
    assert found.rates.shape == (n_items, k)
    assert found.confidence.shape == found.is_unstable.shape == (n_items,)
    assert np.isnan(found.confidence).all() == (k == 0 or n_items == 0)


def test_below_one_half_is_unstable():
    assert UNSTABLE == 0.5
    assert is_unstable([0.49, 0.5, np.nan, 0.9]).tolist() == [True, False, False, False]


def test_bins_by_hand():
    found = calibration([0.12, 0.18, 0.85, 1.0, np.nan], [1, 3, 9, 10, 4], [10, 10, 10, 10, 10])
    assert found.n_pairs.tolist() == [2, 1, 1]
    assert found.stated == pytest.approx([0.15, 0.85, 1.0])
    assert found.found == pytest.approx([0.2, 0.9, 1.0])
    assert found.error == pytest.approx((2 * 0.05 + 0.05 + 0.0) / 4)
    assert np.isnan(calibration([], [], 3).error)


@pytest.mark.parametrize(("hits", "n"), [(0, 3), (1, 17), (8, 10), (999, 1000), (5, 5)])
def test_intervals_are_wilsons(hits: int, n: int):
    low, high = wilson([hits], [n])
    expected = binomtest(hits, n).proportion_ci(method="wilson")
    assert (low[0], high[0]) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda: recurrence(np.zeros((2, 1), int), np.zeros((3, 1), int)), DataError, "2 and 3 rows"),
        (lambda: recurrence_rates([1, 2], [2, 2]), DataError, "a row"),
        (lambda: recurrence_rates([[1, 2]], [2, 2]), DataError, "a number, per item"),
        (lambda: recurrence_rates([[3]], [2]), DataError, "from 0 to their item's trials"),
        (lambda: recurrence_rates([[-1]], [2]), DataError, "from 0 to their item's trials"),
        (lambda: fit_beta_binomial([3], [2]), DataError, "from 0 to their trials"),
        (lambda: fit_beta_binomial([1, 2], [2]), DataError, "one each"),
        (lambda: calibration([0.5], [1], 2, n_bins=0), OptionError, "n_bins must be >= 1, got 0"),
        (lambda: calibration([0.5, 0.6], [1], 2), DataError, "of one size"),
        (lambda: calibration([1.2], [1], 2), DataError, "from 0 to 1"),
    ],
)
def test_what_does_not_fit_is_refused(ask, error: type[Exception], message: str):
    with pytest.raises(error, match=message):
        ask()
