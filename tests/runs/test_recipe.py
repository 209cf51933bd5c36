"""Recipes: what is accepted, what is refused and in which words."""

import json
from pathlib import Path

import pytest

from firth.corpus.contexts import Groups, Sequences
from firth.corpus.phrases import PhraseOptions
from firth.corpus.vocabulary_options import VocabularyOptions
from firth.errors import DataError, OptionError, SourceNotFoundError
from firth.runs.overrides import override, parse_overrides
from firth.runs.recipe import Recipe, shipped

MPD = Sequences("pid", order="pos", item=("artist_name", "track_name"))
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
        ("a.b=", None),
        ('a.b=""', ""),
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
        ("[map]\nperplexity = 'wide'", r"map.perplexity must be a number or a list of numbers, got 'wide'"),
        (
            "[map]\nperplexity = [10, 'wide']",
            r"map.perplexity must be a number or a list of numbers, got \[10, 'wide'\]",
        ),
        ("[map]\nperplexity = []", r"\[map\] perplexity must be a number or several, got none"),
        ("[map]\nperplexity = [10, 0.5]", r"\[map\] perplexity must be >= 1, got 0.5"),
        ("[map]\nperplexity = 0.5", r"\[map\] perplexity must be >= 1, got 0.5"),
        ("[map]\nperplexity = nan", r"\[map\] perplexity must be >= 1, got nan"),
        ("[map]\nn_iter = -1", r"\[map\] n_iter must be >= 0, got -1"),
        ("[map]\nmethod = 'sklearn'\nn_iter = 249", r"\[map\] n_iter must be >= 250 for method 'sklearn', got 249"),
        ("[map]\nmethod = 'magic'", r"map.method must be 'tsne' or 'umap' or 'pacmap' or 'sklearn', got 'magic'"),
        ("[map]\nmetric = 1", r"map.metric must be 'cosine' or 'euclidean', got 1"),
        ("[map]\ntheta = 2", r"\[map\] theta must be from 0 to 1, got 2"),
        ("[map]\npatience = 30", r"\[map\] patience must be a multiple of 50, or 0 for never, got 30"),
        ("[map]\nlearning_rate = 'fast'", r"map.learning_rate must be a number or 'auto', got 'fast'"),
        ("[map]\nlearning_rate = 0", r"\[map\] learning_rate must be 'auto' or > 0, got 0"),
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


SEQUENCES = """
[source]
path = "plays.csv"

[contexts.listened]
kind = "sequences"
sequence = ["user", "day"]
order = "position"
item = ["artist", "track"]
window = [3, 0]

[contexts.artist]
column = "artist"
item = ["artist", "track"]
weight = 0

[vocabulary]
max_items = 100
unknown = "?"

[train]
min_count = 2
"""


def recipe_of(tmp_path: Path, text: str, **overrides: object) -> Recipe:
    (tmp_path / "r.toml").write_text(text, encoding="utf-8")
    return Recipe.load(
        tmp_path / "r.toml", overrides={key.replace("__", "."): given for key, given in overrides.items()}
    )


def test_contexts_of_both_kinds_are_read(tmp_path: Path):
    recipe = recipe_of(tmp_path, SEQUENCES)
    listened = Sequences(("user", "day"), order="position", item=("artist", "track"), window=(3, 0))
    assert recipe.contexts["listened"] == listened
    assert isinstance(recipe.contexts["artist"], Groups)
    assert recipe.vocabulary.of(recipe.source.kind) == VocabularyOptions(min_count=2, max_items=100, unknown="?")


@pytest.mark.parametrize("sequence", ['["user", "day"]', '"user"', "[]"])
def test_a_recipe_with_sequences_survives_becoming_plain_values(tmp_path: Path, sequence: str):
    text = SEQUENCES.replace('["user", "day"]', sequence)
    recipe = recipe_of(tmp_path, text if sequence != "[]" else text.replace('order = "position"', ""))
    again = Recipe.from_dict(json.loads(json.dumps(recipe.to_dict())), name="r")
    assert again.to_dict() == recipe.to_dict()
    assert again.contexts["listened"].columns == recipe.contexts["listened"].columns


@pytest.mark.parametrize(
    ("path", "kind", "contexts", "min_count"),
    [
        ("a.txt", "text", {"text": Sequences()}, 5),
        ("a.TXT.gz", "text", {"text": Sequences()}, 5),
        ("a.json.xz", "playlists", {"playlists": MPD}, 1),
        (".", "playlists", {"playlists": MPD}, 1),
    ],
)
def test_a_text_and_playlists_need_no_context(tmp_path: Path, path, kind, contexts, min_count):
    recipe = recipe_of(tmp_path, f"[source]\npath = '{path}'")
    assert (recipe.source.kind, recipe.declared) == (kind, contexts)
    assert recipe.vocabulary.of(kind).min_count == min_count
    assert Recipe.from_dict(recipe.to_dict(), name="r") == recipe


