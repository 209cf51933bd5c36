"""Train Firth on a text and save the vectors; print seconds as JSON: TEXT FOLDER THREADS [EPOCHS SEED SIZE]."""

import json
import resource
import shutil
import sys
import time
from pathlib import Path

import firth

text, folder, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
epochs, seed, size = (int(each) for each in [*sys.argv[4:], *["1", "1", "100"][len(sys.argv) - 4 :]])
shutil.rmtree(folder / "firth", ignore_errors=True)
began = time.perf_counter()
corpus = firth.read_text(text, cache=False, n_jobs=threads)
read_s = time.perf_counter() - began
run = firth.train(
    corpus, out=folder / "firth", vector_size=size, epochs=epochs, seed=seed, n_jobs=threads, negative=5, window=5
)
peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"train_s": run.metrics["train_s"], "read_s": read_s, "peak_mb": peak_mb}))
