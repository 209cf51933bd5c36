"""Walk on a graph with PecanPy, or embed it; print figures as JSON: EDGES CLASS P Q THREADS SEED ROUNDS [OUT].

Needs a Python of its own with pecanpy and numpy<2. CLASS is one of PecanPy's: PreComp, SparseOTF, DenseOTF,
FirstOrderUnweighted. ROUNDS: rounds of walks that are timed, after one unheard in which numba compiles. With OUT the
graph is embedded once, and vectors and keys are saved there as .npz.
"""

import json
import os
import sys
import time

edges, kind, p, q, threads, seed, rounds, *out = sys.argv[1:]
os.environ["NUMBA_NUM_THREADS"] = threads

import numpy as np  # noqa: E402 (numba reads its number of threads when it is imported)
from pecanpy import pecanpy  # noqa: E402

WALKS, LENGTH, SIZE, WINDOW = 10, 80, 128, 10

graph = getattr(pecanpy, kind)(p=float(p), q=float(q), workers=int(threads), random_state=int(seed))
graph.read_edg(edges, weighted=False, directed=False)
began = time.perf_counter()
graph._preprocess_transition_probs()  # simulate_walks() does so, too
prepare_s = time.perf_counter() - began
walks_s, cpu_s, n_walks = [], [], 0
for _ in range(int(rounds) + 1):
    began, began_cpu = time.perf_counter(), time.process_time()
    n_walks = len(graph.simulate_walks(WALKS, LENGTH))
    walks_s.append(time.perf_counter() - began)
    cpu_s.append(time.process_time() - began_cpu)
figures = {"prepare_s": prepare_s, "walks_s": walks_s[1:], "cpu_s": cpu_s[1:], "n_walks": n_walks}
if out:
    began = time.perf_counter()
    vectors = graph.embed(dim=SIZE, num_walks=WALKS, walk_length=LENGTH, window_size=WINDOW, epochs=1)
    figures["embed_s"] = time.perf_counter() - began
    np.savez(out[0], vectors=vectors, keys=np.array(graph.nodes))
print(json.dumps(figures))
