"""Pictures of a tuning."""

from pathlib import Path

import numpy as np
import pytest

from firth.errors import DataError, OptionError
from firth.plots.tuning import plot_importance, plot_trials

MINUTES = np.array([0.5, 0.6, 1.4, 2.0, 2.1])
VALUES = np.array([0.05, np.nan, 0.04, 0.07, np.nan])


def test_the_best_so_far_never_falls_and_goes_on_to_the_end():
    (axes,) = plot_trials(MINUTES, VALUES, measure="NDCG@10").axes
    best = next(line for line in axes.lines if line.get_label() == "best so far")
    assert best.get_xdata().tolist() == [0.5, 1.4, 2.0, 2.1]
    assert best.get_ydata().tolist() == [0.05, 0.05, 0.07, 0.07]
    own = next(line for line in axes.lines if line.get_label() == "the recipe's own options")
    assert set(own.get_ydata()) == {0.05}


def test_only_trials_on_everything_are_dots():
    (axes,) = plot_trials(MINUTES, VALUES, measure="NDCG@10").axes
    dots = next(line for line in axes.lines if line.get_label() == "trials on all sequences")
    assert dots.get_xdata().tolist() == [0.5, 1.4, 2.0]


@pytest.mark.parametrize(("minutes", "values"), [([], []), ([1.0], [np.nan]), ([1.0, 2.0], [0.5])])
def test_nothing_to_draw_is_refused(minutes: list, values: list):
    with pytest.raises(DataError, match="one finite value"):
        plot_trials(np.array(minutes, dtype=float), np.array(values, dtype=float), measure="NDCG@10")


def test_one_trial_is_drawn(tmp_path: Path):
    plot_trials(np.array([0.0]), np.array([0.0]), measure="HR@1", path=tmp_path / "one.png")
    assert (tmp_path / "one.png").stat().st_size > 1000


def test_bars_stand_with_the_largest_above():
    (axes,) = plot_importance({"train.window": 0.2, "train.epochs": 0.7, "train.negative": 0.1}).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["train.negative", "train.window", "train.epochs"]
    assert [bar.get_width() for bar in axes.patches] == [0.1, 0.2, 0.7]


def test_no_importance_is_refused():
    with pytest.raises(DataError, match="too few trials"):
        plot_importance({})


def test_a_strange_suffix_is_refused(tmp_path: Path):
    with pytest.raises(OptionError):
        plot_importance({"a": 1.0}, path=tmp_path / "a.doc")
