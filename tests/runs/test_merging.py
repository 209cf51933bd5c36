"""From a run to the same run with its duplicates merged: copies that were planted are found, merged, and add up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import firth
from firth.errors import DataError, RunError, SourceNotFoundError
from firth.runs.merging import retrain_merged, source_intake
from firth.runs.recipe import Recipe
from firth.vectors.duplicates import find_duplicates, find_namesakes
from firth.vectors.merge_table import write_merges

pytest.importorskip("rapidfuzz")

SUFFIXES = (" - Radio Edit", " (feat. Somebody)", " [2011 Remaster]")
N_GROUPS, N_SONGS, N_LISTS = 6, 20, 1500
LETTERS = "abcdefghijklmnopqrst"


def song(group: int, number: int) -> str:
    """Return a title that is not like that of another number."""
    return f"{LETTERS[group]} band - {LETTERS[number] * 3} {LETTERS[(7 * number + group) % 20] * 4} song"


def write_plays(path: Path, seed: int) -> dict[str, str]:
    """Write playlists of songs of one group, some under a second name in half of their places; return these names."""
    draws = np.random.default_rng(seed)
    songs = [[song(group, number) for number in range(N_SONGS)] for group in range(N_GROUPS)]
    chosen = [songs[group][number] for group in range(N_GROUPS) for number in range(0, N_SONGS, 5)]
    names = {key: key + SUFFIXES[i % 3] for i, key in enumerate(chosen)}
    rows = []
    for number in range(N_LISTS):
        for place, picked in enumerate(draws.permutation(N_SONGS)[:8]):
            key = songs[number % N_GROUPS][picked]
            key = names[key] if key in names and draws.random() < 0.5 else key
            artist, _, track = key.partition(" - ")
            rows.append({"playlist": number, "position": place, "artist": artist, "track": track})
    pl.DataFrame(rows).write_csv(path)
    return names


def recipe_of(plays: Path, **overrides: object) -> Recipe:
    given = {
        "source.path": str(plays),
        "train.vector_size": 16,
        "train.epochs": 10,
        "train.window": 3,  # the order of these lists is by lot
        "map.enabled": False,
        "clusters.n": 0,
        **{name.replace("__", "."): value for name, value in overrides.items()},
    }
    return Recipe.load("playlists", overrides=given)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[firth.Run, dict[str, str]]:
    folder = tmp_path_factory.mktemp("planted")
    names = write_plays(folder / "plays.csv", seed=1)
    return firth.run_recipe(recipe_of(folder / "plays.csv"), out=folder / "run"), names


def counts_of(run: firth.Run) -> dict[str, int]:
    return dict(zip(run.vectors.keys, run.vectors.counts.tolist(), strict=True))


def test_planted_copies_are_found(planted: tuple[firth.Run, dict[str, str]]):
    run, names = planted
    groups = find_duplicates(run.vectors)
    found = {frozenset(group.keys) for group in groups}
    truth = {frozenset(pair) for pair in names.items()}
    assert found <= truth
    assert len(found) >= 18  # of 24: 19 at the worst of 50 seeds, less one; a copy is as near as any song of its group
    apart = find_namesakes(run.vectors, known=groups)
    assert found | {frozenset(group.keys) for group in apart} == truth


def test_the_run_that_is_made_again_has_them_merged(planted: tuple[firth.Run, dict[str, str]], tmp_path: Path):
    run, names = planted
    write_merges(find_duplicates(run.vectors, k=len(run.vectors)), tmp_path / "merge.csv")
    made = retrain_merged(run, [tmp_path / "merge.csv"], out=tmp_path / "merged")
    before, after = counts_of(run), counts_of(made)
    expected = dict(before)
    for one, other in names.items():
        keep, gone = sorted((one, other), key=lambda key: (-before[key], run.vectors.keys.index(key)))
        expected[keep] += expected.pop(gone)
    assert after == expected
    assert find_duplicates(made.vectors, k=len(made.vectors)) == []
    (merged,) = made.document["source"]["merged"]
    assert (merged["n_merged"], merged["n_kept"], merged["n_unknown"], merged["n_new"]) == (24, 24, 0, 0)
    assert merged["occurrences"] == sum(before.values()) - sum(before[key] for key in after)
    assert made.document["recipe"]["vocabulary"]["merge"] == str(tmp_path / "merge.csv")
    assert run.document["source"]["merged"] == []


def test_tables_are_applied_one_after_the_other(planted: tuple[firth.Run, dict[str, str]], tmp_path: Path):
    run, _ = planted
    a, b, c = run.vectors.keys[:3]
    for name, keep, key in (("one", b, a), ("two", c, b)):
        rows = pl.DataFrame({"group": [1], "keep": [keep], "key": [key], "merge": ["yes"]})
        rows.write_csv(tmp_path / f"{name}.csv")
    once = retrain_merged(run, [tmp_path / "one.csv"], out=tmp_path / "once")
    twice = retrain_merged(once, [tmp_path / "two.csv"], out=tmp_path / "twice")
    together = retrain_merged(run, [tmp_path / "one.csv", tmp_path / "two.csv"], out=tmp_path / "together")
    assert twice.vectors.matrix.tobytes() == together.vectors.matrix.tobytes()
    assert counts_of(twice)[c] == sum(counts_of(run)[key] for key in (a, b, c))
    assert set(run.vectors.keys) - set(twice.vectors.keys) == {a, b}
    corpus = source_intake(twice).corpus()
    assert counts_of(twice) == dict(zip(corpus.vocabulary.keys, corpus.counts.tolist(), strict=True))


def test_a_key_that_is_not_there_is_counted(planted: tuple[firth.Run, dict[str, str]], tmp_path: Path):
    run, _ = planted
    keep = run.vectors.keys[0]
    rows = {"group": [1, 1], "keep": [keep, keep], "key": [keep, "no such - song"], "merge": ["yes", "yes"]}
    pl.DataFrame(rows).write_csv(tmp_path / "merge.csv")
    made = retrain_merged(run, [tmp_path / "merge.csv"], out=tmp_path / "made")
    (merged,) = made.document["source"]["merged"]
    assert (merged["n_merged"], merged["n_unknown"]) == (0, 1)
    assert merged["examples"] == [f"'no such - song' ({tmp_path / 'merge.csv'}, line 3)"]
    assert made.vectors.matrix.tobytes() == run.vectors.matrix.tobytes()


def test_a_recipe_names_the_table_itself(planted: tuple[firth.Run, dict[str, str]], tmp_path: Path):
    run, _ = planted
    plays = run.document["recipe"]["source"]["path"]
    with pytest.raises(SourceNotFoundError, match="no table of merges at"):
        firth.run_recipe(recipe_of(plays, vocabulary__merge="none.csv"), out=tmp_path / "run")
    (tmp_path / "bad.csv").write_text("group,keep,key,merge\n1,a,b,perhaps\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 2: merge must be yes or no"):
        retrain_merged(run, [tmp_path / "bad.csv"], out=tmp_path / "made")
    assert not (tmp_path / "made").exists()


def test_a_run_without_a_recipe_can_list_but_not_retrain(tmp_path: Path):
    run = firth.train(
        firth.read_table(
            pl.DataFrame({"item": list("abab"), "value": list("xxyy")}), contexts={"value": firth.Groups("value")}
        ),
        vector_size=4,
        out=tmp_path / "run",
    )
    assert find_duplicates(run.vectors) == []
    (tmp_path / "merge.csv").write_text("group,keep,key,merge\n1,a,b,yes\n", encoding="utf-8")
    with pytest.raises(RunError, match=r"it was not made from a recipe\. Its duplicates can be listed and written"):
        retrain_merged(run, [tmp_path / "merge.csv"])
