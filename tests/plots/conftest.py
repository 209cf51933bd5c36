"""A small map with a known look."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def blobs() -> tuple[np.ndarray, list[str], list[str | None]]:
    """Return 400 points in three blobs of different sizes, their keys, and each one's blob as a name (or None)."""
    random = np.random.default_rng(7)
    sizes = {"north": 230, "east": 110, "south": 60}
    centres = {"north": (0.0, 9.0), "east": (12.0, 0.0), "south": (-3.0, -8.0)}
    xy = np.vstack([random.normal(centres[name], 1.5, (size, 2)) for name, size in sizes.items()])
    names: list[str | None] = [name for name, size in sizes.items() for _ in range(size)]
    names[5] = names[300] = None
    order = random.permutation(len(xy))
    return xy[order], [f"item {row}" for row in range(len(xy))], [names[row] for row in order]
