from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from firth.errors import OptionError
from firth.sources.planted import groups, playlists


def test_without_noise_every_row_states_the_truth():
    rows = groups(n_items=40, n_groups=3, noise=0.0, seed=5)
    assert (rows["group"] == rows["truth"]).all()
    assert (
        rows["score"].cast(pl.Int64).cast(pl.String).equals(rows["truth"].str.strip_prefix("group "), check_names=False)
    )


def test_the_share_of_wrong_rows_is_the_noise():
    rows = groups(n_items=4000, n_groups=4, noise=0.2, seed=6)
    # 12,000 draws: the standard deviation of the share is 0.0037.
    assert abs((rows["group"] != rows["truth"]).mean() - 0.2) < 0.02


def test_the_share_of_missing_rows_is_as_asked():
    rows = groups(n_items=4000, n_groups=4, missing=0.3, seed=7)
    assert abs(rows["group"].is_null().mean() - 0.3) < 0.02
    assert rows["truth"].null_count() == 0


@pytest.mark.parametrize(
    ("sizes", "expected"), [((1, 1, 8), [10, 10, 80]), (None, [55, 27, 18]), ((1, 1e-9, 1), [50, 1, 49])]
)
def test_groups_have_the_sizes_that_were_asked_for(sizes, expected):
    rows = groups(n_items=100, n_groups=3, sizes=sizes)
    found = rows.group_by("truth").agg(pl.col("item").n_unique()).sort("truth")["item"].to_list()
    assert sum(found) == 100
    assert all(abs(f - e) <= 1 for f, e in zip(found, expected, strict=True))


def test_every_item_has_its_rows_and_one_truth():
    rows = groups(n_items=17, n_groups=5, rows_per_item=4)
    by_item = rows.group_by("item").agg(pl.len().alias("n"), pl.col("truth").n_unique())
    assert by_item.height == 17
    assert by_item["n"].unique().to_list() == [4]
    assert by_item["truth"].unique().to_list() == [1]


def test_a_seed_gives_the_same_rows_again_and_another_seed_others():
    assert groups(seed=3, noise=0.5).equals(groups(seed=3, noise=0.5))
    assert not groups(seed=3, noise=0.5).equals(groups(seed=4, noise=0.5))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_groups": 0}, "n_groups must be"),
        ({"n_items": 2, "n_groups": 3}, "n_items must be"),
        ({"noise": 1.1}, "noise must be"),
        ({"noise": float("nan")}, "noise must be"),
        ({"noise": 0.1, "n_groups": 1}, "noise needs a second group"),
        ({"missing": -0.1}, "missing must be"),
        ({"rows_per_item": 0}, "rows_per_item must be"),
        ({"n_groups": 2, "sizes": (1, 2, 3)}, "sizes must be 2"),
        ({"n_groups": 2, "sizes": (1, 0)}, "sizes must be 2"),
    ],
)
def test_options_outside_their_range_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        groups(**options)


def test_plays_lie_near_each_other_on_the_ring():
    plays = playlists(n_items=200, n_playlists=400, length=9, spread=3.0, noise=0.2, seed=4)
    assert plays.columns == ["playlist", "position", "item"]
    assert plays.height == 3600
    places = plays["item"].str.strip_prefix("item ").cast(pl.Int64).to_numpy().reshape(400, 9)
    middle = np.median((places - places[:, :1] + 100) % 200, axis=1, keepdims=True)
    apart = np.abs((places - places[:, :1] + 100) % 200 - middle)
    # Four fifths of the plays are near, and a tenth of the others by chance; 20 seeds: 0.801 to 0.822.
    assert 0.7 < (apart <= 9).mean() < 0.9


def test_items_are_the_rarer_the_higher_their_last_digit():
    plays = playlists(n_items=100, n_playlists=2000, noise=0.0, seed=5)
    counts = plays["item"].str.slice(-1).value_counts().sort("item")["count"].to_list()
    assert len(counts) == 10
    assert counts[0] > 2 * counts[5] > 2 * counts[9] > 0


@pytest.mark.parametrize("n_playlists", [0, 1])
def test_few_playlists_are_a_table_too(n_playlists: int):
    assert playlists(n_items=1, n_playlists=n_playlists, length=3)["item"].to_list() == ["item 0"] * 3 * n_playlists


@pytest.mark.parametrize(
    "options", [{"n_items": 0}, {"n_playlists": -1}, {"length": 0}, {"noise": 1.5}, {"spread": float("nan")}]
)
def test_a_ring_that_cannot_be_is_refused(options):
    with pytest.raises(OptionError, match=next(iter(options))):
        playlists(**options)
