"""Endings, frames and Ctrl-C: what is seen of a descent, and what is left of it when it ends early."""

import signal
from collections.abc import Iterator

import numpy as np
import pytest
from map_oracle import filmed, planted

from firth.errors import OptionError
from firth.maps.affinities import affinities, kl_divergence
from firth.maps.options import MapOptions
from firth.maps.tsne import tsne

QUICK = MapOptions(n_iter=120, early_iter=40)


@pytest.fixture
def hears_ctrl_c() -> Iterator[None]:
    """Tests that were started in the background ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_descent_stops_when_the_divergence_no_longer_falls():
    made = tsne(planted(33)[0], MapOptions(n_iter=5000, patience=50))
    assert made.ending == "converged"
    assert 250 < made.n_iter < 5000
    assert made.n_iter % 50 == 0


def test_without_patience_all_steps_are_taken():
    made = tsne(planted(33)[0], MapOptions(n_iter=1500, patience=0))
    assert (made.ending, made.n_iter) == ("finished", 1500)


@pytest.mark.parametrize(("frame_every", "n_iter"), [(1, 12), (7, 60), (10, 60), (100, 60)])
def test_frames_are_the_states_asked_for_and_the_last(frame_every, n_iter):
    matrix, _ = planted(60)
    made, frames = filmed(matrix, MapOptions(n_iter=n_iter, early_iter=20), frame_every=frame_every)
    assert [frame.iteration for frame in frames] == sorted({*range(0, n_iter, frame_every), n_iter})
    assert frames[-1].xy.tobytes() == made.xy.tobytes()
    assert frames[-1].kl == made.kl
    for frame in frames[1:-1]:
        shorter = tsne(matrix, MapOptions(n_iter=frame.iteration, early_iter=20))
        assert shorter.xy.tobytes() == frame.xy.tobytes()


def test_a_frames_divergence_is_that_of_its_places():
    matrix, _ = planted(100)
    _, frames = filmed(matrix, QUICK, frame_every=30)
    given = affinities(matrix, QUICK)
    for frame in frames:
        assert frame.kl == pytest.approx(kl_divergence(given, frame.xy, theta=0.5), abs=1e-5)


def test_the_last_frame_of_a_descent_that_converged_is_its_map():
    made, frames = filmed(planted(33)[0], MapOptions(n_iter=5000, patience=50), frame_every=37)
    assert made.ending == "converged"
    assert frames[-1].iteration == made.n_iter
    assert frames[-1].xy.tobytes() == made.xy.tobytes()
    assert len({frame.iteration for frame in frames}) == len(frames)


@pytest.mark.usefixtures("hears_ctrl_c")
@pytest.mark.parametrize("at", [0, 20, 90])
def test_ctrl_c_keeps_the_map_as_far_as_it_came(at):
    matrix, _ = planted(100)
    frames = []

    def press(frame):
        frames.append(frame)
        if frame.iteration == at:
            signal.raise_signal(signal.SIGINT)

    made = tsne(matrix, QUICK, on_frame=press)
    assert (made.ending, made.n_iter) == ("interrupted", at)
    assert [frame.iteration for frame in frames] == list(range(0, at + 1, 10))
    assert made.xy.tobytes() == frames[-1].xy.tobytes()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("hears_ctrl_c")
def test_ctrl_c_is_heard_in_the_midst_of_a_long_descent():
    signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    made = tsne(planted(400)[0], MapOptions(n_iter=10_000_000, patience=0))
    assert made.ending == "interrupted"
    assert 0 < made.n_iter < 10_000_000
    assert np.isfinite(made.xy).all()


def test_a_callback_that_fails_is_not_hidden():
    def failing(frame):
        if frame.iteration:
            raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        tsne(planted(20)[0], QUICK, on_frame=failing)


@pytest.mark.parametrize("frame_every", [0, -3])
def test_frames_need_a_distance(frame_every):
    with pytest.raises(OptionError, match=rf"frame_every must be >= 1, got {frame_every}"):
        filmed(planted(33)[0], QUICK, frame_every=frame_every)
