"""Trains and searches with eight threads, for the thread sanitizer to watch; prints a checksum.

Not a test of its own: polars, which the tests read corpora with, does not start under that sanitizer, so the corpus is
put together by hand here.
"""

import hashlib
from types import SimpleNamespace

import numpy as np

from firth import _kernel
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
corpus = SimpleNamespace(vocabulary=range(sizes.sum()), contexts=(context,))
setup = prepare(corpus, TrainOptions(objective="nce", vector_size=24, negative=7, lane_size=16, epochs=200))
trainer = setup.kernel_trainer()
trainer.run(0, trainer.n_steps, 8)
exclude = np.arange(len(setup.inputs), dtype=np.int32)[:, None].copy()
ids, _ = _kernel.top_k(np.ascontiguousarray(setup.inputs), np.ascontiguousarray(setup.inputs), exclude, 10, 8)
print(_kernel.__file__, hashlib.sha256(setup.inputs.tobytes() + ids.tobytes()).hexdigest()[:16])
