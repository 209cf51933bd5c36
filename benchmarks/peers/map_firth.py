"""Make a map with Firth, print figures as JSON: MATRIX.npy XY.npy N_ITER THREADS [trace].

``trace`` adds the divergence every 25 steps, which takes time of its own: not for measuring seconds.
"""

import json
import sys
from pathlib import Path

import numpy as np

from firth.maps.frames import Frame
from firth.maps.options import MapOptions
from firth.maps.tsne import tsne


def peak_mb() -> float:
    """Return the most memory that this process held; getrusage would count that of the one that started it."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


matrix, out, n_iter, threads = *sys.argv[1:3], int(sys.argv[3]), int(sys.argv[4])
trace: list[tuple[int, float]] = []


def note(frame: Frame) -> None:
    """Remember the divergence."""
    trace.append((frame.iteration, frame.kl))


made = tsne(
    np.load(matrix),
    MapOptions(n_iter=n_iter, patience=0),
    on_frame=note if "trace" in sys.argv else None,
    frame_every=25,
    n_jobs=threads,
)
np.save(out, made.xy)
figures = {
    "seconds": made.seconds,
    "affinity_seconds": made.affinity_seconds,
    "kl": made.kl,
    "recall": made.recall,
    "trace": trace,
    "peak_mb": peak_mb(),
}
print(json.dumps(figures))
