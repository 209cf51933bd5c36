"""Models in files: the same bytes as in memory, no file left behind, resumed and gone on from as ever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firth import _kernel
from firth.corpus.corpus import Corpus
from firth.mapped import is_mapped
from firth.progress import Task
from firth.randomness import Purpose, uniform, words
from firth.training import Start, TrainOptions, fit
from firth.training import model as models
from firth.training.setup import prepare

CorpusMaker = Callable[..., Corpus]
OPTIONS = TrainOptions(vector_size=20, lanes=4, lane_size=40, epochs=3, sample=0.05, model_storage="file")


@pytest.mark.parametrize("objective", ["sgns", "nce"])
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("vector_size", [3, 8])
@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_bytes_are_those_of_a_model_in_memory(
    ordered_corpus: CorpusMaker, tmp_path: Path, objective: str, tied: bool, vector_size: int, precision: str
) -> None:
    options = replace(OPTIONS, objective=objective, tied=tied, vector_size=vector_size, precision=precision)
    corpus = ordered_corpus(groups=True)
    filed = fit(corpus, options, scratch=tmp_path)
    plain = fit(corpus, replace(options, model_storage="memory"))
    for name in ("vectors", "outputs", "biases"):
        np.testing.assert_array_equal(getattr(filed, name), getattr(plain, name))
    assert is_mapped(filed.vectors)
    assert not is_mapped(plain.vectors)
    assert (filed.options["model_storage"], plain.options["model_storage"]) == ("file", "memory")
    assert not list(tmp_path.iterdir())


def test_where_the_model_lies_is_no_part_of_a_checkpoint(ordered_corpus: CorpusMaker, tmp_path: Path) -> None:
    corpus = ordered_corpus()
    whole = fit(corpus, OPTIONS)

    class Stopping(Task):
        def update(self, completed: float, **_: str) -> None:
            if completed > 60:
                raise KeyboardInterrupt

    class Progress:
        def task(self, *_: object, **__: object) -> Stopping:
            return Stopping()

    fit(corpus, OPTIONS, checkpoint=tmp_path / "checkpoint", progress=Progress())
    resumed = fit(corpus, replace(OPTIONS, model_storage="memory"), checkpoint=tmp_path / "checkpoint", resume=True)
    assert resumed.status == "complete"
    assert resumed.vectors.tobytes() == whole.vectors.tobytes()


@pytest.mark.parametrize("available", [None, 0, 1 << 40])
def test_auto_goes_by_the_free_memory(
    ordered_corpus: CorpusMaker, monkeypatch: pytest.MonkeyPatch, available: int | None
) -> None:
    monkeypatch.setattr(models, "available_bytes", lambda: available)
    setup = prepare(ordered_corpus(), replace(OPTIONS, model_storage="auto"))
    assert is_mapped(setup.inputs) == is_mapped(setup.outputs) == (available == 0)


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_a_model_in_a_file_begins_with_what_it_goes_on_from(
    ordered_corpus: CorpusMaker, monkeypatch: pytest.MonkeyPatch, precision: str
) -> None:
    monkeypatch.setattr(models, "_BLOCK", 45)  # two rows and a quarter
    corpus = ordered_corpus()
    ids = np.full(len(corpus.vocabulary), -1, dtype=np.int32)
    ids[3::2] = np.arange(len(ids[3::2]))[::-1]
    known = np.random.default_rng(1).normal(size=(len(ids), 20)).astype(np.float32)
    start = Start(ids=ids, vectors=known, outputs=2 * known)
    setup = prepare(corpus, replace(OPTIONS, precision=precision), start=start)
    fresh = prepare(corpus, replace(OPTIONS, precision=precision))
    is_known = ids >= 0
    kind = np.dtype(precision)
    np.testing.assert_array_equal(setup.inputs[is_known, :20], known[ids[is_known]].astype(kind))
    np.testing.assert_array_equal(setup.outputs[is_known, :20], (2 * known[ids[is_known]]).astype(kind))
    np.testing.assert_array_equal(setup.inputs[~is_known], fresh.inputs[~is_known])


@pytest.mark.parametrize("vector_size", [1, 3, 8, 20])
@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize("block", [1, 45, 1 << 22])
def test_trained_rows_are_the_model_without_its_padding(
    monkeypatch: pytest.MonkeyPatch, vector_size: int, precision: str, block: int
) -> None:
    monkeypatch.setattr(models, "_BLOCK", block)
    options = replace(OPTIONS, vector_size=vector_size, precision=precision)
    model = models.initial_model(17, options, None, in_file=False)
    expected = model[:, :vector_size].astype(np.float32)
    rows = models.trained_rows(model, options, None)
    np.testing.assert_array_equal(rows, expected)
    assert rows.flags.c_contiguous
    assert np.shares_memory(rows, model) == (precision == "float32")


def test_many_rows_of_halves_come_out_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    options = TrainOptions(vector_size=5, precision="float16", model_storage="memory")
    for large, in_file in ((4 * 5 * 17, True), (4 * 5 * 17 + 1, False)):
        monkeypatch.setattr(models, "LARGE_BYTES", large)
        model = models.initial_model(17, options, None, in_file=False)
        rows = models.trained_rows(model, options, None)
        assert is_mapped(rows) == in_file
        np.testing.assert_array_equal(rows, model[:, :5].astype(np.float32))


@pytest.mark.parametrize("n_items", [1, 3, 1024, 2051])
@pytest.mark.parametrize("size", [1, 5, 16])
@pytest.mark.parametrize("n_jobs", [1, 3])
def test_initial_rows_are_those_of_the_documented_stream(n_items: int, size: int, n_jobs: int) -> None:
    options = TrainOptions(vector_size=size, seed=2**40 + 9, n_jobs=n_jobs)
    rows = models.initial_model(n_items, options, None, in_file=False)
    drawn = uniform(words(options.seed, Purpose.INITIAL_VECTORS, 0, n_items * size)).reshape(n_items, size)
    expected = (drawn - np.float32(0.5)) * np.float32(2) / np.float32(size)
    np.testing.assert_array_equal(rows[:, :size], expected)
    assert not rows[:, size:].any()
    halves = models.initial_model(n_items, replace(options, precision="float16"), None, in_file=False)
    np.testing.assert_array_equal(halves[:, :size], expected.astype(np.float16))


@pytest.mark.parametrize("kind", [np.float64, np.int32])
def test_other_numbers_are_refused_by_the_kernel(kind: type) -> None:
    with pytest.raises(ValueError, match="float32 or float16"):
        _kernel.initial_rows(np.zeros((2, 8), dtype=kind), 8, 1, 1)


@pytest.mark.parametrize("name", ["precision", "model_storage"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    from firth.errors import OptionError

    with pytest.raises(OptionError, match=f"{name} must be"):
        TrainOptions(**{name: "float8"})
