"""Duplicates among vectors with a known answer: which pairs come, which do not, and in what groups."""

import numpy as np
import pytest

from firth.corpus.build import take_in
from firth.corpus.contexts import Sequences
from firth.errors import MissingExtraError, OptionError
from firth.vectors.duplicates import find_duplicates, find_namesakes
from firth.vectors.together import with_sequences
from firth.vectors.vectors import Vectors

pytest.importorskip("rapidfuzz")


def vectors_of(places: dict[str, float], counts: list[int] | None = None) -> Vectors:
    """Return vectors of two dimensions at these angles, in degrees."""
    angles = np.radians(list(places.values()))
    return Vectors(list(places), np.stack([np.cos(angles), np.sin(angles)], axis=1), counts=counts)


def noisy(n: int, *, seed: int = 3) -> Vectors:
    """Return n songs, every third under a second name beside it, and the rest far apart."""
    draws = np.random.default_rng(seed)
    matrix = draws.standard_normal((n, 9))
    keys = [f"maker {chr(97 + i % 26)} - tune {chr(97 + i // 26 % 26)}{chr(97 + i % 26)} number {i}" for i in range(n)]
    copies = range(0, n, 3)
    keys += [f"{keys[i].upper()} - Radio Edit" for i in copies]
    matrix = np.vstack([matrix, matrix[list(copies)] + 0.1 * draws.standard_normal((len(copies), 9))])
    return Vectors(keys, matrix, counts=draws.integers(1, 50, len(keys)))


def groups_of(found) -> list[tuple[str, ...]]:
    return [group.keys for group in found]


def test_a_pair_has_its_evidence():
    vectors = vectors_of({"A - x": 0, "B - y": 30, "A - X": 50, "C - z": 200}, counts=[3, 9, 8, 1])
    (group,) = find_duplicates(vectors, k=2)
    assert group.keys == ("A - X", "A - x")  # the most frequent first
    assert group.counts == (8, 3)
    (pair,) = group.pairs
    assert (pair.a, pair.b, pair.rank_a, pair.rank_b) == ("A - x", "A - X", 2, 2)
    assert pair.cosine == pytest.approx(np.cos(np.radians(50)))
    assert (pair.similarity, pair.differs, pair.together) == (100.0, ("form",), None)


def test_both_must_be_among_the_nearest_of_the_other():
    places = {"A - x": 0.0, "A - X": 40.0, "B - one": 41.0, "B - two": 42.0}
    assert groups_of(find_duplicates(vectors_of(places), k=3)) == [("A - x", "A - X")]
    assert find_duplicates(vectors_of(places), k=1) == []
    assert find_duplicates(vectors_of(places), k=2) == []  # x's nearest is X, but X has two that are nearer


def test_the_vectors_must_be_near():
    places = {"A - x": 0.0, "A - X": 70.0, "B - y": 200.0}
    assert find_duplicates(vectors_of(places), k=2) == []
    assert len(find_duplicates(vectors_of(places), k=2, min_cosine=0.3)) == 1


def test_the_names_must_be_similar():
    places = {"A - wonderful": 0.0, "A - wonderfull": 5.0, "A - handful": 7.0}
    assert groups_of(find_duplicates(vectors_of(places), k=2)) == [("A - wonderful", "A - wonderfull")]
    assert find_duplicates(vectors_of(places), k=2, min_similarity=98) == []


def test_versions_are_duplicates_on_request():
    places = {"A - x": 0.0, "A - x - Live": 5.0, "B - y": 100.0}
    assert find_duplicates(vectors_of(places), k=2) == []
    (group,) = find_duplicates(vectors_of(places), k=2, versions=True)
    assert group.pairs[0].differs == ("version",)


def test_groups_are_connected():
    places = {"A - x": 0.0, "A - X": 40.0, "A - x!": 80.0, "B - y": 180.0, "B - Y": 182.0}
    found = find_duplicates(vectors_of(places, counts=[1, 5, 1, 2, 2]), k=3)
    assert groups_of(found) == [("A - X", "A - x", "A - x!"), ("B - y", "B - Y")]
    assert len(found[0].pairs) == 2  # the ends are too far apart to be a pair, and are in one group


