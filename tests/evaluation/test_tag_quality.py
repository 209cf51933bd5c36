"""Tags and their neighbours against counting by hand, a brute-force oracle, and planted and shuffled tags."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from firth.errors import DataError, OptionError
from firth.evaluation import tag_quality
from firth.vectors.vectors import Vectors


def on_a_line(angles: list[float]) -> Vectors:
    matrix = np.array([[np.cos(a), np.sin(a)] for a in angles], dtype=np.float32)
    return Vectors([f"item{i}" for i in range(len(angles))], matrix)


def column(values: list[list[str]]) -> pl.Series:
    return pl.Series("tags", values, dtype=pl.List(pl.String))


def planted(seed: int, *, shuffled: bool = False, n: int = 300) -> tuple[Vectors, pl.Series]:
    random = np.random.default_rng(seed)
    groups = random.choice(3, size=n, p=[0.5, 0.3, 0.2])
    matrix = random.standard_normal((3, 8))[groups] * 2 + random.standard_normal((n, 8))
    tags = random.permutation(groups) if shuffled else groups
    return Vectors([f"i{i}" for i in range(n)], matrix.astype(np.float32)), column([[f"t{t}"] for t in tags])


# Item 2 has no tag, so the nearest tagged of 0, 1, 3, 4 (at 0, 0.1, 0.5, 1.0) are 1, 0, 1, 3.
LINE = on_a_line([0.0, 0.1, 0.4, 0.5, 1.0])
TAGS = column([["rock", "pop"], ["pop"], [], ["rap", "rock"], ["rap"]])


def test_a_hand_worked_case() -> None:
    found = tag_quality(LINE, TAGS, k=1)
    assert (found.n_items, found.n_tagged, found.n_judged, found.k, found.is_single) == (5, 4, 4, 1, False)
    by_tag = {one.tag: one for one in found.tags}
    assert {tag: (one.n_items, one.purity) for tag, one in by_tag.items()} == {
        "pop": (2, 1.0),  # 0 and 1 are each other's nearest
        "rap": (2, 0.5),  # the nearest of 3 is 1, that of 4 is 3
        "rock": (2, 0.0),  # of 0: 1; of 3: 1
    }
    assert by_tag["pop"].chance == pytest.approx(1 / 3)
    pop, rap, rock = by_tag["pop"], by_tag["rap"], by_tag["rock"]
    assert (pop.precision, pop.recall, pop.f1) == (pytest.approx(2 / 3), 1.0, pytest.approx(0.8))  # 3 is given it too
    assert pop.balanced_accuracy == pytest.approx((1 + 1 / 2) / 2)
    assert (rap.precision, rap.recall, rap.balanced_accuracy) == (1.0, 0.5, 0.75)
    assert (rock.precision, rock.recall, rock.f1) == (0.0, 0.0, 0.0)  # given to 1 and 4, who have it not


def test_guesses_and_their_chance_of_a_hand_worked_case() -> None:
    found = tag_quality(LINE, TAGS, k=1)
    # Guessed: 0 pop; 1 pop (before rock by name, at equal votes and nearness); 3 pop; 4 rap.
    assert found.accuracy == 3 / 4
    assert found.majority == 2 / 4
    # Others' tags: of 0 (rock, pop): rock, pop among 4 others' 4 tags; 1: 1 of 5; 3: 2 of 4; 4: 1 of 5.
    assert found.prior == pytest.approx((2 / 4 + 1 / 5 + 2 / 4 + 1 / 5) / 4)


def test_the_nearest_of_equals_decides() -> None:
    vectors = on_a_line([0.0, 0.1, 0.3, 1.4, 1.5])
    found = tag_quality(vectors, column([["z"], ["z"], ["a"], ["a"], ["a"]]), k=2)
    # 0: z and a, z is nearer; 1: z (0.1) and a (0.2); 2: z, z; 3: a, a; 4: a, a.
    assert found.accuracy == 4 / 5


@pytest.mark.parametrize(("n", "k", "n_tags"), [(3, 1, 2), (17, 4, 3), (60, 7, 9), (60, 100, 4)])
@pytest.mark.parametrize("block", [1, 7, 4096])
def test_it_equals_brute_force(n: int, k: int, n_tags: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firth.evaluation.tags._BLOCK", block)
    random = np.random.default_rng(n + k)
    sets = [{f"t{t}" for t in random.integers(n_tags, size=random.integers(0, 4))} | {"t0"} for _ in range(n)]
    sets[1] = {"t1"}
    sets.append(set())
    vectors = Vectors([f"i{i}" for i in range(n + 1)], random.standard_normal((n + 1, 5)).astype(np.float32))
    found = tag_quality(vectors, column([sorted(each) for each in sets]), k=k)
    cosine = (vectors.normalised @ vectors.normalised.T)[:n, :n]
    np.fill_diagonal(cosine, -2)
    near = np.argsort(-cosine, axis=1)[:, : min(k, n - 1)]
    for one in found.tags:
        has = np.array([one.tag in each for each in sets[:n]])
        given = has[near].mean(axis=1) >= 0.5
        assert one.purity == pytest.approx(has[near][has].mean())
        assert one.chance == pytest.approx(np.mean([has[np.arange(n) != i].mean() for i in np.flatnonzero(has)]))
        assert one.recall == pytest.approx(given[has].mean())
        if given.any():
            assert one.precision == pytest.approx(has[given].mean())
        low, high = jackknife(near, has, one.purity)
        assert one.purity_interval == (pytest.approx(max(low, 0)), pytest.approx(min(high, 1)))
    pairs = [(i, tag) for i in range(n) for tag in sets[i]]
    prior = np.mean([np.mean([tag in sets[i] for j, tag in pairs if j != i]) for i in range(n)])
    assert found.prior == pytest.approx(prior)


def jackknife(near: np.ndarray, has: np.ndarray, purity: float) -> tuple[float, float]:
    """Return the interval by adding up each item's influence, as asker and as neighbour, one pair at a time."""
    influence, n_pairs = np.zeros(len(has)), 0
    for i in np.flatnonzero(has):
        for j in near[i]:
            influence[i] += has[j] - purity
            influence[j] += has[j] - purity
            n_pairs += 1
    error = np.sqrt((influence**2).sum()) / n_pairs
    return purity - 1.959964 * error, purity + 1.959964 * error


