"""What a tuning is asked for: budgets, measures, grids, ranges."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tuning_data import recipe

from firth.errors import OptionError
from firth.runs.tuning.options import TuneOptions, parse_budget, parse_grid
from firth.runs.tuning.space import BEFORE, BOTH, DIRECTION, RANGES, space_of, tuned


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("300", 300), ("90s", 90), ("5m", 300), ("5 min", 300), ("1h30m", 5400), ("1.5m", 90), ("2h 5m 10s", 7510)],
)
def test_a_budget_is_read(text: str, seconds: float):
    assert parse_budget(text) == seconds


@pytest.mark.parametrize("text", ["5 parsecs", "", "0", "0m", "-5m", "m", "5m!", "five minutes", "nan", "1e3"])
def test_what_is_no_time_is_refused(text: str):
    with pytest.raises(OptionError, match="a budget is a time above 0"):
        parse_budget(text)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"budget_s": 0}, "budget_s must be"),
        ({"budget_s": float("inf")}, "budget_s must be"),
        ({"trials": 0}, "trials must be"),
        ({"budget_s": None}, "a search has no end of its own"),
        ({"n_before": 0}, "n_before must be"),
        ({"seed": -1}, "seed must be"),
        ({"n_at_once": 0}, "n_at_once must be a whole number from 1"),
        ({"n_at_once": 1.5}, "n_at_once must be a whole number from 1"),
        ({"metric": "recommend/NDCG"}, "metric must be RANKING/MEASURE@K"),
        ({"metric": "recommend/NDCG@0"}, "metric must be"),
        ({"metric": "popularity/NDCG@10"}, "metric must be"),
        ({"metric": "recommend/AUC@10"}, "metric must be"),
        ({"grid": {"source.path": ["a", "b"]}}, r"grid: unknown section 'source\.path'"),
        ({"grid": {"train": [1]}}, "grid: unknown section 'train'"),
        ({"grid": {"train.window": 3}}, "must be a list"),
        ({"grid": {"train.window": []}}, "must be a list"),
        ({"grid": {"train.window": [3]}, "only": ("train.window",)}, "give one of them"),
    ],
)
def test_options_outside_their_ranges_are_refused(given: dict, message: str):
    with pytest.raises(OptionError, match=message):
        TuneOptions(**given)


def test_a_measure_is_taken_apart():
    options = TuneOptions(metric="neighbors/MRR@7")
    assert (options.ranking, options.measure, options.k) == ("neighbors", "MRR@7", 7)


def test_a_grid_is_read_from_texts_and_files(tmp_path: Path):
    path = tmp_path / "grid.toml"
    path.write_text("[train]\nepochs = [3, 5]\n[recommend]\nblend = [0, 0.5]\n", encoding="utf-8")
    assert parse_grid(["train.window=3,[3, 0]", "train.objective=sgns,nce", str(path)]) == {
        "train.window": [3, [3, 0]],
        "train.objective": ["sgns", "nce"],
        "train.epochs": [3, 5],
        "recommend.blend": [0, 0.5],
    }


@pytest.mark.parametrize("text", ["train.window=", "nowhere.toml"])
def test_what_is_no_grid_is_refused(text: str):
    with pytest.raises(OptionError, match="a grid is KEY=VALUE"):
        parse_grid([text])


def test_a_grid_file_that_is_not_toml_or_not_of_tables_is_refused(tmp_path: Path):
    path = tmp_path / "grid.toml"
    path.write_text("window = = 3", encoding="utf-8")
    with pytest.raises(OptionError, match="not valid TOML"):
        parse_grid([str(path)])
    path.write_text("window = 3", encoding="utf-8")
    with pytest.raises(OptionError, match="must be a table"):
        parse_grid([str(path)])


def test_a_key_given_twice_is_refused():
    with pytest.raises(OptionError, match=r"train\.window twice"):
        parse_grid(["train.window=3", "train.window=5"])


def test_combinations_come_in_order_the_last_key_fastest():
    options = TuneOptions(grid={"train.window": [1, 2], "train.epochs": [3, 4, 5]})
    pairs = [tuple(each.values()) for each in options.combinations]
    assert pairs == [(1, 3), (1, 4), (1, 5), (2, 3), (2, 4), (2, 5)]


@pytest.mark.parametrize("one", RANGES, ids=lambda one: one.key)
@given(share=st.floats(0, 1))
def test_every_place_of_a_scale_is_a_value_that_a_recipe_takes(one, share: float):
    low, high = one.scale
    value = one.value(low * (high / low) ** share if one.is_log else low + share * (high - low))
    assert value == 0 or one.low <= value <= one.high
    if one.step:
        assert isinstance(value, int)
        assert value % one.step == 0
    tuned(recipe(Path("lists.parquet")), {one.key: value})


@pytest.mark.parametrize("one", RANGES, ids=lambda one: one.key)
def test_the_ends_of_a_scale_are_the_ends_of_the_range(one):
    low, high = (one.value(place) for place in one.scale)
    assert low == one.low
    assert high == (0 if one.key == "train.sample" else one.high)


def test_a_sample_above_a_hundredth_is_none():
    sample = next(one for one in RANGES if one.key == "train.sample")
    assert sample.value(0.0099) == 0.0099
    assert sample.value(0.011) == 0
    assert sample.place(0) == sample.high


@pytest.mark.parametrize(
    ("window", "direction", "place"), [(3, BOTH, 3), ((4, 0), BEFORE, 4), ((2, 5), BOTH, 5), (90, BOTH, 20)]
)
def test_a_recipes_own_window_has_a_place(window, direction: str, place: float):
    own = recipe(Path("lists.parquet"), train={"window": window})
    space = space_of(own, "listened", TuneOptions(only=("train.window",)), rarest=1)
    assert space.places(own) == {"train.window": place, DIRECTION: direction}
    assert space.settings({"train.window": 4.2, DIRECTION: direction}) == {
        "train.window": [4, 0] if direction == BEFORE else 4
    }


def test_min_count_is_searched_only_where_there_are_rare_items():
    own = recipe(Path("lists.parquet"))
    assert "vocabulary.min_count" in space_of(own, "listened", TuneOptions(), rarest=9).names
    assert "vocabulary.min_count" not in space_of(own, "listened", TuneOptions(), rarest=10).names


def test_an_unknown_key_is_refused_with_the_closest():
    own = recipe(Path("lists.parquet"))
    with pytest.raises(OptionError, match=r"unknown option to tune 'train\.windw'. Closest: 'train\.window'"):
        space_of(own, "listened", TuneOptions(only=("train.windw",)), rarest=1)


def test_tuned_epochs_take_the_place_of_pairs_and_nothing_is_kept_from_training():
    own = recipe(Path("lists.parquet"), train={"pairs": 1000, "patience": 3, "heldout": 0.1})
    found = tuned(own, {"train.epochs": 7}).train
    assert (found.epochs, found.pairs, found.patience, found.heldout) == (7, None, None, 0)
    assert tuned(own, {"train.negative": 7}).train.pairs == 1000
