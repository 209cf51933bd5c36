"""The picture of a loss."""

import polars as pl
import pytest
from PIL import Image

from firth import theme
from firth.errors import DataError
from firth.plots.loss import plot_loss

HISTORY = pl.DataFrame(
    {"pairs": [1000, 2000, 3500], "loss": [3.0, 2.0, 1.5], "heldout_loss": [3.1, 2.4, 2.2], "seconds": [1.0, 2.0, 3.0]}
)


def curves(figure) -> list[list[list[float]]]:
    return [line.get_xydata().tolist() for line in figure.axes[0].lines]


def test_both_losses_are_drawn_against_pairs():
    assert curves(plot_loss(HISTORY)) == [
        [[1000.0, 3.0], [2000.0, 2.0], [3500.0, 1.5]],
        [[1000.0, 3.1], [2000.0, 2.4], [3500.0, 2.2]],
    ]


@pytest.mark.parametrize(
    "history",
    [HISTORY.drop("heldout_loss"), HISTORY.with_columns(heldout_loss=pl.lit(None, pl.Float64))],
    ids=["no column", "nulls"],
)
def test_without_held_out_pairs_there_is_one_curve(history: pl.DataFrame):
    assert len(curves(plot_loss(history))) == 1


def test_every_loss_is_inside_the_axes():
    axes = plot_loss(HISTORY).axes[0]
    low, high = axes.get_ylim()
    assert low < 1.5
    assert high > 3.1


def test_a_png_of_the_promised_size_is_written_with_the_same_bytes(tmp_path):
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for path in paths:
        plot_loss(HISTORY, path=path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with Image.open(paths[0]) as image:
        assert image.size == tuple(int(inches * theme.DPI) for inches in theme.CHART_SIZE_IN)


def test_one_row_is_a_visible_point(tmp_path):
    figure = plot_loss(HISTORY.head(1), path=tmp_path / "a.png")
    assert figure.axes[0].lines[0].get_marker() == "o"


def test_a_missing_column_is_refused_by_name():
    with pytest.raises(DataError, match="'loss'"):
        plot_loss(HISTORY.drop("loss"))


def test_an_empty_history_is_refused():
    with pytest.raises(DataError, match="has no rows"):
        plot_loss(HISTORY.clear())


def test_contexts_have_curves_of_their_own_in_one_colour_each():
    history = HISTORY.with_columns(
        loss_played=pl.col("loss") + 1, heldout_loss_played=pl.col("loss") + 2, loss_genre=pl.col("loss") - 1
    )
    figure = plot_loss(history)
    assert len(curves(figure)) == 5
    assert curves(figure)[2] == [[1000.0, 4.0], [2000.0, 3.0], [3500.0, 2.5]]
    both, held, played, held_played, genre = figure.axes[0].lines
    assert played.get_color() == held_played.get_color() != genre.get_color()
    assert len({line.get_color() for line in (both, held, played, genre)}) == 4
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()][2:] == ["played", "genre"]
