"""What chance does, item by item: ranks by hand, false discoveries, recall."""

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from firth.errors import DataError, OptionError
from firth.evaluation.chance import arcsine, false_discovery_rates, fewest, surprise


def drawn(n_twins: int, n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return observed values, twins with levels and spreads of their own, and counts that tell the spreads."""
    draws = np.random.default_rng(seed)
    counts = np.sort(draws.integers(1, 1000, n))[::-1].copy()
    level, spread = draws.normal(0, 3, n), 1 / np.sqrt(counts)
    values = level + spread * draws.standard_t(8, (n_twins + 1, n))
    return values[0], values[1:], counts


def test_p_is_a_rank_among_what_twins_showed():
    # Means 0, variances 2. A twin against the other: +-2 / (sqrt(2) * sqrt(2)), so the four null scores are +-1, twice.
    found = surprise([5.0, 0.0], [[1.0, -1.0], [-1.0, 1.0]])
    assert found.scores.tolist() == pytest.approx([5 / np.sqrt(2 * 1.5), 0.0])
    assert found.p.tolist() == [1 / 5, 3 / 5]


def test_rates_are_scipys():
    p = np.random.default_rng(1).random(101) ** 3
    assert np.abs(false_discovery_rates(p) - false_discovery_control(p)).max() < 1e-12
    assert false_discovery_rates([]).shape == (0,)


@pytest.mark.parametrize("n_twins", [2, 3, 5])
def test_where_nothing_changed_hardly_anything_is_said_to_have(n_twins: int):
    flagged = []
    for seed in range(100):
        observed, twins, counts = drawn(n_twins, 500, seed)
        flagged.append((false_discovery_rates(surprise(observed, twins, by=counts).p) <= 0.1).any())
    # Allowed is 0.1; found were 0.03, 0.01 and 0.03.
    assert np.mean(flagged) <= 0.1


def test_what_changed_is_found_and_little_else():
    false, found = [], []
    for seed in range(50):
        observed, twins, counts = drawn(4, 500, seed)
        observed[::10] += 8 / np.sqrt(counts[::10])
        is_flagged = false_discovery_rates(surprise(observed, twins, by=counts).p) <= 0.1
        found.append(is_flagged[::10].mean())
        false.append(1 - is_flagged[::10].sum() / max(1, is_flagged.sum()))
    # Over 50 seeds: at least 0.96 found, false 0.099 in the mean of the 0.1 allowed (standard error 0.006).
    assert min(found) > 0.9
    assert np.mean(false) <= 0.12


def test_p_is_uniform_where_nothing_changed():
    p = np.concatenate([surprise(*drawn(3, 400, seed)[:2]).p for seed in range(20)])
    # Worst of ten such sets: 0.010 and 0.052.
    assert abs(np.mean(p <= 0.5) - 0.5) < 0.02
    assert np.mean(p <= 0.05) < 0.06


def test_an_item_that_always_moves_is_no_surprise():
    observed, twins, counts = drawn(3, 300, 1)
    observed[7], twins[:, 7] = 50.0, [50.1, 49.9, 50.0]
    assert surprise(observed, twins, by=counts).p[7] > 0.01


def test_where_chance_changes_nothing_any_change_is_beyond_it():
    found = surprise([0.0, 1.0, 0.0], np.zeros((2, 3)))
    assert found.p.tolist() == [1.0, 1 / 7, 1.0]


@pytest.mark.parametrize("n", [0, 1, 3, 17])
def test_few_items_do_no_harm(n: int):
    observed, twins, counts = drawn(2, n, 3)
    found = surprise(observed, twins, by=counts)
    assert found.p.shape == (n,)
    assert n == 0 or 1 / (2 * n + 1) <= found.p.min() <= found.p.max() <= 1


@pytest.mark.parametrize(("n_items", "n_twins", "rate"), [(17, 2, 0.05), (500, 3, 0.05), (500, 5, 0.1), (3, 2, 0.3)])
def test_fewest_is_the_number_that_benjamini_hochberg_needs(n_items: int, n_twins: int, rate: float):
    least = 1 / (n_twins * n_items + 1)
    n = fewest(n_items, n_twins, rate)

    def n_flagged(n_beyond: int) -> int:
        return int((least * n_items / n_beyond) <= rate)

    assert n_flagged(n)
    assert n == 1 or not n_flagged(n - 1)


def test_arcsine_is_anscombes():
    assert arcsine([0, 10], 10).tolist() == pytest.approx(
        [np.arcsin(np.sqrt(0.375 / 10.75)), np.arcsin(np.sqrt(10.375 / 10.75))]
    )


def test_bad_input_is_refused():
    with pytest.raises(DataError, match="at least 2 rows"):
        surprise([1.0], [[1.0]])
    with pytest.raises(DataError, match="one number per item, 2"):
        surprise([1.0], np.ones((2, 2)))
    with pytest.raises(DataError, match="must be finite"):
        surprise([np.nan], np.ones((2, 1)))
    with pytest.raises(DataError, match="by must hold one finite number per item, 1"):
        surprise([1.0], np.ones((2, 1)), by=[1, 2])
    with pytest.raises(OptionError, match="between 0 and 1, got 1"):
        fewest(10, 3, 1.0)
