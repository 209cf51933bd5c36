"""Two runs of the same planted items, of which some changed places, some went and some came."""

from pathlib import Path

import numpy as np
from planted_run import planted_run

N_ITEMS = 48
KEYS = [f"item {number:02d}" for number in range(N_ITEMS - 2)] + ["Łódź", "<b>bold</b>"]
SWAPPED = ("item 05", "item 30")  # each has the other's place in the later run
GONE = ("item 11", "item 40")
NEW = ("brand new", "item 99", "newest")


def _ring(places: np.ndarray) -> np.ndarray:
    """Return vectors whose nearest are those beside them on a ring."""
    angles = 2 * np.pi * places / N_ITEMS
    return np.stack([np.cos(angles), np.sin(angles), 0.4 * np.cos(3 * angles), 0.4 * np.sin(3 * angles)], axis=1)


def compared_runs(folder: Path) -> tuple[Path, Path]:
    """Return the folders of the earlier run and of the later one, which has axes and an order of items of its own."""
    places = np.arange(N_ITEMS, dtype=float)
    draws = np.random.default_rng(3)
    later = dict(zip(KEYS, places, strict=True))
    later[SWAPPED[0]], later[SWAPPED[1]] = later[SWAPPED[1]], later[SWAPPED[0]]
    for key in GONE:
        del later[key]
    later.update(zip(NEW, (11.0, 40.0, 20.5), strict=True))
    keys = [list(later)[i] for i in draws.permutation(len(later))]
    turn, _ = np.linalg.qr(draws.standard_normal((4, 4)))
    runs = []
    for name, some, matrix in (
        ("before", KEYS, _ring(places)),
        ("after", keys, _ring(np.array([later[key] for key in keys])) @ turn),
    ):
        at = places if name == "before" else np.array([later[key] for key in keys])
        columns = {
            "x": (30 * np.cos(2 * np.pi * at / N_ITEMS)).astype(np.float32),
            "y": (20 * np.sin(2 * np.pi * at / N_ITEMS)).astype(np.float32),
        }
        runs.append(planted_run(folder / name, some, columns=columns, matrix=matrix).folder)
    return runs[0], runs[1]
