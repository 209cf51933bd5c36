"""Recipes: what is accepted, what is refused and in which words."""

from pathlib import Path

import pytest

from firth.errors import DataError, OptionError, SourceNotFoundError
from firth.runs.recipe import Recipe, override, parse_overrides, shipped

RECIPE = """
[source]
path = "films.csv"

[contexts.genre]
column = "genre"
item = ["title", "year"]
weight = 8

[contexts.score]
column = "score"
aggregate = "mean"
round = 0

[train]
vector_size = 12
pairs = 1_000
learning_rate = 1

[plots]
color_by = ["score"]
"""


@pytest.fixture
def recipe_path(tmp_path: Path) -> Path:
    path = tmp_path / "films.toml"
    path.write_text(RECIPE, encoding="utf-8")
    return path


def test_a_recipe_file_becomes_typed_options(recipe_path: Path):
    recipe = Recipe.load(recipe_path)
    assert recipe.name == "films"
    assert recipe.source.path == "films.csv"
    assert recipe.contexts["genre"].item == ("title", "year")
    assert recipe.contexts["genre"].weight == 8.0
    assert recipe.contexts["score"].aggregate == "mean"
    assert recipe.train.learning_rate == 1.0
    assert recipe.train.pairs == 1_000
    assert recipe.clusters.n == 0
    assert recipe.plots.color_by == ("score",)


def test_a_recipe_survives_becoming_plain_values(recipe_path: Path):
    recipe = Recipe.load(recipe_path)
    assert Recipe.from_dict(recipe.to_dict(), name="films") == recipe


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_recipe_loads(name: str):
    assert Recipe.load(name).name == name


def test_the_bands_recipe_is_the_origins():
    recipe = Recipe.load("bands")
    assert {name: context.weight for name, context in recipe.contexts.items()} == {"genre": 8.0, "score": 2.0}
    assert (recipe.train.objective, recipe.train.vector_size, recipe.train.negative) == ("nce", 64, 16)
    assert recipe.train.pairs == 6_400_000
    assert recipe.clusters.n == 9
    assert recipe.plots.label == 300


def test_overrides_replace_values_and_add_sections(recipe_path: Path):
    overrides = parse_overrides(
        ["train.vector_size=7", "contexts.genre.weight=2.5", "clusters.n=3", "source.path=b.csv"]
    )
    recipe = Recipe.load(recipe_path, overrides=overrides)
    assert recipe.train.vector_size == 7
    assert recipe.contexts["genre"].weight == 2.5
    assert recipe.clusters.n == 3
    assert recipe.source.path == "b.csv"