def test_a_text_has_its_options(tmp_path: Path):
    recipe = recipe_of(
        tmp_path,
        "[source]\npackage = 'wikipedia'\ntokens_per_sequence = 100\ncache = false\n[contexts.words]\n"
        "kind = 'sequences'\nwindow = 5\n[vocabulary]\nphrases = 0.6\nphrase_passes = 2\nlowercase = true",
    )
    assert recipe.declared == {"words": Sequences(window=5)}
    assert recipe.vocabulary.text_options().phrases == PhraseOptions(threshold=0.6, passes=2)
    assert recipe.source.kind == "text"


def test_one_source_takes_the_place_of_another(tmp_path: Path):
    text = "[source]\npackage = 'wikipedia'\nstrict = true"
    assert recipe_of(tmp_path, text, source__path="b.txt").to_dict()["source"] == {
        "path": "b.txt", "strict": True, "cache": True
    }  # fmt: skip
    with pytest.raises(OptionError, match="got both"):
        recipe_of(tmp_path, text, source__path="b.txt", source__package="wikipedia")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'kind = "sequences"',
            'kind = "sequence"',
            "contexts.listened.kind must be 'groups', 'sequences' or 'walks', got 'seq",
        ),
        ('kind = "sequences"', "kind = 1", "contexts.listened.kind must be"),
        ('kind = "sequences"', "", r"unknown key 'contexts.listened.sequence'"),
        ("window = [3, 0]", "windw = 3", "unknown key 'contexts.listened.windw'. Closest: 'contexts.listened.window'"),
        ("window = [3, 0]", "window = [3]", "window must be a whole number or a list of 2 whole numbers, got .3."),
        ("window = [3, 0]", "window = [0, 0]", r"\[contexts.listened\] window must be .* got \(0, 0\)"),
        ("window = [3, 0]", "window = 2.5", "must be a whole number or a list of 2 whole numbers, got 2.5"),
        ("window = [3, 0]", "weight = -1", r"\[contexts.listened\] weight must be a finite number >= 0, got -1"),
        ("max_items = 100", "max_items = 1", r"\[vocabulary\] max_items must be"),
        ("max_items = 100", "min_count = 3", "train.min_count and vocabulary.min_count are one, got 2 and 3"),
        ("min_count = 2", "min_count = 0", r"\[vocabulary\] min_count must be a whole number >= 1, got 0"),
        ("max_items = 100", "lowercase = true", "lowercase, token_pattern and phrases go with a text"),
        ("max_items = 100", "token_pattern = '('", r"\[vocabulary\] token_pattern must be a regular expression"),
        ("max_items = 100", "phrases = 'yes'", "vocabulary.phrases must be true or false or a number"),
        ('path = "plays.csv"', "path = 'a.txt'", "a text makes one context"),
        ('path = "plays.csv"', "path = 'a.csv'\ncache = false", "tokens_per_sequence and cache go with a text"),
        ('path = "plays.csv"', "path = 'a.csv'\ntokens_per_sequence = 3", "go with a text"),
        ('path = "plays.csv"', "uri = 'sqlite:///a'\nquery = 'q'\nstrict = true", "strict goes with path"),
        ('path = "plays.csv"', "package = 'wikipeda'", "unknown package 'wikipeda'. Closest: 'wikipedia'"),
        ("weight = 0", "[plots]\ncolor_by = ['listened']", r"\[plots\] unknown attribute 'listened'"),
    ],
)
def test_a_wrong_recipe_of_sequences_is_refused_by_key(tmp_path: Path, old: str, new: str, message: str):
    with pytest.raises(OptionError, match=message):
        recipe_of(tmp_path, SEQUENCES.replace(old, new))


def test_the_context_of_a_text_has_no_columns(tmp_path: Path):
    text = "[source]\npath = 'a.txt'\n[contexts.words]\nkind = 'sequences'\norder = 'line'"
    with pytest.raises(OptionError, match=r"contexts.words: a text has no columns"):
        recipe_of(tmp_path, text)


def test_a_value_of_the_recipe_is_left_out_by_nothing():
    recipe = Recipe.load("words", overrides=parse_overrides(["source.path=a.txt", "vocabulary.token_pattern="]))
    assert recipe.vocabulary.text_options().token_pattern is None
    assert Recipe.load("words").vocabulary.text_options().token_pattern
    settings = ["contexts.listened.order=", "contexts.listened.item=track", "train.pairs="]
    recipe = Recipe.load("playlists", overrides=parse_overrides(settings))
    assert recipe.contexts["listened"] == Sequences(("playlist",), item="track")


def test_the_playlists_recipe_reads_the_origins_columns():
    recipe = Recipe.load("playlists", overrides={"source.path": "plays.csv"})
    expected = Sequences(("playlist",), order="position", item=("artist", "track"))
    assert recipe.contexts == {"listened": expected}
