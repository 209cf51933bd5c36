"""Recipes as files: what is written is read as the same recipe."""

import pytest

import firth
from firth.runs.recipe import shipped
from firth.runs.toml import recipe_toml


def written(recipe: firth.Recipe, tmp_path, **options) -> firth.Recipe:
    path = tmp_path / f"{recipe.name}.toml"
    path.write_text(recipe_toml(recipe, **options), encoding="utf-8")
    return firth.Recipe.load(path)


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_recipe_is_read_as_it_was_written(name: str, tmp_path):
    recipe = firth.Recipe.load(name)
    assert written(recipe, tmp_path).to_dict() == recipe.to_dict()


def test_strange_texts_survive(tmp_path):
    tables = {
        "source": {"path": 'a "quoted"\\path\n\t\x7f\x01 ü 漢.csv'},
        "contexts": {
            "what? it's “this”.": {"kind": "sequences", "sequence": [], "item": ["a", "b"], "window": [3, 0]},
            "kind": {"item": "a", "column": "kind"},
        },
        "holdout": {"test": 0.25},
        "tags": {"from": "kind", "keywords": {"r&b": ["r&b", "soul music"], "rap": ["rap"]}},
        "train": {"probes": ["x - y"], "epochs": 7, "sample": 1e-5, "shrink_windows": False},
        "map": {"perplexity": [10, 50]},
        "plots": {"color_by": []},
    }
    recipe = firth.Recipe.from_dict(tables, name="strange")
    assert written(recipe, tmp_path).to_dict() == recipe.to_dict()


def test_what_is_the_default_is_left_out_unless_it_is_kept():
    recipe = firth.Recipe.from_dict({"source": {"path": "a.txt"}, "train": {"epochs": 7}}, name="text")
    assert recipe_toml(recipe) == '[source]\npath = "a.txt"\n\n[train]\nepochs = 7\n'
    kept = recipe_toml(recipe, keep=["train.negative"], head="one\ntwo")
    assert kept.startswith("# one\n# two\n\n[source]")
    assert "negative = 5\n" in kept


def test_a_password_is_not_written():
    source = {"uri": "postgresql://reader:secret@host/db", "query": "select 1"}
    recipe = firth.Recipe.from_dict({"source": source, "contexts": {"basket": {}}}, name="shop")
    assert "secret" not in recipe_toml(recipe)
    assert "reader:***@host" in recipe_toml(recipe)
