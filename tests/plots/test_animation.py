"""The film of a map forming."""

import subprocess

import numpy as np
import pytest
from PIL import Image

from firth import theme
from firth.errors import DataError, MissingExtraError, OptionError, RunError
from firth.maps.frames import Frame
from firth.plots import movies
from firth.plots.animation import animate_map
from firth.progress import CallbackProgress

SMALL = {"size_px": (240, 260), "fps": 10, "seconds": 1.0, "hold_s": 1.5}


def frames(n=90, n_frames=4):
    random = np.random.default_rng(6)
    centres = np.repeat([[0, 0], [30, 5], [10, 25]], [n // 2, n // 3, n - n // 2 - n // 3], axis=0)
    places = centres + random.normal(0, 2, (n, 2))
    sizes = np.geomspace(1e-4, 1, n_frames)
    stray = random.normal(0, 5, (n, 2))
    return [
        Frame(50 * row, (size * (places + stray / (row + 1))).astype(np.float32), 4.0 - row)
        for row, size in enumerate(sizes)
    ]


def groups(n=90):
    return ["a"] * (n // 2) + ["b"] * (n // 3) + [None] * (n - n // 2 - n // 3)


def film(tmp_path, name="film.gif", **options):
    return animate_map(options.pop("frames", frames()), path=tmp_path / name, **{**SMALL, **options})


def pictures(path):
    with Image.open(path) as image:
        found = []
        for number in range(image.n_frames):
            image.seek(number)
            found.append((np.asarray(image.convert("RGB")).astype(int), image.info["duration"]))
    return found


def colored(picture, color: str) -> int:
    return int((np.abs(picture - list(bytes.fromhex(color[1:]))).max(axis=2) <= 12).sum())


def test_a_gif_has_the_pictures_and_holds_the_last(tmp_path):
    path = film(tmp_path, color_by=groups(), title="Film")
    found = pictures(path)
    assert path == tmp_path / "film.gif"
    assert len(found) == 10
    assert found[0][0].shape == (260, 240, 3)
    assert [duration for _, duration in found] == [100] * 9 + [1500]
    assert [entry.name for entry in tmp_path.iterdir()] == ["film.gif"]


def test_the_same_frames_give_the_same_bytes(tmp_path):
    paths = [film(tmp_path, f"{name}.gif", color_by=groups(), keys=list("xyz") * 30, label=5) for name in "ab"]
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize("density", [True, False])
def test_categories_keep_their_colours(tmp_path, density: bool):
    for picture, _ in pictures(film(tmp_path, color_by=groups(), density=density))[::3]:
        assert colored(picture[60:], theme.CATEGORIES[0]) > 20
        assert colored(picture[60:], theme.CATEGORIES[1]) > 10


def test_the_window_grows_with_the_map(tmp_path):
    spans = []
    for picture, _ in pictures(film(tmp_path, color_by=groups()))[::3]:
        rows, columns = np.nonzero(np.abs(picture[110:-30, 30:-30] - 255).max(axis=2) > 60)
        spans.append(max(np.ptp(rows), np.ptp(columns)))
    assert min(spans) > 60  # a ball ten thousand times smaller than the map fills its picture, too


def test_paper_stays_white(tmp_path):
    assert (pictures(film(tmp_path, color_by=groups()))[0][0][-1, -1] == 255).all()


def test_labels_stand_on_the_last_picture_only(tmp_path):
    keys = [f"a rather long key {row}" for row in range(90)]
    plain, labelled = (pictures(film(tmp_path, f"{n}.gif", keys=keys, label=n, density=False)) for n in (0, 8))
    dark = [
        [int((picture[60:-30, 30:-30].max(axis=2) < 90).sum()) for picture, _ in shown] for shown in (plain, labelled)
    ]
    assert dark[1][-1] > dark[0][-1] + 100
    assert dark[1][:-1] == dark[0][:-1]


@pytest.mark.parametrize("n", [0, 1, 3, 17])
@pytest.mark.parametrize("n_frames", [1, 2])
def test_few_items_and_frames_are_drawn(tmp_path, n: int, n_frames: int):
    path = film(tmp_path, frames=frames(n, n_frames), keys=["k"] * n, label=2, color_by=groups(n))
    assert len(pictures(path)) >= 1


@pytest.mark.parametrize("column", [np.arange(90.0), None], ids=["numbers", "nothing"])
def test_any_values_are_drawn(tmp_path, column):
    assert len(pictures(film(tmp_path, color_by=column, density=True))) == 10


def test_an_unknown_divergence_is_not_shown(tmp_path):
    shown, unknown = ([Frame(state.iteration, state.xy, kl) for state in frames()] for kl in (1.0, float("nan")))
    paths = [film(tmp_path, f"{name}.gif", frames=states) for name, states in (("a", shown), ("b", unknown))]
    assert paths[0].read_bytes() != paths[1].read_bytes()


def test_progress_counts_the_pictures(tmp_path):
    heard = []
    film(tmp_path, progress=CallbackProgress(lambda *said: heard.append(said[:3])))
    assert heard == [("animating", number, 10) for number in range(1, 11)]


def test_a_video_has_the_pictures_and_the_hold(tmp_path):
    try:
        ffmpeg = movies.find_ffmpeg()
    except MissingExtraError:
        pytest.skip("there is no ffmpeg")
    path = film(tmp_path, "film.mp4", size_px=(241, 261))
    said = subprocess.run([ffmpeg, "-i", path, "-f", "null", "-"], capture_output=True, text=True, check=True).stderr
    assert "242x262" in said
    assert "frame=   24" in said  # 9, and the last for 1.5 s
    assert path.read_bytes() == film(tmp_path, "again.mp4", size_px=(241, 261)).read_bytes()


def test_without_ffmpeg_a_video_is_refused_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr(movies.shutil, "which", lambda _: None)
    monkeypatch.setitem(__import__("sys").modules, "imageio_ffmpeg", None)
    with pytest.raises(MissingExtraError, match=r"firth\[video\]"):
        film(tmp_path, "film.mp4", frames=[])


def test_a_video_program_that_fails_is_a_run_error(tmp_path, monkeypatch):
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\necho 'no such codec' >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(movies, "find_ffmpeg", lambda: str(program))
    with pytest.raises(RunError, match="no such codec"):
        film(tmp_path, "film.mp4")
    assert [entry.name for entry in tmp_path.iterdir()] == ["ffmpeg"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "film.png"}, r"\.gif or \.mp4, got 'film\.png'"),
        ({"fps": 0}, "fps must be from 1 to 50, got 0"),
        ({"seconds": 0}, "seconds must be > 0"),
        ({"hold_s": -1}, "hold_s must be >= 0"),
        ({"size_px": (10, 300)}, "size_px must be two numbers"),
        ({"label": -1}, "label must be >= 0"),
        ({"density": "no"}, "density must be"),
    ],
    ids=str,
)
def test_an_option_outside_its_range_is_refused(tmp_path, options, message: str):
    with pytest.raises(OptionError, match=message):
        film(tmp_path, **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("options", [{"keys": ["a"]}, {"color_by": ["a"]}], ids=str)
def test_what_does_not_fit_the_items_is_refused(tmp_path, options):
    with pytest.raises(DataError, match="90 rows"):
        film(tmp_path, **options)
