"""Alignment: SciPy's rotation, planted rotations of odd sizes, items that moved, bytes."""

import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes

from firth.errors import DataError, OptionError
from firth.vectors.alignment import Alignment, align


def turned(n: int, size: int, *, seed: int = 1, noise: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows, the same rows turned and stretched, and the rotation that turns them back."""
    draws = np.random.default_rng(seed)
    a = draws.standard_normal((n, size))
    back, _ = np.linalg.qr(draws.standard_normal((size, size)))
    b = (a + noise * draws.standard_normal(a.shape)) @ back.T * draws.uniform(0.5, 3, (n, 1))
    return a.astype(np.float32), b.astype(np.float32), back


def unit(matrix: np.ndarray) -> np.ndarray:
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


@pytest.mark.parametrize(("n", "size"), [(17, 3), (40, 17), (301, 30)])
def test_the_rotation_is_scipys(n: int, size: int):
    a, b, _ = turned(n, size, noise=0.5)
    expected, _ = orthogonal_procrustes(unit(b.astype(np.float64)), unit(a.astype(np.float64)))
    assert np.abs(align(a, b, rounds=0).rotation - expected).max() < 1e-6


@pytest.mark.parametrize(("n", "size"), [(3, 3), (17, 3), (18, 17), (500, 64)])
def test_a_planted_rotation_is_found(n: int, size: int):
    a, b, back = turned(n, size)
    found = align(a, b)
    assert np.abs(found.rotation - back).max() < 1e-4 * size
    assert found.distances.max() < 1e-6
    assert np.abs(unit(found.apply(b)) - unit(a)).max() < 1e-4


def test_a_reflection_is_a_rotation_too():
    a = np.random.default_rng(2).standard_normal((20, 4)).astype(np.float32)
    mirror = np.diag([1.0, -1.0, 1.0, 1.0])
    assert np.abs(align(a, a @ mirror).rotation - mirror).max() < 1e-6


@pytest.mark.parametrize("n", [0, 1, 3, 17])
@pytest.mark.parametrize("size", [1, 3, 17])
def test_the_rotation_is_orthogonal_whatever_the_items_determine(n: int, size: int):
    a, b, _ = turned(n, size, noise=1.0, seed=n + size)
    found = align(a, b)
    assert found.rotation.shape == (size, size)
    assert np.abs(found.rotation @ found.rotation.T - np.eye(size)).max() < 1e-12
    assert found.distances.shape == found.weights.shape == (n,)


def test_one_item_is_laid_on_itself():
    assert align([[1.0, 2.0, 3.0]], [[-5.0, 1.0, 0.0]]).distances.tolist() == [pytest.approx(0, abs=1e-7)]


@pytest.mark.parametrize("size_b", [9, 5])
def test_other_sizes_are_filled_up_with_zeros(size_b: int):
    a, b, _ = turned(40, 5, noise=0.1)
    wide = np.zeros((40, 9), dtype=np.float32)
    order = [7, 1, 4, 8, 0]
    wide[:, order] = b if size_b == 9 else a
    found = align(a, wide) if size_b == 9 else align(wide, b)
    narrow = align(a, b)
    assert found.rotation.shape == (9, 9)
    assert np.abs(found.distances - narrow.distances).max() < 1e-6
    assert found.apply(b if size_b == 5 else wide).shape == (40, 9)


def test_equal_rows_do_not_move_at_all():
    a, _, _ = turned(17, 5)
    found = align(a, a.copy())
    assert not found.distances.any()
    assert np.array_equal(found.rotation, np.eye(5))


def test_rows_of_zeros_have_no_direction():
    a, b = np.eye(4, 3), np.eye(4, 3)
    b[1] = 0
    assert align(a, b).distances.tolist() == pytest.approx([0, 1, 0, 0], abs=1e-6)


@pytest.mark.parametrize("noise", [0.05, 0.3])
def test_items_that_moved_together_do_not_bend_the_rotation(noise: float):
    a, b, back = turned(400, 16, noise=noise)
    b[:100] = np.roll(a[:100], 1, axis=1) @ back.T  # a quarter of them, the same way
    plain, robust = (np.linalg.norm(align(a, b, rounds=rounds).rotation - back) for rounds in (0, 5))
    # Worst of 50 seeds: 0.06 (noise 0.05) and 0.33 (0.3) of the plain error.
    assert robust < 0.5 * plain


def test_items_that_moved_count_less():
    a, b, back = turned(400, 16, noise=0.1)
    b[:40] = np.roll(a[:40], 1, axis=1) @ back.T
    found = align(a, b)
    # Over 50 seeds: at most 0.14, at least 0.29; at least 193 times as far.
    assert found.weights[:40].max() < 0.2 < found.weights[40:].min()
    assert np.median(found.distances[:40]) > 100 * np.median(found.distances[40:])


def test_permuted_items_have_permuted_distances():
    a, b, _ = turned(50, 7, noise=0.4)
    order = np.random.default_rng(3).permutation(50)
    assert np.abs(align(a[order], b[order]).distances - align(a, b).distances[order]).max() < 1e-6


def test_the_bytes_do_not_depend_on_the_threads_of_linear_algebra():
    script = (
        "import numpy as np; from firth.vectors.alignment import align; d = np.random.default_rng(5);"
        "a = d.standard_normal((700, 65)); b = a[:, ::-1] + d.standard_normal((700, 65));"
        "f = align(a, b); print(f.rotation.tobytes().hex()[-4000:], f.distances.tobytes().hex())"
    )
    names = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, **dict.fromkeys(names, str(n))},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for n in (1, 2, 3)
    }
    assert len(digests) == 1


def test_bad_input_is_refused():
    good = np.eye(3)
    with pytest.raises(DataError, match="a row per item each, got 3 and 2 rows"):
        align(good, good[:2])
    with pytest.raises(DataError, match="b must be finite"):
        align(good, good * np.nan)
    with pytest.raises(OptionError, match="rounds must be >= 0, got -1"):
        align(good, good, rounds=-1)
    with pytest.raises(DataError, match="at most 3 columns, got 4"):
        Alignment(np.eye(3), np.zeros(3, np.float32), np.ones(3)).apply(np.eye(4))
