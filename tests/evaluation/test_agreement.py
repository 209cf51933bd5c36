"""Agreement with attributes against counting by hand and against a brute-force oracle."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from firth.evaluation.groups import agreement
from firth.vectors.vectors import Vectors


def on_a_line(angles: list[float]) -> Vectors:
    """Return items on a quarter circle, so that the nearest by cosine are the nearest angles."""
    matrix = np.array([[np.cos(a), np.sin(a)] for a in angles], dtype=np.float32)
    return Vectors([f"item{i}" for i in range(len(angles))], matrix)


def categories(values: list[list[str]]) -> pl.DataFrame:
    return pl.DataFrame({"tag": pl.Series(values, dtype=pl.List(pl.String))})


def test_share_and_chance_of_a_hand_worked_case() -> None:
    # Nearest of 0: 1; of 1: 0; of 2: 1 (0.3 away, against 0.6 to 3); of 3: 2. Item 2 has no tag and asks nothing.
    vectors = on_a_line([0.0, 0.1, 0.4, 1.0])
    (found,) = agreement(vectors, categories([["rock", "pop"], ["pop"], [], ["rap", "rock"]]), k=1)
    assert (found.kind, found.n_items, found.k) == ("category", 3, 1)
    assert found.value == pytest.approx(2 / 3)  # 0 and 1 share pop; 3's nearest has no tag
    assert found.chance == pytest.approx((2 + 1 + 1) / (3 * 3))  # 0 meets 1 and 3; 1 meets 0; 3 meets 0; of 3 others


def test_difference_and_chance_of_a_hand_worked_case() -> None:
    vectors = on_a_line([0.0, 0.1, 0.4, 1.0])
    (found,) = agreement(vectors, pl.DataFrame({"score": [7.0, 5.0, None, 1.0]}), k=1)
    assert (found.kind, found.n_items) == ("number", 3)
    assert found.value == pytest.approx(2.0)  # 0 and 1 differ by 2; 3's nearest has no score
    assert found.chance == pytest.approx((2 + 6 + 4) / 3)


@pytest.mark.parametrize(("n_values", "k"), [(3, 4), (64, 1), (65, 7), (200, 30)])
def test_category_equals_brute_force(n_values: int, k: int) -> None:
    rng = np.random.default_rng(n_values)
    n = 60
    sets = [{f"v{v}" for v in rng.integers(n_values, size=rng.integers(0, 6))} for _ in range(n)]
    vectors = Vectors([f"i{i}" for i in range(n)], rng.normal(size=(n, 5)).astype(np.float32))
    (found,) = agreement(vectors, categories([sorted(each) for each in sets]), k=k)
    cosine = vectors.normalised @ vectors.normalised.T
    np.fill_diagonal(cosine, -2)
    nearest = np.argsort(-cosine, axis=1)[:, :k]
    known = [i for i in range(n) if sets[i]]
    assert found.value == pytest.approx(np.mean([bool(sets[i] & sets[j]) for i in known for j in nearest[i]]))
    exact = np.mean([bool(sets[i] & sets[j]) for i in known for j in range(n) if j != i])
    assert found.chance == pytest.approx(exact)


def test_number_chance_equals_brute_force() -> None:
    values = np.random.default_rng(4).normal(size=41) * 3
    vectors = on_a_line(list(np.linspace(0, 1.5, 41)))
    (found,) = agreement(vectors, pl.DataFrame({"score": values}), k=3)
    pairs = [abs(a - b) for i, a in enumerate(values) for j, b in enumerate(values) if i != j]
    assert found.chance == pytest.approx(np.mean(pairs))


def test_attributes_nobody_has_are_left_out() -> None:
    vectors = on_a_line([0.0, 0.1, 0.4])
    attributes = categories([["a"], [], []]).with_columns(score=pl.Series([None, 2.0, None], dtype=pl.Float64))
    assert agreement(vectors, attributes) == []
