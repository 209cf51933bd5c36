"""gensim's KeyedVectors behind FastAPI and uvicorn, as one would put them there; prints its address.

python benchmarks/peers/gensim_service.py MATRIX.npy [--tuned]

The keys stand in MATRIX.npy.keys.json. With --tuned, FastAPI has one thread per processor instead of 40, and with
OPENBLAS_NUM_THREADS=1 each multiplies on one: what somebody does who has looked why it is slow.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio.to_thread
import numpy as np
import uvicorn
from fastapi import FastAPI
from gensim.models import KeyedVectors

IS_TUNED = "--tuned" in sys.argv
path = Path(sys.argv[1])
matrix = np.load(path)
vectors = KeyedVectors(matrix.shape[1])
vectors.add_vectors(json.loads(Path(f"{path}.keys.json").read_text(encoding="utf-8")), matrix)
vectors.fill_norms()


@asynccontextmanager
async def few_threads(_: FastAPI) -> AsyncIterator[None]:
    """Let plain functions run in as many threads as there are processors."""
    if IS_TUNED:
        anyio.to_thread.current_default_thread_limiter().total_tokens = len(os.sched_getaffinity(0))
    yield


app = FastAPI(lifespan=few_threads)


@app.get("/api/runs/0/neighbors")
def neighbors(key: str, k: int = 10) -> dict[str, object]:
    """Return the nearest; a plain function, which FastAPI runs in one of 40 threads."""
    found = vectors.most_similar(key, topn=k)
    return {"key": key, "neighbors": [{"key": other, "cosine": round(float(cosine), 6)} for other, cosine in found]}


listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
server.run(sockets=[listening])
