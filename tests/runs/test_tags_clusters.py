"""Tags and clusters in recipes and runs: what is accepted, what is made, kept and drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import firth
from firth.errors import DataError, MissingExtraError, OptionError, RunError
from firth.runs.exchange import export_run
from firth.runs.recipe import Recipe
from firth.runs.run import Run

WORDS = {"rap": ["rap", "hip-hop"], "rock": ["rock"]}


def tables(folder: Path, **sections: object) -> dict[str, object]:
    return {
        "source": {"path": str(folder / "plays.csv")},
        "contexts": {
            "list": {"column": "list", "item": "band"},
            "name": {"column": "name", "item": "band", "weight": 0},
        },
        "train": {"vector_size": 8, "pairs": 60_000},
        "map": {"n_iter": 250, "perplexity": 10},
        **sections,
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """90 bands in playlists of their kind, whose names mostly tell it, and one band in a list of its own."""
    random = np.random.default_rng(4)
    names = (("Hip-Hop Gold", "best RAP", "therapy"), ("classic rock", "Rock on", "drive"), ("piano", "calm", "night"))
    rows = [
        {"list": f"{kind}-{number}", "name": names[kind][number % 3], "band": f"band {3 * one + kind}"}
        for kind in range(3)
        for number in range(12)
        for one in random.choice(30, size=8, replace=False)
    ]
    rows += [{"list": "alone", "name": "rap", "band": "lonely"}]
    path = tmp_path_factory.mktemp("plays")
    pl.DataFrame(rows).write_csv(path / "plays.csv")
    return path


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    tags = {"from": "name", "keywords": WORDS}
    given = tables(folder, tags=tags, clusters={"n": 3}, plots={"color_by": ["tag", "cluster"]})
    return firth.run_recipe(Recipe.from_dict(given, name="bands"), out=folder / "run")


def test_tags_are_an_attribute_that_colours_names_and_agrees(run: Run) -> None:
    tags = dict(run.items.select("key", "tags").iter_rows())
    assert tags["lonely"] == ["rap"]
    assert {tag for key, some in tags.items() if key != "lonely" for tag in some} == {"rap", "rock"}
    assert all("rap" not in some for key, some in tags.items() if key != "lonely" and int(key.split()[1]) % 3 != 0)
    assert [one.name for one in run.agreement()] == ["list", "name", "tags"]
    assert {"rap", "rock"} <= {value.value for one in run.clusters for value in one.values if value.attribute == "tags"}
    assert (run.folder / "plots" / "map-tag.png").stat().st_size > 1000


def test_a_run_keeps_what_its_tags_and_clusters_are_worth(run: Run) -> None:
    again = firth.load_run(run.folder)
    assert again.metrics["tags"]["tags"][0]["purity"] > 0.8
    assert again.metrics["tags"]["n_tagged"] < again.metrics["tags"]["n_items"]
    about = again.metrics["clusters"]
    assert (about["method"], about["n"], about["n_noise"]) == ("kmeans", 3, 0)
    assert about["silhouette"] == pytest.approx(again.cluster_quality(n_repeats=0).silhouette)
    assert [one.silhouette for one in again.clusters] == pytest.approx(
        [one.silhouette for one in again.cluster_quality(n_repeats=0).clusters]
    )


def test_a_recipe_with_tags_survives_becoming_plain_values(folder: Path) -> None:
    recipe = Recipe.from_dict(
        tables(folder, tags={"from": "name", "keywords": WORDS, "min_share": 1}, clusters={"method": "hdbscan"}),
        name="x",
    )
    assert recipe.tags.from_ == "name"
    assert recipe.tags.keywords["rap"] == ("rap", "hip-hop")
    assert recipe.to_dict()["tags"]["from"] == "name"
    assert Recipe.from_dict(recipe.to_dict(), name="x") == recipe


@pytest.mark.parametrize(
    ("section", "table", "message"),
    [
        ("tags", {"keywords": WORDS}, r"\[tags\] lacks one of: from"),
        ("tags", {"from": "nam"}, r"\[tags\] from: unknown attribute 'nam'. Closest: 'name'"),
        ("tags", {"from_": "name"}, r"unknown key 'tags.from_'. Closest: 'tags.from'"),
        (
            "tags",
            {"from": "name", "keywords": {"rock": "rock"}},
            r"tags.keywords must be a table, each entry a list of",
        ),
        ("tags", {"from": "name", "keywords": ["rock"]}, r"tags.keywords must be a table"),
        ("tags", {"from": "name", "keywords": {"rock": []}}, r"\[tags\] keywords.rock must be a list of at least one"),
        ("tags", {"from": "name", "top": 0}, r"\[tags\] top must be >= 1, got 0"),
        ("clusters", {"method": "dbscan"}, r"clusters.method must be 'kmeans' or 'hdbscan'"),
        ("clusters", {"method": "hdbscan", "n": 3}, r"\[clusters\] n goes with method 'kmeans'"),
        ("clusters", {"min_cluster_size": 1}, r"\[clusters\] min_cluster_size must be >= 2, got 1"),
        ("clusters", {"n": 3, "n_components": 4}, r"n_components goes with method 'hdbscan'"),
        ("clusters", {"method": "hdbscan", "n_components": 0}, r"n_components must be >= 1"),
        ("plots", {"color_by": ["tags"]}, r"unknown attribute 'tags'"),
    ],
)
def test_wrong_sections_are_refused(folder: Path, section: str, table: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Recipe.from_dict(tables(folder, **{section: table}), name="x")


def test_contexts_that_cannot_give_tags_are_refused(folder: Path) -> None:
    given = tables(folder, tags={"from": "tags"})
    given["contexts"]["tags"] = {"column": "name", "item": "band"}
    with pytest.raises(OptionError, match="may not be named 'tags' beside"):
        Recipe.from_dict(given, name="x")
    given = tables(folder, tags={"from": "score"})
    given["contexts"]["score"] = {"column": "list", "item": "band", "aggregate": "count"}
    with pytest.raises(OptionError, match="aggregate makes a number"):
        Recipe.from_dict(given, name="x")
    given = tables(folder, tags={"from": "list"}, contexts={"list": {"kind": "sequences", "item": "band"}})
    with pytest.raises(OptionError, match="needs an unordered context"):
        Recipe.from_dict(given, name="x")


def test_words_that_nobody_says_tag_nobody(folder: Path, tmp_path: Path) -> None:
    given = tables(folder, tags={"from": "name", "keywords": {"polka": ["polka"]}}, map={"enabled": False})
    made = firth.run_recipe(Recipe.from_dict(given, name="x"), out=tmp_path / "run")
    assert made.metrics["tags"] == {"n_items": len(made.items), "n_tagged": 0, "tags": []}
    with pytest.raises(DataError, match="of 'tags' 0 do"):
        made.tag_quality()


def test_tagging_later_gives_the_same_tags(run: Run) -> None:
    untagged = Run(run.vectors, run.items.drop("tags"), run.history, run.document)
    assert untagged.tag("name", keywords=WORDS).items["tags"].equals(run.items["tags"])
    assert untagged.tag("name", top=1).items["tags"].explode(empty_as_null=True).n_unique() == 2  # and null
    with pytest.raises(OptionError, match="Closest: 'name'"):
        untagged.tag("nam", keywords=WORDS)
    with pytest.raises(OptionError, match="unknown attribute 'tags'"):
        untagged.tag_quality()


@pytest.fixture(scope="module")
def dense(run: Run) -> Run:
    return run.cluster(method="hdbscan", min_cluster_size=8)


def test_items_outside_dense_clusters_are_in_none(dense: Run) -> None:
    labels = dense.items["cluster"].to_numpy()
    assert labels.min() == -1
    assert len(dense.clusters) == labels.max() + 1 >= 2
    assert dense.metrics["clusters"]["n_noise"] == (labels == -1).sum()
    assert sum(one.size for one in dense.clusters) == (labels >= 0).sum()
    assert [one.size for one in dense.clusters] == np.bincount(labels[labels >= 0]).tolist()
    assert labels.tobytes() == dense.cluster(method="hdbscan", min_cluster_size=8).items["cluster"].to_numpy().tobytes()


def test_no_cluster_is_no_name_but_said(dense: Run, tmp_path: Path) -> None:
    labels = dense.items["cluster"].to_list()
    _, values = dense.colors("cluster")
    assert [value is None for value in values] == [label < 0 for label in labels]
    assert {values[i] for i, label in enumerate(labels) if label == 0} == {dense.clusters[0].name}
    figure = dense.plot(color_by="cluster", path=tmp_path / "a.png")
    assert any(text.get_text().startswith("no cluster (") for legend in figure.legends for text in legend.get_texts())
    export_run(dense, "projector", tmp_path / "projector")
    shown = pl.read_csv(tmp_path / "projector" / "metadata.tsv", separator="	")["cluster"].to_list()
    assert [name == "no cluster" for name in shown] == [label < 0 for label in labels]


def test_a_cluster_is_named_by_lift_over_all_items(dense: Run) -> None:
    lifted = next(value for one in dense.clusters for value in one.values if value.attribute == "tags" and value.value)
    has = sum(lifted.value in tags for tags in dense.items["tags"].to_list())
    assert lifted.overall == pytest.approx(has / len(dense.items))


def test_dense_clusters_are_tried_on_other_items(dense: Run) -> None:
    found, again = dense.cluster_quality(n_repeats=3), dense.cluster_quality(n_repeats=3, n_jobs=1)
    assert found == again
    assert found.n_repeats == 3
    assert found.adjusted_rand > 0.9
    assert min(one.stability for one in found.clusters) > 0.9
    assert found.n_noise == dense.metrics["clusters"]["n_noise"]


@pytest.mark.parametrize("method", ["kmeans", "hdbscan"])
def test_every_other_try_differs_from_the_first_and_from_each_other(
    run: Run, dense: Run, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = run if method == "kmeans" else dense
    tries: list[tuple[int, bytes, int]] = []

    def recorded(vectors, options, *, seed, n_jobs):  # noqa: ARG001
        rows = vectors.matrix if method == "kmeans" else vectors
        tries.append((seed, rows.tobytes(), options.min_cluster_size))
        return np.zeros(len(rows), dtype=np.int32)

    monkeypatch.setattr("firth.runs.cluster_quality.labelled", recorded)
    asked.cluster_quality(n_repeats=3)
    if method == "kmeans":
        assert len({seed for seed, _, _ in tries} | {asked.seed}) == 4
        assert {rows for _, rows, _ in tries} == {asked.vectors.matrix.tobytes()}
    else:
        assert len({rows for _, rows, _ in tries}) == 3
        shown = round(0.8 * len(asked.items)) * asked.vectors.size * 4
        assert {(len(rows), least) for _, rows, least in tries} == {(shown, 6)}  # 80 % of 8


def test_no_dense_region_is_an_answer(run: Run, tmp_path: Path) -> None:
    none = run.cluster(method="hdbscan", min_cluster_size=1000)
    assert none.clusters == []
    assert set(none.items["cluster"].to_list()) == {-1}
    assert none.metrics["clusters"]["silhouette"] is None
    none.plot(path=tmp_path / "a.png")
    assert firth.load_run(none.save(tmp_path / "run").folder).cluster_quality(n_repeats=1).clusters == ()


@pytest.mark.parametrize("n_jobs", [1, 2, 3])
def test_quality_is_the_same_for_any_threads(run: Run, n_jobs: int) -> None:
    assert run.cluster_quality(n_repeats=2, n_jobs=n_jobs) == run.cluster_quality(n_repeats=2)


def test_clusters_of_an_earlier_version_can_be_judged(run: Run) -> None:
    metrics = {name: value for name, value in run.metrics.items() if name != "clusters"}
    clusters = [{k: v for k, v in one.items() if k != "silhouette"} for one in run.document["clusters"]]
    old = Run(run.vectors, run.items, run.history, {**run.document, "metrics": metrics, "clusters": clusters})
    assert old.clusters[0].silhouette is None
    assert old.cluster_quality(n_repeats=2) == run.cluster_quality(n_repeats=2)


def test_wrong_questions_about_clusters_are_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = Run(run.vectors, run.items.drop("cluster"), run.history, {**run.document, "clusters": []})
    with pytest.raises(RunError, match="has no clusters"):
        bare.cluster_quality()
    with pytest.raises(OptionError, match="n_repeats must be >= 0"):
        run.cluster_quality(n_repeats=-1)
    for arguments in ({}, {"n_clusters": 3, "method": "hdbscan"}):
        with pytest.raises(OptionError, match="n_clusters goes with method 'kmeans'"):
            run.cluster(**arguments)
    with pytest.raises(OptionError, match="n_clusters must be >= 2, got 0"):
        run.cluster(0)
    monkeypatch.setattr("firth.vectors.hdbscan.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="scikit-learn"):
        run.cluster(method="hdbscan")


def test_a_recipe_for_dense_clusters_needs_its_extra_at_once(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firth.vectors.hdbscan.find_spec", lambda _: None)
    recipe = Recipe.from_dict(tables(folder, clusters={"method": "hdbscan"}), name="x")
    with pytest.raises(MissingExtraError, match=r"firth\[clusters\]"):
        firth.run_recipe(recipe, out=tmp_path / "run")
    assert not (tmp_path / "run" / "vectors.safetensors").exists()
