"""The picture of stated and found rates."""

from pathlib import Path

import numpy as np
import pytest

from firth.errors import DataError, OptionError
from firth.plots.calibration import plot_calibration

BINS = {
    "stated": [0.1, 0.5, 0.9],
    "found": [0.2, 0.45, 0.9],
    "low": [0.1, 0.4, 0.85],
    "high": [0.35, 0.5, 0.94],
    "n_pairs": [30, 200, 400],
}


def test_points_diagonal_and_pairs_are_drawn():
    bars, axes = plot_calibration(**BINS).axes
    lines = [line.get_xydata().tolist() for line in axes.lines if len(line.get_xydata()) > 1]
    assert [[0.0, 0.0], [1.0, 1.0]] in lines
    assert [[0.1, 0.2], [0.5, 0.45], [0.9, 0.9]] in lines
    (segments,) = (collection.get_segments() for collection in axes.collections)
    assert np.array([segment[:, 1] for segment in segments]) == pytest.approx(np.array([BINS["low"], BINS["high"]]).T)
    assert [bar.get_height() for bar in bars.patches] == [30, 200, 400]
    centres = [bar.get_x() + bar.get_width() / 2 for bar in bars.patches]
    assert centres == pytest.approx([0.1, 0.5, 0.9])


def test_bars_do_not_overlap():
    bars, _ = plot_calibration(**{**BINS, "stated": [0.1, 0.12, 0.9]}).axes
    ends = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in bars.patches]
    assert ends[0][1] < ends[1][0]


def test_one_bin_is_enough():
    assert plot_calibration(**{name: values[:1] for name, values in BINS.items()}).axes


def test_a_picture_is_written_with_the_same_bytes(tmp_path: Path):
    for name in ("a", "b"):
        plot_calibration(**BINS, path=tmp_path / f"{name}.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({name: [] for name in BINS}, DataError, "no bin"),
        ({"low": [0.1]}, DataError, "of one length"),
        ({"high": [0.4, 0.5, 1.2]}, DataError, "from 0 to 1"),
        ({"stated": [0.4, float("nan"), 0.9]}, DataError, "from 0 to 1"),
        ({"path": "a.gif"}, OptionError, r"\.png"),
    ],
)
def test_what_cannot_be_drawn_is_refused(change, error: type[Exception], message: str):
    with pytest.raises(error, match=message):
        plot_calibration(**{**BINS, **change})
