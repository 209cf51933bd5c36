"""Trains, walks, searches, maps and reads a text with eight threads, under the thread sanitizer; prints a checksum.

Not a test of its own: polars, which the tests read corpora with, does not start under that sanitizer, so the corpus is
put together by hand here.
"""

import hashlib
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from firth import _kernel
from firth.corpus.corpus import GroupContext
from firth.corpus.encoded_writer import EncodedWriter
from firth.corpus.graph import WalkContext
from firth.corpus.text_options import TextOptions
from firth.corpus.text_reading import TextReading
from firth.maps.options import MapOptions
from firth.maps.placing import place
from firth.maps.quality import map_quality
from firth.maps.tsne import tsne
from firth.progress import Task
from firth.training.options import TrainOptions
from firth.training.setup import prepare

sizes = np.array([40, 300, 2, 77, 160])
context = GroupContext(
    name="planted",
    weight=1.0,
    choice="uniform",
    labels=[f"group{i}" for i in range(len(sizes))],
    offsets=np.concatenate([[0], np.cumsum(sizes)]),
    members=np.arange(sizes.sum(), dtype=np.int32),
    member_weights=1.0 + np.arange(sizes.sum()) % 5,
    report={},
)
corpus = SimpleNamespace(
    vocabulary=range(sizes.sum()), contexts=(context,), groups=(context,), sequences=(), counts=np.ones(sizes.sum())
)
setup = prepare(corpus, TrainOptions(objective="nce", vector_size=24, negative=7, lane_size=16, epochs=200))
trainer = setup.kernel_trainer()
trainer.run(0, trainer.n_steps, 8)
n_nodes = 500
sources = np.arange(4 * n_nodes, dtype=np.int32) % n_nodes
targets = ((sources + 1 + np.arange(4 * n_nodes) % 97) % n_nodes).astype(np.int32)
rows, neighbours, weights, _ = _kernel.adjacency(sources, targets, 1.0 + np.arange(4 * n_nodes) % 3, n_nodes, False, 8)
graph = WalkContext(
    name="walked",
    weight=1.0,
    window=None,
    offsets=rows,
    neighbours=neighbours,
    edge_weights=weights,
    starts=None,
    directed=False,
    walks_per_node=3,
    walk_length=20,
    p=0.5,
    q=2.0,
    report={},
)
walked = SimpleNamespace(vocabulary=range(n_nodes), contexts=(graph,), groups=(), counts=np.ones(n_nodes))
on_graph = prepare(walked, TrainOptions(vector_size=24, epochs=2, n_jobs=8))
walker = on_graph.kernel_trainer()
walker.run(0, walker.n_steps, 8)
exclude = np.arange(len(setup.inputs), dtype=np.int32)[:, None].copy()
ids, _ = _kernel.top_k(np.ascontiguousarray(setup.inputs), np.ascontiguousarray(setup.inputs), exclude, 10, 8)
with tempfile.TemporaryDirectory() as folder, EncodedWriter() as writer:
    text = Path(folder) / "text.txt"
    text.write_text("".join(f"Word{i % 997} \xe9{i % 91}{' ' if i % 13 else chr(10)}" for i in range(200_000)))
    reading = TextReading(writer, TextOptions(lowercase=True), n_jobs=8, piece=1 << 14)
    reading.read(text, Task())
    encoded = writer.finish(reading.table.keys(), report=reading.report, order=reading.table.order)
points = np.random.default_rng(1).standard_normal((40_000, 8)).astype(np.float32)  # above the size of one task's tree
steps = MapOptions(n_iter=20, early_iter=10, perplexity=4, neighbors="approximate")
maps = [tsne(points, steps, n_jobs=8), tsne(points[:3000], steps, n_jobs=8)]
placed = place(points[:300], matrix=points[:3000], xy=maps[1].xy, n_jobs=8)
quality = map_quality(points, maps[0].xy, sample=500, n_jobs=8)
made = [setup.inputs, ids, maps[0].xy, maps[1].xy, placed, quality.distortion]
digest = hashlib.sha256(b"".join(array.tobytes() for array in made)).hexdigest()
print(_kernel.__file__, encoded.fingerprint[:16], digest[:16])
