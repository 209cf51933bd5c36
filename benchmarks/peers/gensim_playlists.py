"""Train gensim on the playlists of FOLDER/plays.json; write its vectors, outputs and noise to FOLDER/model.npz."""

import json
import sys
import time
from pathlib import Path

import numpy as np
from gensim.models import Word2Vec

folder = Path(sys.argv[1])
plays = json.loads((folder / "plays.json").read_text(encoding="utf-8"))
began = time.perf_counter()
model = Word2Vec(
    plays, vector_size=100, window=3, negative=5, sample=0, min_count=1, sg=1, workers=2, epochs=60, seed=1
)
print(f"gensim trained in {time.perf_counter() - began:.1f} s")
counts = np.array([model.wv.get_vecattr(key, "count") for key in model.wv.index_to_key], dtype=np.float64)
noise = counts**0.75 / (counts**0.75).sum()
np.savez(
    folder / "model.npz",
    keys=np.array(model.wv.index_to_key),
    vectors=model.wv.vectors,
    outputs=model.syn1neg,
    noise=noise.astype(np.float32),
)
