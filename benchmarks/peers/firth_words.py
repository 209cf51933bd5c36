"""Train Firth on a text and save the vectors; print figures as JSON: TEXT FOLDER THREADS [EPOCHS SEED SIZE MIN_COUNT].

``anonymous_mb`` is the process's memory at its end without the pages of mapped files, which the system can take back.
"""

import json
import re
import resource
import shutil
import sys
import time
from pathlib import Path

import firth

text, folder, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
epochs, seed, size, min_count = (int(each) for each in [*sys.argv[4:], *["1", "1", "100", "5"][len(sys.argv) - 4 :]])
shutil.rmtree(folder / "firth", ignore_errors=True)
began = time.perf_counter()
corpus = firth.read_text(text, min_count=min_count, cache=False, n_jobs=threads)
read_s = time.perf_counter() - began
run = firth.train(
    corpus, out=folder / "firth", vector_size=size, epochs=epochs, seed=seed, n_jobs=threads, negative=5, window=5
)
peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
status = Path("/proc/self/status").read_text(encoding="utf-8")
anonymous = re.search(r"RssAnon:\s+(\d+)", status)
anonymous_mb = int(anonymous[1]) / 1024 if anonymous else float("nan")
figures = {"train_s": run.metrics["train_s"], "read_s": read_s, "peak_mb": peak_mb, "anonymous_mb": anonymous_mb}
print(json.dumps(figures))
