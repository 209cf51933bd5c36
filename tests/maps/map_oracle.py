"""t-SNE by hand, in float64 and over all pairs, and data with a known answer for the tests of maps.

References
----------
van der Maaten & Hinton (2008). Visualizing data using t-SNE. JMLR 9.
"""

import math

import numpy as np

from firth.maps.tsne import tsne


def planted(n=90, size=8, *, n_groups=3, seed=1, spread=4.0):
    """Return rows of n_groups groups, of one after the other, and their labels."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % n_groups
    return random.standard_normal((n_groups, size))[labels] * spread + random.standard_normal((n, size)), labels


def squares(points, others=None):
    others = points if others is None else others
    return ((points[:, None] - others[None]) ** 2).sum(axis=2)


def bisected(near_squares, perplexity):
    """Return the p of one item's neighbours, by bisection over the width of the Gaussian."""
    shifted = near_squares - near_squares.min()
    low, high = 0.0, 1e9
    for _ in range(300):
        b = (low + high) / 2
        p = np.exp(-b * shifted)
        p /= p.sum()
        low, high = (b, high) if perplexity_of(p) > perplexity else (low, b)
    return p


def perplexity_of(p):
    kept = p[p > 0]
    return float(np.exp(-(kept * np.log(kept)).sum()))


def conditional_by_hand(matrix, perplexities, *, metric):
    """Return p_j|i, dense: (n, n)."""
    rows = np.asarray(matrix, dtype=np.float64)
    if metric == "cosine":
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    n, found = len(rows), squares(rows)
    np.fill_diagonal(found, np.inf)
    k = min(n - 1, math.ceil(3 * max(perplexities)))
    p = np.zeros((n, n))
    for i in range(n):
        near = np.argsort(found[i], kind="stable")[:k]
        for perplexity in perplexities:
            p[i, near] += bisected(found[i, near], perplexity) / len(perplexities)
    return p


def joint_by_hand(matrix, perplexities, *, metric="cosine"):
    p = conditional_by_hand(matrix, perplexities, metric=metric)
    return (p + p.T) / (2 * len(p))


def dense(given):
    """Return the affinities as a dense matrix: (n, n) float64."""
    p = np.zeros((len(given), len(given)))
    rows = np.repeat(np.arange(len(given)), np.diff(given.starts))
    p[rows, given.columns] = given.values
    return p


def q_by_hand(xy):
    """Return 1 / (1 + d^2) of all pairs, 0 of a point with itself."""
    weights = 1 / (1 + squares(np.asarray(xy, dtype=np.float64)))
    np.fill_diagonal(weights, 0)
    return weights


def kl_by_hand(p, xy):
    weights = q_by_hand(xy)
    held = p > 0
    return float((p[held] * np.log(p[held] * weights.sum() / weights[held])).sum())


def descended(p, xy, options, rate):
    """Return the places after the steps that the options name, as van der Maaten's programs take them, in float64."""
    places, changes, gains = np.array(xy, dtype=np.float64), np.zeros_like(xy, np.float64), np.ones_like(xy, np.float64)
    for step in range(options.n_iter):
        is_early = step < options.early_iter
        slope = gradient_by_hand(p * (options.early_exaggeration if is_early else 1), places)
        gains = np.where(slope * changes < 0, gains + 0.2, np.maximum(0.8 * gains, 0.01))
        changes = (0.5 if is_early else 0.8) * changes - rate * (0.5 if is_early else 1.0) * gains * slope
        places += changes
    return places


def gradient_by_hand(p, xy):
    """Equation 5 of van der Maaten & Hinton (2008)."""
    places, weights = np.asarray(xy, dtype=np.float64), q_by_hand(xy)
    factors = 4 * (p - weights / weights.sum()) * weights
    return factors.sum(axis=1, keepdims=True) * places - factors @ places


def filmed(matrix, options, *, frame_every=10, **how):
    """Return a map, and the frames of it forming."""
    frames = []
    return tsne(matrix, options, on_frame=frames.append, frame_every=frame_every, **how), frames
