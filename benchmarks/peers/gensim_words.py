"""Train gensim on a text and save the vectors; print seconds as JSON: TEXT FOLDER THREADS [EPOCHS SEED SIZE]."""

import json
import sys
import time
from pathlib import Path

from gensim.models import Word2Vec

text, folder, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
epochs, seed, size = (int(each) for each in [*sys.argv[4:], *["1", "1", "100"][len(sys.argv) - 4 :]])
model = Word2Vec(
    vector_size=size, window=5, negative=5, sample=1e-3, min_count=5, sg=1, workers=threads, epochs=epochs, seed=seed
)
model.build_vocab(corpus_file=text)
began = time.perf_counter()
model.train(corpus_file=text, total_examples=model.corpus_count, total_words=model.corpus_total_words, epochs=epochs)
train_s = time.perf_counter() - began
model.wv.save_word2vec_format(str(folder / "gensim.bin"), binary=True)
print(json.dumps({"train_s": train_s}))
