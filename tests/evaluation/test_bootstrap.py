"""Bootstrap intervals: they hold the mean as often as they say, and pairing narrows them."""

from __future__ import annotations

import numpy as np
import pytest

from firth.errors import DataError, OptionError
from firth.evaluation import bootstrap as module
from firth.evaluation.bootstrap import Estimate, differences, intervals


def skewed(n: int, seed: int) -> np.ndarray:
    """Return answers as a ranking gives them: mostly misses, some hits near the top. Their expectation is 0.15."""
    draws = np.random.default_rng(seed)
    return np.where(draws.random(n) < 0.3, draws.random(n), 0.0)


def test_the_mean_is_that_of_the_values_and_lies_in_its_interval():
    found = intervals({"one": np.array([1.0, 0, 0, 1, 1]), "other": np.array([0.5, 0.1, 0, 0, 0])})
    assert found["one"].mean == pytest.approx(0.6)
    assert found["other"].mean == pytest.approx(0.12)
    assert all(each.low < each.mean < each.high for each in found.values())


@pytest.mark.parametrize(("level", "least", "most"), [(0.95, 0.9, 0.97), (0.8, 0.72, 0.86)])
def test_intervals_hold_the_mean_as_often_as_they_say(level: float, least: float, most: float):
    # Of 400 samples of 300. Over 50 blocks of 400 such samples the shares were 0.910 to 0.960, and 0.755 to 0.840.
    found = [intervals({"": skewed(300, seed)}, seed=seed, level=level, n_resamples=200)[""] for seed in range(400)]
    share = np.mean([each.low <= 0.15 <= each.high for each in found])
    assert least <= share <= most


def test_intervals_are_as_wide_as_the_normal_ones_of_many_answers():
    values = skewed(4_000, 1)
    found = intervals({"": values}, n_resamples=2_000)[""]
    width = 2 * 1.96 * values.std() / np.sqrt(len(values))
    assert found.high - found.low == pytest.approx(width, rel=0.1)  # 50 seeds: 0.944 to 1.039


def test_paired_differences_are_narrower_where_answers_are_alike():
    draws = np.random.default_rng(4)
    one = {"": (draws.random(500) < 0.4).astype(float)}
    other = {"": np.where(draws.random(500) < 0.1, 1 - one[""], one[""])}
    paired = differences(one, other)[""]
    alone, beside = intervals(one)[""], intervals(other)[""]
    assert paired.mean == pytest.approx(alone.mean - beside.mean)
    unpaired = np.hypot(alone.high - alone.low, beside.high - beside.low)
    assert paired.high - paired.low < 0.6 * unpaired  # sqrt(0.1 / 0.48) = 0.46; 50 seeds: 0.33 to 0.53


def test_differences_of_equal_answers_are_zero_throughout():
    found = differences({"": skewed(50, 1)}, {"": skewed(50, 1)})[""]
    assert (found.mean, found.low, found.high) == (0, 0, 0)
    assert not found.is_above_zero
    assert not found.is_below_zero


def test_differences_change_their_sign_with_their_sides():
    one, other = {"": skewed(200, 1) + 0.1}, {"": skewed(200, 2)}
    there, back = differences(one, other)[""], differences(other, one)[""]
    assert there.is_above_zero
    assert back.is_below_zero
    assert (back.mean, back.low, back.high) == pytest.approx((-there.mean, -there.high, -there.low))


def test_equal_seeds_draw_alike_and_others_do_not():
    values = {"a": skewed(80, 1), "b": skewed(80, 2)}
    assert intervals(values, seed=3) == intervals(values, seed=3)
    assert intervals(values, seed=3) != intervals(values, seed=4)


def test_a_measure_has_the_interval_that_it_has_alone():
    values = {"a": skewed(80, 1), "b": skewed(80, 2)}
    assert intervals(values)["b"] == intervals({"b": values["b"]})["b"]


@pytest.mark.parametrize("block", [1, 80, 3 * 80 + 1])
def test_the_size_of_a_block_is_not_seen(block: int, monkeypatch: pytest.MonkeyPatch):
    whole = intervals({"": skewed(81, 1)}, n_resamples=50)
    monkeypatch.setattr(module, "_BLOCK", block)
    assert intervals({"": skewed(81, 1)}, n_resamples=50) == whole


def test_without_questions_there_is_no_number():
    found = intervals({"a": np.empty(0), "b": np.empty(0)})
    assert all(np.isnan([each.mean, each.low, each.high]).all() for each in found.values())
    assert intervals({}) == {}


def test_one_question_says_nothing_about_others():
    assert intervals({"": np.array([0.25])})[""] == Estimate(mean=0.25, low=0.25, high=0.25)


@pytest.mark.parametrize("level", [0, 1, -0.5, 1.5, float("nan")])
def test_a_level_is_a_share(level: float):
    with pytest.raises(OptionError, match="level must be above 0 and below 1"):
        intervals({"": skewed(5, 1)}, level=level)


def test_at_least_one_resample():
    with pytest.raises(OptionError, match="n_resamples must be >= 1, got 0"):
        intervals({"": skewed(5, 1)}, n_resamples=0)


def test_measures_of_different_questions_are_refused():
    with pytest.raises(DataError, match="the same questions, got \\[3, 5\\]"):
        intervals({"a": np.zeros(3), "b": np.zeros(5)})


@pytest.mark.parametrize("n", [1, 4])
def test_differences_of_different_questions_are_refused(n: int):
    with pytest.raises(DataError, match="the same questions, got 5 and"):
        differences({"a": np.zeros(5)}, {"a": np.zeros(n)})


def test_differences_of_different_measures_are_refused():
    with pytest.raises(DataError, match="same measures, got \\['HR@10'\\] and \\['HR@5'\\]"):
        differences({"HR@10": np.zeros(5)}, {"HR@5": np.zeros(5)})
