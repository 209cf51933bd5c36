"""Train fastText without subwords on a text and save the vectors; print seconds as JSON: TEXT FOLDER THREADS."""

import json
import sys
import time
from pathlib import Path

import fasttext

text, folder, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
began = time.perf_counter()
model = fasttext.train_unsupervised(
    text, model="skipgram", dim=100, ws=5, neg=5, t=1e-3, minCount=5, epoch=1, thread=threads, maxn=0, verbose=0
)
# fastText reads and counts within the call; its own share is small beside training.
train_s = time.perf_counter() - began
model.save_model(str(folder / "fasttext.bin"))
print(json.dumps({"train_s": train_s}))
