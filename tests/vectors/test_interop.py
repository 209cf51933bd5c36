"""The real gensim, Keras and PyTorch read what Firth writes, and give back what they were given."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import firth
from firth.errors import DataError, MissingExtraError
from firth.runs.exchange import export_run
from firth.vectors.formats import gensim, layers, word2vec
from firth.vectors.vectors import Vectors

# Keras 3.15's torch backend hands NumPy 2 tensors in a way that it is to lose.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
KEYS = ["coil", "elder ones", "björk", "😀", "a\tb", "\\", '"quoted"', "0.5", "no\xa0break"]


@pytest.fixture
def vectors() -> Vectors:
    matrix = np.random.default_rng(2).standard_normal((len(KEYS), 6)).astype(np.float32)
    return Vectors(KEYS, matrix, counts=[900, 40, 30, 30, 9, 8, 7, 5, 1])


@pytest.fixture(scope="module")
def models():
    return pytest.importorskip("gensim.models", reason="gensim is not installed")


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="torch is not installed")


@pytest.fixture(scope="module")
def keras(torch):  # noqa: ARG001 (its backend)
    os.environ.setdefault("KERAS_BACKEND", "torch")
    return pytest.importorskip("keras", reason="keras is not installed")


@pytest.mark.parametrize("binary", [False, True])
def test_gensim_reads_word2vec_files(models, vectors: Vectors, tmp_path: Path, binary: bool):
    word2vec.write(tmp_path / "v", vectors, binary=binary)
    theirs = models.KeyedVectors.load_word2vec_format(tmp_path / "v", binary=binary)
    spelled = [key.replace(" ", "␣").replace("\t", "␉") for key in KEYS]
    assert theirs.index_to_key == spelled
    assert theirs.vectors.tobytes() == vectors.matrix.tobytes()


@pytest.mark.parametrize("binary", [False, True])
def test_gensims_word2vec_files_are_read(models, vectors: Vectors, tmp_path: Path, binary: bool):
    theirs = models.KeyedVectors(6)
    keys = [key.replace(" ", "_").replace("\t", "_") for key in KEYS]  # gensim writes white space, and cannot read it
    theirs.add_vectors(keys, vectors.matrix)
    theirs.save_word2vec_format(tmp_path / "v", binary=binary)
    mine = word2vec.read(tmp_path / "v")
    assert mine.keys == keys
    assert mine.matrix.tobytes() == vectors.matrix.tobytes()


def test_gensim_reads_counts_from_the_file_beside(models, vectors: Vectors, tmp_path: Path):
    known = Vectors(KEYS[:-1], vectors.matrix[:-1], counts=vectors.counts[:-1])
    gensim.write(tmp_path / "v", known)
    theirs = models.KeyedVectors.load_word2vec_format(tmp_path / "v", fvocab=tmp_path / "v.vocab")
    assert theirs.expandos["count"].tolist() == known.counts.tolist()


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # gensim leaves files without a header open
def test_glove_files_are_read_without_a_header(models, vectors: Vectors, tmp_path: Path):
    word2vec.write(tmp_path / "v", vectors, header=False)
    theirs = models.KeyedVectors.load_word2vec_format(tmp_path / "v", no_header=True)
    assert theirs.vectors.tobytes() == vectors.matrix.tobytes()


def test_keyed_vectors_are_the_vectors(models, vectors: Vectors):  # noqa: ARG001 (skips without gensim)
    theirs = vectors.to_gensim()
    assert theirs.index_to_key == KEYS
    assert theirs.vectors.tobytes() == vectors.matrix.tobytes()
    assert [theirs.get_vecattr(key, "count") for key in KEYS] == vectors.counts.tolist()
    expected = vectors.most_similar("coil", k=4)
    assert [key for key, _ in theirs.most_similar("coil", topn=4)] == [key for key, _ in expected]


def test_keyed_vectors_come_back(models, vectors: Vectors):  # noqa: ARG001
    theirs = vectors.to_gensim()
    back = Vectors.from_gensim(theirs)
    assert back.keys == KEYS
    assert back.matrix.tobytes() == vectors.matrix.tobytes()
    assert back.counts.tolist() == vectors.counts.tolist()
    theirs.vectors[0] = 9.0
    assert back.matrix.tobytes() == vectors.matrix.tobytes()


def test_counts_that_gensim_made_up_are_left_out(models, vectors: Vectors, tmp_path: Path):
    word2vec.write(tmp_path / "v", vectors)
    assert Vectors.from_gensim(models.KeyedVectors.load_word2vec_format(tmp_path / "v")).counts is None


def test_vectors_without_counts_go_to_gensim(models, vectors: Vectors):  # noqa: ARG001
    back = Vectors.from_gensim(Vectors(KEYS, vectors.matrix).to_gensim())
    assert back.keys == KEYS
    assert back.counts is None


@pytest.mark.parametrize("sg", [0, 1])
def test_a_model_brings_what_it_predicts_with(models, sg: int):
    draws = np.random.default_rng(1)
    sentences = [[f"{half}{i}" for i in draws.integers(0, 6, 8)] for half in "ab" for _ in range(60)]
    model = models.Word2Vec(sentences, vector_size=8, sg=sg, min_count=1, ns_exponent=0.5, workers=1, seed=3, epochs=9)
    mine = Vectors.from_gensim(model)
    counts = np.array([model.wv.get_vecattr(key, "count") for key in mine.keys])
    assert mine.outputs.tobytes() == model.syn1neg.tobytes()
    assert mine.noise == pytest.approx(counts**0.5 / (counts**0.5).sum())
    assert len(mine.recommend(["a1"], k=3)) == 3


def test_a_model_without_negative_sampling_brings_vectors_only(models):
    model = models.Word2Vec([["a", "b", "c"]] * 3, vector_size=4, min_count=1, hs=1, negative=0, workers=1)
    assert (Vectors.from_gensim(model).outputs, Vectors.from_gensim(model).noise) == (None, None)


@pytest.mark.parametrize("what", [None, {"a": [1.0]}, [[1.0]]])
def test_what_is_not_gensims_is_refused(what):
    with pytest.raises(DataError, match="takes KeyedVectors or a model"):
        Vectors.from_gensim(what)


@pytest.mark.parametrize("trainable", [False, True])
def test_a_torch_layer_looks_up_rows_by_id(torch, vectors: Vectors, trainable: bool):
    layer = vectors.to_torch(trainable=trainable)
    ids = vectors.vocabulary.ids(["a\tb", "coil"])
    assert layer(torch.tensor(ids)).detach().numpy().tobytes() == vectors.matrix[ids].tobytes()
    assert layer.weight.requires_grad is trainable
    assert Vectors(KEYS, layer.weight.detach().numpy()).matrix.tobytes() == vectors.matrix.tobytes()


def test_a_layer_that_learns_leaves_the_vectors_alone(torch, vectors: Vectors):
    layer, before = vectors.to_torch(trainable=True), vectors.matrix.tobytes()
    with torch.no_grad():
        layer.weight.fill_(0.0)
    assert vectors.matrix.tobytes() == before


@pytest.mark.parametrize("trainable", [False, True])
def test_a_keras_layer_looks_up_rows_by_id(keras, vectors: Vectors, trainable: bool):
    layer = vectors.to_keras(trainable=trainable)
    ids = vectors.vocabulary.ids(["a\tb", "coil"])
    found = keras.ops.convert_to_numpy(layer(keras.ops.convert_to_tensor(ids)))
    assert found.tobytes() == vectors.matrix[ids].tobytes()
    assert layer.trainable is trainable
    assert Vectors(KEYS, layer.get_weights()[0]).matrix.tobytes() == vectors.matrix.tobytes()


def test_a_keras_file_holds_the_layer_and_its_keys(keras, vectors: Vectors, tmp_path: Path):
    layers.write_keras(tmp_path / "v.keras", vectors)
    model = keras.saving.load_model(tmp_path / "v.keras")
    assert model.get_layer("embedding").get_weights()[0].tobytes() == vectors.matrix.tobytes()
    found = model.predict(np.array([[3, 0]], dtype=np.int32), verbose=0)
    assert found[0].tobytes() == vectors.matrix[[3, 0]].tobytes()
    assert json.loads((tmp_path / "v.keras.keys.json").read_text()) == KEYS
    assert sorted(path.name for path in tmp_path.iterdir()) == ["v.keras", "v.keras.keys.json"]


def test_a_run_is_exported_for_keras(keras, tmp_path: Path):
    table = pl.DataFrame({"item": list("abcdef"), "value": list("xxxyyy")})
    run = firth.train(firth.read_table(table, contexts={"value": firth.Groups()}), vector_size=3, pairs=200)
    export_run(run, "keras", tmp_path / "embedding")
    (tmp_path / "embedding").rename(tmp_path / "embedding.keras")
    model = keras.saving.load_model(tmp_path / "embedding.keras")
    assert model.get_layer("embedding").get_weights()[0].tobytes() == run.vectors.matrix.tobytes()


def test_a_backend_of_keras_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, vectors: Vectors, tmp_path: Path):
    (tmp_path / "keras.py").write_text("import tensorflow_of_nobody")
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtraError, match=r"needs tensorflow_of_nobody, the backend .*KERAS_BACKEND=torch"):
        vectors.to_keras()


@pytest.mark.parametrize(
    ("package", "ask"),
    [("gensim.models", "to_gensim"), ("torch", "to_torch"), ("keras", "to_keras")],
)
def test_what_is_not_installed_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, vectors: Vectors, package: str, ask: str
):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"needs {package.split('.')[0]}: pip install 'firth\[interop\]'"):
        getattr(vectors, ask)()
