"""A training that was interrupted and resumed is the training that was not."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from firth import _kernel
from firth.corpus.corpus import Corpus
from firth.errors import DivergenceError, RunError
from firth.progress import CallbackProgress
from firth.training import Training, TrainOptions, fit
from firth.training.checkpoint import Checkpoint, identity

CorpusMaker = Callable[..., Corpus]

OPTIONS = TrainOptions(vector_size=12, negative=3, epochs=8, lanes=4, lane_size=16, heldout=0.05, sample=0)


def interrupt_after(n_updates: int) -> CallbackProgress:
    """Return a progress that behaves as Ctrl-C does, at an update of the training."""
    seen = 0

    def callback(_description: str, completed: float, _total: float | None, _text: str) -> None:
        nonlocal seen
        seen += completed > 0
        if seen == n_updates:
            raise KeyboardInterrupt

    return CallbackProgress(callback)


def content(training: Training) -> tuple[object, ...]:
    """Return everything that must be the same, whoever trained how often."""
    arrays = (training.vectors, training.outputs, training.biases, training.noise)
    history = training.history.drop("seconds", "items_per_s")
    return *(array.tobytes() for array in arrays), history.to_dicts(), training.n_pairs, training.is_stopped_early


@pytest.mark.parametrize("change", [{}, {"objective": "nce"}, {"objective": "cbow"}, {"tied": True}], ids=str)
@pytest.mark.parametrize("groups", [False, True])
def test_interrupted_twice_and_resumed_gives_the_same_bytes(
    ordered_corpus: CorpusMaker, tmp_path: Path, change: dict[str, object], groups: bool
) -> None:
    corpus = ordered_corpus(groups=groups)
    options = replace(OPTIONS, **change, probes=("item0",))
    whole = fit(corpus, replace(options, n_jobs=1))
    first = fit(corpus, replace(options, n_jobs=1), checkpoint=tmp_path / "c", progress=interrupt_after(3))
    assert first.status == "interrupted"
    second = fit(
        corpus, replace(options, n_jobs=2), checkpoint=tmp_path / "c", resume=True, progress=interrupt_after(30)
    )
    assert second.status == "interrupted"
    assert first.n_pairs < second.n_pairs < whole.n_pairs
    last = fit(corpus, replace(options, n_jobs=3), checkpoint=tmp_path / "c", resume=True)
    assert last.status == "complete"
    assert content(last) == content(whole)


@pytest.mark.parametrize("n_updates", range(1, 12))
def test_ctrl_c_at_any_update_can_be_resumed(ordered_corpus: CorpusMaker, tmp_path: Path, n_updates: int) -> None:
    corpus = ordered_corpus()
    fit(corpus, OPTIONS, checkpoint=tmp_path / "c", progress=interrupt_after(n_updates))
    resumed = fit(corpus, OPTIONS, checkpoint=tmp_path / "c", resume=True)
    assert content(resumed) == content(fit(corpus, OPTIONS))


def test_ctrl_c_inside_the_kernel_waits_until_the_step_is_whole(ordered_corpus: CorpusMaker, tmp_path: Path) -> None:
    corpus = ordered_corpus(n_tokens=20_000)
    options = replace(OPTIONS, epochs=200, vector_size=64)
    # A process that was started in the background ignores Ctrl-C; this one is to hear it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    # Shortly after the first steps of a training that takes about a second, nearly all of it inside the kernel.
    timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))

    def begin(*_: object) -> None:
        if timer.ident is None:
            timer.start()

    try:
        first = fit(corpus, options, checkpoint=tmp_path / "c", progress=CallbackProgress(begin))
        timer.join()
        handler = signal.getsignal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert first.status == "interrupted"
    assert handler is signal.default_int_handler
    resumed = fit(corpus, options, checkpoint=tmp_path / "c", resume=True)
    assert content(resumed) == content(fit(corpus, options))


def test_a_training_that_stopped_early_stays_stopped_when_resumed(ordered_corpus: CorpusMaker, tmp_path: Path) -> None:
    corpus = ordered_corpus()
    options = replace(OPTIONS, epochs=60, learning_rate=0.1, patience=1)
    whole = fit(corpus, options)
    assert whole.is_stopped_early
    fit(corpus, options, checkpoint=tmp_path / "c", checkpoint_s=0)
    assert content(fit(corpus, options, checkpoint=tmp_path / "c", resume=True)) == content(whole)


def test_one_whole_checkpoint_lies_there_and_no_half_one(ordered_corpus: CorpusMaker, tmp_path: Path) -> None:
    corpus = ordered_corpus()
    half = tmp_path / "c" / ".step-99-1"
    half.mkdir(parents=True)
    (half / "model.safetensors").write_bytes(b"half")
    fit(corpus, OPTIONS, checkpoint=tmp_path / "c", resume=True, progress=interrupt_after(4))
    (only,) = (tmp_path / "c").iterdir()
    assert {path.name for path in only.iterdir()} == {"model.safetensors", "state.json"}


def test_resuming_without_a_checkpoint_says_that_training_begins_anew(
    ordered_corpus: CorpusMaker, tmp_path: Path
) -> None:
    heard: list[str] = []
    progress = CallbackProgress(lambda _name, _completed, _total, text: heard.append(text))
    fit(ordered_corpus(), OPTIONS, checkpoint=tmp_path / "c", resume=True, progress=progress)
    assert heard[0] == "no checkpoint was written: training begins anew"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"window": 3}, "window was 5, here it is 3"),
        ({"window": (5, 5)}, r"window was 5, here it is \[5, 5\]"),
        ({"seed": 2, "epochs": 9}, "epochs was 8, here it is 9; seed was 1, here it is 2"),
    ],
)
def test_a_checkpoint_of_other_options_is_refused(
    ordered_corpus: CorpusMaker, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    corpus = ordered_corpus()
    fit(corpus, OPTIONS, checkpoint=tmp_path / "c", progress=interrupt_after(2))
    with pytest.raises(RunError, match=message):
        fit(corpus, replace(OPTIONS, **change), checkpoint=tmp_path / "c", resume=True)


def test_a_checkpoint_of_other_data_is_refused(ordered_corpus: CorpusMaker, tmp_path: Path) -> None:
    fit(ordered_corpus(), OPTIONS, checkpoint=tmp_path / "c", progress=interrupt_after(2))
    with pytest.raises(RunError, match=r"its data was .*, here it is"):
        fit(ordered_corpus(n_tokens=2_600), OPTIONS, checkpoint=tmp_path / "c", resume=True)


@pytest.mark.skipif("x86-64-v3" not in _kernel.available_variants(), reason="this processor has no AVX2")
def test_a_checkpoint_of_another_arithmetic_is_refused(ordered_corpus: CorpusMaker, tmp_path: Path) -> None:
    before = _kernel.variant()
    fit(ordered_corpus(), OPTIONS, checkpoint=tmp_path / "c", progress=interrupt_after(2))
    _kernel.choose_variant("baseline")
    try:
        with pytest.raises(RunError, match="its arithmetic was x86-64-v3, here it is baseline"):
            fit(ordered_corpus(), OPTIONS, checkpoint=tmp_path / "c", resume=True)
    finally:
        _kernel.choose_variant(before)


def test_instruction_sets_that_round_alike_share_checkpoints() -> None:
    assert identity("a", {}, "x86-64-v4", None) == identity("a", {}, "x86-64-v3", None)
    assert identity("a", {}, "baseline", None) != identity("a", {}, "x86-64-v3", None)


@pytest.mark.parametrize(
    ("name", "damage"), [("state.json", b"{"), ("state.json", b"{}"), ("model.safetensors", b"x"), ("state.json", None)]
)
def test_a_damaged_checkpoint_is_refused(
    ordered_corpus: CorpusMaker, tmp_path: Path, name: str, damage: bytes | None
) -> None:
    corpus = ordered_corpus()
    fit(corpus, OPTIONS, checkpoint=tmp_path / "c", progress=interrupt_after(2))
    (path,) = (tmp_path / "c").glob(f"*/{name}")
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    with pytest.raises(RunError, match=r"is damaged .* Remove it to begin anew"):
        fit(corpus, OPTIONS, checkpoint=tmp_path / "c", resume=True)


def test_a_checkpoint_that_cannot_be_written_fails_clearly(ordered_corpus: CorpusMaker, tmp_path: Path) -> None:
    (tmp_path / "c").write_text("mine", encoding="utf-8")
    with pytest.raises(RunError, match="cannot write the checkpoint"):
        fit(ordered_corpus(), OPTIONS, checkpoint=tmp_path / "c", checkpoint_s=0)


def test_a_diverged_training_keeps_its_checkpoint_and_says_what_resuming_does(
    ordered_corpus: CorpusMaker, tmp_path: Path
) -> None:
    wild = replace(OPTIONS, learning_rate=5e3, curvature=0)
    with pytest.raises(DivergenceError, match="Resuming would come to the same"):
        fit(ordered_corpus(), wild, checkpoint=tmp_path / "c", checkpoint_s=0)
    (state,) = (tmp_path / "c").glob("step-*/state.json")
    assert json.loads(state.read_text(encoding="utf-8"))["step"] > 0


def test_the_next_checkpoint_waits_longer_where_writing_takes_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter([0.0, 10.0, 12.0, 12.0 + 39.9, 12.0 + 40.1])
    monkeypatch.setattr("firth.training.checkpoint.time.perf_counter", lambda: next(now))
    checkpoint = Checkpoint(tmp_path / "c", {}, every_s=5)
    checkpoint.save({"step": 1}, {})
    assert not checkpoint.is_due
    assert checkpoint.is_due