def test_overriding_leaves_the_tables_as_they_were():
    tables = {"train": {"epochs": 5}}
    assert override(tables, {"train.epochs": 9}) == {"train": {"epochs": 9}}
    assert tables == {"train": {"epochs": 5}}


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("a.b=100", 100),
        ("a.b=0.5", 0.5),
        ("a.b=true", True),
        ('a.b=["x", "y"]', ["x", "y"]),
        ("a.b=sqlite:////tmp/a b.sqlite", "sqlite:////tmp/a b.sqlite"),
        ("a.b=x=y", "x=y"),
        ("a.b=", ""),
        ("a.b=1\nc = 2", "1\nc = 2"),
    ],
)
def test_a_setting_is_read_as_toml_or_as_the_text_it_is(setting: str, expected: object):
    assert parse_overrides([setting]) == {"a.b": expected}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("[trian]\nepochs = 1", r"unknown key 'trian'. Closest: 'train'"),
        ("[clusters]\nN_clusters = 3", r"unknown key 'clusters.N_clusters'"),
        ("[map]\nperplexit = 3", r"unknown key 'map.perplexit'. Closest: 'map.perplexity'"),
        ("[map]\nperplexity = 'wide'", r"map.perplexity must be a number, got 'wide'"),
        ("[map]\nperplexity = 0.5", r"\[map\] perplexity must be >= 1, got 0.5"),
        ("[map]\nperplexity = nan", r"\[map\] perplexity must be >= 1, got nan"),
        ("[map]\nn_iter = 0", r"\[map\] n_iter must be >= 250, .* got 0"),
        ("[map]\nenabled = 1", r"map.enabled must be true or false, got 1"),
        ("[clusters]\nn = 1", r"\[clusters\] n must be 0 .* or >= 2, got 1"),
        ("[clusters]\nn = 2.0", r"clusters.n must be a whole number, got 2.0"),
        ("[contexts.x]\ncolumn = 'a'", r"may not be named 'x'"),
        ("[contexts.label]\ncolumns = 'a'", r"unknown key 'contexts.label.columns'. Closest: 'contexts.label.column'"),
        ("[contexts.label]\nitem = ['a', 1]", r"contexts.label.item must be a text or a list of texts"),
        ("[contexts.label]\naggregate = 'average'", r"contexts.label.aggregate must be 'mean'"),
        ("[contexts.label]\nquery = 'select 1'", r"contexts.label.query goes with source.uri"),
        ("[contexts]\nlabel = 3", r"contexts.label must be a table"),
    ],
)
def test_a_wrong_recipe_is_refused_by_key(recipe_path: Path, change: str, message: str):
    recipe_path.write_text(f"{RECIPE}\n{change}\n", encoding="utf-8")
    with pytest.raises(OptionError, match=message):
        Recipe.load(recipe_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("vector_size = 12", "vectorsize = 12", r"unknown key 'train.vectorsize'. Closest: 'train.vector_size'"),
        ("vector_size = 12", "vector_size = '12'", r"train.vector_size must be a whole number, got '12'"),
        ("vector_size = 12", "vector_size = 0", r"\[train\] vector_size must be >= 1, got 0"),
        ("vector_size = 12", "objective = 'cbov'", r"train.objective must be 'sgns' or 'nce'"),
        ('color_by = ["score"]', 'color_by = ["scores"]', r"\[plots\] unknown attribute 'scores'. Closest: 'score'"),
        ('color_by = ["score"]', "label = -1", r"\[plots\] label must be >= 0, got -1"),
        ('path = "films.csv"', "", r"\[source\] give either uri .* got neither"),
        ('path = "films.csv"', 'path = "films.csv"\nuri = "sqlite:///a"', r"\[source\] give either uri .* got both"),
        ('path = "films.csv"', 'uri = "sqlite:///a"', r"contexts.genre needs a query"),
        ("[plots]", "[plots", r"films.toml is not valid TOML: .*line 20"),
    ],
)
def test_a_wrong_value_is_refused_by_key(recipe_path: Path, old: str, new: str, message: str):
    recipe_path.write_text(RECIPE.replace(old, new), encoding="utf-8")
    with pytest.raises(OptionError, match=message):
        Recipe.load(recipe_path)


def test_a_recipe_without_contexts_is_refused(recipe_path: Path):
    recipe_path.write_text("[source]\npath = 'a.csv'\n", encoding="utf-8")
    with pytest.raises(OptionError, match="at least one context"):
        Recipe.load(recipe_path)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("trian.epochs=3", r"unknown key 'trian'. Closest: 'train'"),
        ("train=3", r"the form is train.KEY"),
        ("train.a.b=3", r"the form is train.KEY"),
        ("contexts.genre=3", r"the form is contexts.NAME.KEY"),
        ("contexts.gerne.weight=3", r"unknown context 'gerne'. Closest: 'genre'"),
        ("train.epoch=3", r"unknown key 'train.epoch'. Closest: 'train.epochs'"),
        ("train.epochs", r"--set takes KEY=VALUE"),
        ("=3", r"--set takes KEY=VALUE"),
    ],
)
def test_a_wrong_setting_is_refused(recipe_path: Path, setting: str, message: str):
    with pytest.raises(OptionError, match=message):
        Recipe.load(recipe_path, overrides=parse_overrides([setting]))


def test_a_missing_recipe_names_the_closest_that_is_shipped():
    with pytest.raises(SourceNotFoundError, match=r"no recipe 'band': .*Closest: 'bands'"):
        Recipe.load("band")


def test_a_binary_file_is_no_recipe(tmp_path: Path):
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="is not a recipe"):
        Recipe.load(tmp_path / "a.toml")