@pytest.mark.parametrize("seed", range(5))
def test_planted_tags_are_told_by_the_neighbours(seed: int) -> None:
    found = tag_quality(*planted(seed))
    # The worst of 50 seeds: purity 0.32 above chance, accuracy 0.917.
    assert min(one.purity - one.chance for one in found.tags) > 0.25
    assert found.accuracy > 0.88
    assert found.accuracy > found.majority > found.prior
    assert all(one.purity_interval[0] > one.chance for one in found.tags)


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_tags_are_at_chance_within_the_interval(seed: int) -> None:
    found = tag_quality(*planted(seed, shuffled=True))
    # In 150 intervals of 50 seeds chance lay inside each time, and never farther than 0.068 from the purity.
    for one in found.tags:
        assert one.purity_interval[0] <= one.chance <= one.purity_interval[1]
        assert abs(one.purity - one.chance) < 0.08


def test_an_interval_narrows_with_the_items() -> None:
    widths = [np.diff(tag_quality(*planted(3, n=n)).tags[0].purity_interval)[0] for n in (100, 1600)]
    assert widths[1] < widths[0] / 2


def test_a_sample_is_judged_among_all() -> None:
    vectors, tags = planted(2)
    found, whole = tag_quality(vectors, tags, sample=120, seed=4), tag_quality(vectors, tags)
    assert (found.n_judged, found.n_tagged) == (120, 300)
    assert sum(one.n_judged for one in found.tags) == 120
    assert [one.chance for one in found.tags] == [one.chance for one in whole.tags]
    assert tag_quality(vectors, tags, sample=300) == whole
    assert tag_quality(vectors, tags, sample=120, seed=5) != found


@pytest.mark.parametrize("n_jobs", [2, 3, 8])
def test_the_numbers_are_the_same_for_any_threads(n_jobs: int) -> None:
    assert tag_quality(*planted(1), n_jobs=n_jobs) == tag_quality(*planted(1), n_jobs=1)


def test_one_text_per_item_is_one_tag() -> None:
    texts = pl.Series("genre", ["rock", "rock", "", "rap", None])
    found = tag_quality(LINE, texts, k=1)
    assert (found.name, found.n_tagged, found.is_single) == ("genre", 3, True)


@pytest.mark.parametrize(
    ("tags", "options", "error", "message"),
    [
        (TAGS, {"k": 0}, OptionError, "k must be >= 1, got 0"),
        (TAGS, {"sample": 0}, OptionError, "sample must be >= 1"),
        (TAGS, {"seed": -1}, OptionError, "seed must be from 0"),
        (TAGS[:3], {}, DataError, "3 rows but there are 5 items"),
        (pl.Series("score", [1.0] * 5), {}, DataError, "'score' holds Float64"),
        (column([["a"], [], [], [], []]), {}, DataError, "at least two items that have one, but of 'tags' 1 do"),
        (column([[]] * 5), {}, DataError, "of 'tags' 0 do"),
    ],
)
def test_bad_input_is_refused(tags: pl.Series, options: dict[str, int], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        tag_quality(LINE, tags, **options)