def test_no_group_holds_a_contradiction():
    places = {"A - x": 0.0, "A - x (w/ Bo)": 2.0, "A - x (w/ Cy)": 5.0}
    found = find_duplicates(vectors_of(places), k=2)
    assert groups_of(found) == [("A - x", "A - x (w/ Bo)")]  # the nearer of the two


def test_names_alone_make_namesakes_and_none_twice():
    places = {"A - x": 0.0, "A - X": 3.0, "A - x!": 120.0, "B - y": 60.0, "B - Y": 240.0, "A - x 2": 1.0}
    vectors = vectors_of(places)
    known = find_duplicates(vectors, k=4)
    assert groups_of(known) == [("A - x", "A - X")]
    found = find_namesakes(vectors, known=known)
    assert groups_of(found) == [("A - x", "A - X", "A - x!"), ("B - y", "B - Y")]
    assert not any(group.is_near for group in found)
    assert {frozenset((pair.a, pair.b)) for pair in found[0].pairs} == {
        frozenset(("A - x", "A - x!")),
        frozenset(("A - X", "A - x!")),
    }


def test_namesakes_have_the_ranks_that_a_search_gives():
    vectors = noisy(60)
    for pair in (pair for group in find_namesakes(vectors) for pair in group.pairs):
        near = vectors.most_similar(pair.a, k=len(vectors))
        assert near[pair.rank_a - 1][0] == pair.b
        assert pair.cosine == near[pair.rank_a - 1][1]
        assert vectors.most_similar(pair.b, k=len(vectors))[pair.rank_b - 1][0] == pair.a


@pytest.mark.parametrize("n", [3, 17, 120])
def test_planted_copies_are_found_and_nothing_else(n: int):
    vectors = noisy(n)
    found = find_duplicates(vectors)
    assert {frozenset(group.keys) for group in found} == {
        frozenset((vectors.keys[i], vectors.keys[n + i // 3])) for i in range(0, n, 3)
    }


@pytest.mark.parametrize("n_jobs", [2, 3, 8])
def test_the_number_of_threads_is_not_seen(n_jobs: int):
    vectors = noisy(300)
    one = find_duplicates(vectors, k=50, min_similarity=50, min_cosine=-1, n_jobs=1)
    assert one == find_duplicates(vectors, k=50, min_similarity=50, min_cosine=-1, n_jobs=n_jobs)
    assert find_namesakes(vectors, n_jobs=1) == find_namesakes(vectors, n_jobs=n_jobs)


@pytest.mark.parametrize("n", [0, 1])
def test_few_items_have_no_duplicates(n: int):
    vectors = Vectors(["a"][:n], np.ones((n, 3), dtype=np.float32))
    assert find_duplicates(vectors) == find_namesakes(vectors) == []


def test_counts_may_be_unknown():
    (group,) = find_duplicates(vectors_of({"A - x": 0, "A - X": 5}))
    assert (group.keys, group.counts) == (("A - x", "A - X"), (None, None))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k": 0}, "k must be 'auto' or >= 1, got 0"),
        ({"min_similarity": 101}, "min_similarity must be from 0 to 100"),
        ({"min_cosine": float("nan")}, "min_cosine must be from -1 to 1"),
    ],
)
def test_options_outside_their_range(options, message):
    with pytest.raises(OptionError, match=message):
        find_duplicates(vectors_of({"A - x": 0, "A - X": 5}), **options)


def test_without_rapidfuzz_there_is_a_way_out(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "rapidfuzz", None)
    with pytest.raises(MissingExtraError, match=r"rapidfuzz: pip install 'firth\[duplicates\]'"):
        find_duplicates(vectors_of({"A - x": 0, "A - X": 5}))


def test_sequences_that_hold_both_are_counted():
    import polars as pl

    lists = [["A - x", "B - y"], ["A - X", "A - x", "A - x"], ["A - X"], ["B - y", "A - X"]]
    frame = pl.DataFrame([{"list": str(i), "song": song} for i, each in enumerate(lists) for song in each])
    intake = take_in({"l": frame}, {"l": Sequences("list", item="song")})
    (group,) = with_sequences(find_duplicates(vectors_of({"A - x": 0, "A - X": 5})), intake)
    assert group.pairs[0].together == 1
    assert group.pairs[0].expected == 2 * 3 / 4
