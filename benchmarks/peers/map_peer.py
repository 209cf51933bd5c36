"""Make a t-SNE map with one of the usual libraries, print seconds as JSON: ENGINE MATRIX.npy XY.npy N_ITER THREADS.

Rows are of unit length. Neighbours and perplexity 30 as each library does them, PCA start, 250 exaggerated steps.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np


def peak_mb() -> float:
    """Return the most memory that this process held; getrusage would count that of the one that started it."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


warnings.simplefilter("ignore")
engine, matrix, out, n_iter, threads = *sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5])
rows = np.load(matrix)
if engine.startswith("openTSNE"):
    from openTSNE import TSNE

    made = TSNE(
        perplexity=30,
        n_iter=n_iter - 250,
        early_exaggeration_iter=250,
        initialization="pca",
        negative_gradient_method=engine.split("-")[1].lower(),
        n_jobs=threads,
        random_state=1,
    ).fit
else:
    if engine == "scikit-learn-intelex":
        from sklearnex.manifold import TSNE
    else:
        from sklearn.manifold import TSNE

    made = TSNE(perplexity=30, max_iter=n_iter, init="pca", random_state=1, n_jobs=threads).fit_transform
began = time.perf_counter()
xy = np.asarray(made(rows), dtype=np.float32)
seconds = time.perf_counter() - began
np.save(out, xy)
print(json.dumps({"seconds": seconds, "peak_mb": peak_mb()}))
