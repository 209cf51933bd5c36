"""Runs asked about sequences that were held out: their own, or those of a twin that has not seen them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import firth
from firth.corpus.reading import built
from firth.corpus.splitting import Holdout, split
from firth.errors import DataError, OptionError, RunError
from firth.evaluation.lasts import last_items
from firth.evaluation.ranking import ranks_of
from firth.runs.evaluating import Asking, HoldoutEvaluation, compare_evaluations, evaluate_run
from firth.runs.reading import read_intake
from holdout_runs import planted_rows, recipe_of

HOLDOUT = {"test": 0.2, "validation": 0.1, "seed": 4}
ASKING = Asking(ks=(5, 20))


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lists") / "lists.csv"
    planted_rows().write_csv(path)
    return path


@pytest.fixture(scope="module")
def whole(table: Path, tmp_path_factory: pytest.TempPathFactory) -> firth.Run:
    return firth.run_recipe(recipe_of(table), out=tmp_path_factory.mktemp("whole") / "whole")


@pytest.fixture(scope="module")
def part(table: Path, tmp_path_factory: pytest.TempPathFactory) -> firth.Run:
    return firth.run_recipe(recipe_of(table, holdout=HOLDOUT), out=tmp_path_factory.mktemp("part") / "part")


@pytest.fixture(scope="module")
def of_whole(whole: firth.Run) -> HoldoutEvaluation:
    return evaluate_run(whole, ASKING, holdout=Holdout(**HOLDOUT))


@pytest.fixture(scope="module")
def of_part(part: firth.Run) -> HoldoutEvaluation:
    return evaluate_run(part, ASKING)


def ranks(found: HoldoutEvaluation) -> dict[tuple[int, str], list[int]]:
    return {(n, score.name): score.ranks.tolist() for n, each in found.rounds.items() for score in each.scores}


def test_a_run_that_holds_sequences_out_is_asked_itself(part: firth.Run, table: Path, of_part: HoldoutEvaluation):
    parts = split(read_intake(recipe_of(table), None), Holdout(**HOLDOUT))
    questions = last_items(parts.sequences, parts.test, n_before=3)
    asked = questions.asked_of(part.vectors.vocabulary)
    found = part.vectors.similar_ids([query for query in asked.queries if len(query)], k=20).ids
    expected = np.zeros(len(asked.targets), dtype=np.int64)
    expected[~asked.is_cold_query] = ranks_of(found, asked.targets[~asked.is_cold_query])
    assert not of_part.is_twin
    assert of_part.rounds[3]["neighbors"].ranks.tolist() == expected.tolist()
    assert of_part.n_sequences == len(parts.test) == len(expected)
    assert of_part.n_trained == len(parts.trained)


def test_a_run_that_has_seen_all_is_asked_by_its_twin(of_whole: HoldoutEvaluation, of_part: HoldoutEvaluation):
    assert of_whole.is_twin
    assert ranks(of_whole) == ranks(of_part)  # the recipe that holds the same sequences out is the twin's
    document, other = of_whole.to_dict(), of_part.to_dict()
    assert (document["run"], document["is_twin"], other["is_twin"]) == ("whole", True, False)
    assert [each["n_before"] for each in document["rounds"]] == [1, 3]


def test_nothing_of_what_is_asked_about_is_trained(part: firth.Run, table: Path):
    parts = split(read_intake(recipe_of(table), None), Holdout(**HOLDOUT))
    kept = pl.read_csv(table).filter(
        ~pl.col("list").is_in(
            [sorted(pl.read_csv(table)["list"].unique())[i] for i in (*parts.test, *parts.validation)]
        )
    )
    counts = dict(kept["item"].value_counts().iter_rows())
    assert dict(zip(part.vectors.keys, part.vectors.counts.tolist(), strict=True)) == counts


def test_the_two_parts_are_asked_about_apart(part: firth.Run):
    found = {name: evaluate_run(part, replace(ASKING, part=name, n_before=(2,))) for name in ("validation", "test")}
    n = {name: each.n_sequences for name, each in found.items()}
    assert n["test"] == pytest.approx(2 * n["validation"], abs=1)
    assert found["validation"].rounds[2]["neighbors"].ranks.shape == (n["validation"],)


def test_planted_company_is_found_by_vectors_and_not_by_chance(of_part: HoldoutEvaluation):
    for found in of_part.rounds.values():
        means = {score.name: score.measures["HR@20"].mean for score in found.scores}
        # The worst of 50 seeds: 0.34 above popularity, its interval from 0.16; 0.16 above chance, of 44 questions.
        assert means["recommend"] > means["popularity"] + 0.25
        assert means["recommend"] > means["random"] + 0.1
        assert found.compared("recommend", "popularity")["HR@20"].is_above_zero


def test_every_number_of_threads_gives_the_same_numbers(whole: firth.Run):
    found = {n: evaluate_run(whole, replace(ASKING, n_jobs=n)) for n in (1, 2, 3, 8)}
    for n in (2, 3, 8):
        assert ranks(found[n]) == ranks(found[1])
        for before, each in found[n].rounds.items():
            same = [(score.measures, score.spread) for score in found[1].rounds[before].scores]
            assert [(score.measures, score.spread) for score in each.scores] == same


def test_rare_items_are_cold_and_counted(table: Path, tmp_path: Path):
    # The last two items of one kind of list are of that list alone: no training part can know them.
    rows = pl.read_csv(table).with_columns(pl.col("place").cast(pl.Int64))
    alone = pl.int_range(pl.len()).over("list") >= pl.len().over("list") - 2
    is_odd = pl.col("list").str.tail(1).cast(pl.Int32) % 2 == 1
    own = pl.concat_str("list", "place", separator="/")
    rows.with_columns(item=pl.when(alone & is_odd).then(own).otherwise("item")).write_csv(tmp_path / "rare.csv")
    recipe = recipe_of(tmp_path / "rare.csv", vocabulary={"min_count": 2}, holdout=HOLDOUT)
    run = firth.run_recipe(recipe, out=tmp_path / "run")
    found = evaluate_run(run, ASKING)
    parts = split(read_intake(recipe, None), Holdout(**HOLDOUT))
    names = sorted(rows["list"].unique())
    n_odd = sum(int(names[i][-1]) % 2 for i in parts.test)
    assert 0 < n_odd < found.n_sequences
    for n_before, each in found.rounds.items():
        assert each.n_questions == found.n_sequences
        assert each.n_cold_targets >= n_odd
        assert each.n_cold_queries >= (n_odd if n_before == 1 else 0)
        assert (each["neighbors"].ranks > 0).sum() <= each.n_questions - n_odd
    assert found.rounds[1].n_cold_queries > found.rounds[3].n_cold_queries


def test_groups_go_on_training_items_that_are_held_out(table: Path, tmp_path: Path):
    contexts = {
        "kind": {"column": "kind", "item": "item", "weight": 1},
        "listened": recipe_of(table).to_dict()["contexts"]["listened"],
    }
    recipe = replace(recipe_of(table, contexts=contexts), holdout=None)
    run = firth.run_recipe(recipe, out=tmp_path / "run")
    found = evaluate_run(run, replace(ASKING, n_before=(1,)))
    assert found.context == "listened"
    assert found.n_items == 90  # every item has a kind, whichever lists are held out


def test_a_changed_source_is_refused(table: Path, tmp_path: Path):
    rows = pl.read_csv(table)
    rows.write_csv(tmp_path / "lists.csv")
    runs = {
        name: firth.run_recipe(recipe_of(tmp_path / "lists.csv", **changes), out=tmp_path / name)
        for name, changes in {"part": {"holdout": HOLDOUT}, "whole": {}}.items()
    }
    rows.vstack(rows.head(40).with_columns(list=pl.lit("9-9999"))).write_csv(tmp_path / "lists.csv")
    for run in runs.values():
        with pytest.raises(RunError, match=f"the source of {run.name} has changed since it was trained"):
            evaluate_run(run, ASKING)


def test_a_run_in_memory_has_no_source():
    corpus = firth.read_table(planted_rows(), contexts={"listened": firth.Sequences("list", order="place")})
    with pytest.raises(RunError, match="in memory has no source to read again"):
        evaluate_run(firth.train(corpus, vector_size=4, epochs=1))


def test_a_run_without_a_recipe_has_no_source(tmp_path: Path):
    corpus = firth.read_table(planted_rows(), contexts={"listened": firth.Sequences("list", order="place")})
    run = firth.train(corpus, vector_size=4, epochs=1, out=tmp_path / "run")
    with pytest.raises(RunError, match="was not made from a recipe"):
        evaluate_run(run)


def test_a_run_without_sequences_cannot_be_asked_about_them(table: Path, tmp_path: Path):
    tables = recipe_of(table).to_dict()
    tables["contexts"] = {"kind": {"column": "kind", "item": "item"}}
    tables["train"]["epochs"] = 1
    run = firth.run_recipe(firth.Recipe.from_dict(tables, name="kinds"), out=tmp_path / "run")
    with pytest.raises(OptionError, match="this source has no sequences"):
        evaluate_run(run)


def test_a_run_that_went_on_from_another_has_no_twin(table: Path, whole: firth.Run, tmp_path: Path):
    run = firth.run_recipe(recipe_of(table, start={"run": str(whole.folder)}, train={"epochs": 1}), out=tmp_path / "on")
    with pytest.raises(OptionError, match="went on from another run"):
        evaluate_run(run, ASKING)


def test_items_that_a_run_keeps_from_another_may_be_answers(table: Path, tmp_path: Path):
    # They come after the corpus's own, and nothing counted them.
    other = pl.read_csv(table).with_columns(pl.lit("old ") + pl.col("item"))
    other.drop("item").rename({"literal": "item"}).write_csv(tmp_path / "other.csv")
    before = firth.run_recipe(recipe_of(tmp_path / "other.csv"), out=tmp_path / "before")
    recipe = recipe_of(table, start={"run": str(before.folder)}, holdout=HOLDOUT, train={"epochs": 1})
    run = firth.run_recipe(recipe, out=tmp_path / "after")
    assert len(run.vectors) == 180
    found = evaluate_run(run, Asking(ks=(100,), n_before=(1,))).rounds[1]
    assert 0 < found["neighbors"].spread.coverage <= 1
    assert found["neighbors"].spread.popularity > 0


def test_a_recipes_own_holdout_is_the_one_that_is_asked_about(part: firth.Run):
    with pytest.raises(OptionError, match="part holds out sequences of its own"):
        evaluate_run(part, ASKING, holdout=Holdout(seed=5))
    same = evaluate_run(part, replace(ASKING, n_before=(1,)), holdout=Holdout(**HOLDOUT))
    assert same.holdout == Holdout(**HOLDOUT)


def test_a_part_that_was_not_held_out_is_told(table: Path, tmp_path: Path):
    recipe = recipe_of(table, holdout={"test": 0.2, "validation": 0.0}, train={"epochs": 1})
    run = firth.run_recipe(recipe, out=tmp_path / "run")
    with pytest.raises(DataError, match="no sequence is held out for validation"):
        evaluate_run(run, replace(ASKING, part="validation"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"part": "train"}, "part must be 'validation' or 'test', got 'train'"),
        ({"n_before": ()}, "n_before must be numbers of items >= 1"),
        ({"n_before": (3, 0)}, "n_before must be numbers of items >= 1"),
        ({"ks": ()}, "ks must be cut-offs >= 1"),
        ({"window": 0}, "window must be >= 1, got 0"),
    ],
)
def test_asking_is_checked(options: dict[str, object], message: str):
    with pytest.raises(OptionError, match=message):
        Asking(**options)  # type: ignore[arg-type]


def test_without_baselines_only_the_vectors_are_asked(part: firth.Run):
    found = evaluate_run(part, replace(ASKING, with_baselines=False)).rounds[1]
    assert [score.name for score in found.scores] == ["recommend", "neighbors"]


def test_windowed_counts_look_as_far_as_the_training_did(part: firth.Run, of_part: HoldoutEvaluation):
    assert "counts within 2" in [score.name for score in of_part.rounds[1].scores]
    wider = evaluate_run(part, replace(ASKING, window=4)).rounds[1]
    assert "counts within 4" in [score.name for score in wider.scores]


def test_two_runs_compare_question_by_question(table: Path, tmp_path: Path, of_part: HoldoutEvaluation):
    poor = firth.run_recipe(recipe_of(table, holdout=HOLDOUT, train={"epochs": 1}), out=tmp_path / "poor")
    other = evaluate_run(poor, ASKING)
    found = compare_evaluations(of_part, other)
    assert found.keys() == {1, 3}
    one, two = (each.rounds[3]["neighbors"].ranks for each in (of_part, other))
    difference = ((one > 0) & (one <= 5)).mean() - ((two > 0) & (two <= 5)).mean()
    assert found[3]["neighbors"]["HR@5"].mean == pytest.approx(difference)
    assert found[3]["recommend"]["HR@20"].is_above_zero
    back = compare_evaluations(other, of_part)
    assert back[3]["recommend"]["HR@20"].mean == pytest.approx(-found[3]["recommend"]["HR@20"].mean)


@pytest.mark.parametrize(
    "options",
    [{"part": "validation"}, {"n_before": (1,)}, {"ks": (5,)}, {"exclude_query": False}],
    ids=["part", "length", "cut-offs", "query excluded"],
)
def test_what_was_asked_otherwise_does_not_compare(
    options: dict[str, object], part: firth.Run, of_part: HoldoutEvaluation
):
    other = evaluate_run(part, replace(ASKING, with_baselines=False, **options))  # type: ignore[arg-type]
    with pytest.raises(DataError, match="were not asked"):
        compare_evaluations(of_part, other)


def test_equally_many_questions_of_another_source_do_not_compare(tmp_path: Path, of_part: HoldoutEvaluation):
    planted_rows().with_columns(pl.col("item").reverse()).write_csv(tmp_path / "other.csv")
    run = firth.run_recipe(
        recipe_of(tmp_path / "other.csv", holdout=HOLDOUT, train={"epochs": 1}), out=tmp_path / "run"
    )
    other = evaluate_run(run, replace(ASKING, with_baselines=False))
    assert other.n_sequences == of_part.n_sequences
    with pytest.raises(DataError, match="were not asked"):
        compare_evaluations(of_part, other)


def test_what_was_trained_is_what_the_split_left(part: firth.Run, table: Path):
    recipe = recipe_of(table)
    parts = split(read_intake(recipe, None), Holdout(**HOLDOUT))
    corpus = built(parts.train, recipe.vocabulary.of(recipe.source.kind), None)
    assert part.document["corpus"]["fingerprint"] == corpus.fingerprint
