"""Trains, searches and reads a text with eight threads, for the thread sanitizer to watch; prints a checksum.

Not a test of its own: polars, which the tests read corpora with, does not start under that sanitizer, so the corpus is
put together by hand here.
"""

import hashlib
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from firth import _kernel
from firth.corpus.encoded_writer import EncodedWriter
from firth.corpus.text_options import TextOptions
from firth.corpus.text_reading import TextReading
from firth.progress import Task
from firth.training.options import TrainOptions
from firth.training.setup import prepare

sizes = np.array([40, 300, 2, 77, 160])
context = SimpleNamespace(
    weight=1.0,
    choice="uniform",
    labels=[f"group{i}" for i in range(len(sizes))],
    offsets=np.concatenate([[0], np.cumsum(sizes)]),
    members=np.arange(sizes.sum(), dtype=np.int32),
    member_weights=1.0 + np.arange(sizes.sum()) % 5,
)
corpus = SimpleNamespace(
    vocabulary=range(sizes.sum()), contexts=(context,), groups=(context,), sequences=(), counts=np.ones(sizes.sum())
)
setup = prepare(corpus, TrainOptions(objective="nce", vector_size=24, negative=7, lane_size=16, epochs=200))
trainer = setup.kernel_trainer()
trainer.run(0, trainer.n_steps, 8)
exclude = np.arange(len(setup.inputs), dtype=np.int32)[:, None].copy()
ids, _ = _kernel.top_k(np.ascontiguousarray(setup.inputs), np.ascontiguousarray(setup.inputs), exclude, 10, 8)
with tempfile.TemporaryDirectory() as folder, EncodedWriter() as writer:
    text = Path(folder) / "text.txt"
    text.write_text("".join(f"Word{i % 997} \xe9{i % 91}{' ' if i % 13 else chr(10)}" for i in range(200_000)))
    reading = TextReading(writer, TextOptions(lowercase=True), n_jobs=8, piece=1 << 14)
    reading.read(text, Task())
    encoded = writer.finish(reading.table.keys(), report=reading.report, order=reading.table.order)
print(
    _kernel.__file__, encoded.fingerprint[:16], hashlib.sha256(setup.inputs.tobytes() + ids.tobytes()).hexdigest()[:16]
)
