"""Where items are between two frames, and what the window shows."""

import numpy as np
import pytest

from firth.errors import DataError
from firth.maps.frames import Frame
from firth.plots.motion import Motion


def frames(*sizes: float, n: int = 17):
    ball = np.random.default_rng(2).normal(size=(n, 2))
    return [Frame(10 * number, (size * ball + 3).astype(np.float32), 5.0 - number) for number, size in enumerate(sizes)]


def test_the_ends_are_the_first_and_the_last_frame():
    states = frames(0.1, 1, 4)
    motion = Motion(states)
    for part, state in ((0.0, states[0]), (0.5, states[1]), (1.0, states[2])):
        moment = motion.at(part)
        np.testing.assert_allclose(moment.xy, state.xy, rtol=1e-6)
        assert (moment.iteration, moment.kl) == (state.iteration, state.kl)


def test_between_two_frames_items_move_straight():
    states = frames(1, 3)
    moment = Motion(states).at(0.25)
    np.testing.assert_allclose(moment.xy, 0.75 * states[0].xy + 0.25 * states[1].xy, rtol=1e-5)
    assert moment.iteration == 0


@pytest.mark.parametrize("sizes", [(1.0,), (1e-4, 1e-3, 5, 50, 80), (3, 1, 8, 2)])
def test_every_item_is_in_the_window_at_every_moment(sizes):
    motion = Motion(frames(*sizes))
    for part in np.linspace(0, 1, 41):
        moment = motion.at(part)
        assert (moment.xy >= moment.low - 1e-6).all()
        assert (moment.xy <= moment.high + 1e-6).all()


def test_the_last_window_is_that_of_the_map():
    states = frames(9, 5, 2)
    moment = Motion(states).at(1)
    assert (moment.low == states[-1].xy.min(axis=0)).all()
    assert (moment.high == states[-1].xy.max(axis=0)).all()


@pytest.mark.parametrize("n", [0, 1])
def test_few_items_have_a_window(n: int):
    moment = Motion(frames(1, 2, n=n)).at(0.5)
    assert np.isfinite([moment.low, moment.high]).all()


def test_no_frame_is_refused():
    with pytest.raises(DataError, match="at least one frame"):
        Motion([])


def test_frames_of_different_items_are_refused_by_number():
    with pytest.raises(DataError, match=r"\(17, 2\), got \(3, 2\) in frame 1"):
        Motion([*frames(1), *frames(1, n=3)])


def test_a_place_that_is_not_finite_is_refused_by_its_frame():
    states = frames(1, 2)
    states[1].xy[4, 0] = np.nan
    with pytest.raises(DataError, match="frame 1, iteration 10"):
        Motion(states)
