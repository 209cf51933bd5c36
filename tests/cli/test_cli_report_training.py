"""The report of a run: what it says of its training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from cli_calls import call

import firth

CONTEXTS = {
    "listened": firth.Sequences("list", item="item", weight=3),
    "genre": firth.Groups("genre", item="item"),
}


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Return what `firth runs show` says of a run trained with these options."""
    monkeypatch.setenv("COLUMNS", "200")

    def tell(*, contexts: tuple[str, ...] = ("listened", "genre"), **options: object) -> str:
        items = np.random.default_rng(1).integers(0, 30, 900)
        frame = pl.DataFrame(
            {
                "list": np.arange(900) // 9,
                "item": [f"song [{item}]" for item in items],
                "genre": [f"genre {item % 3}" for item in items],
            }
        )
        corpus = firth.read_table(frame, contexts={name: CONTEXTS[name] for name in contexts})
        chosen = {"vector_size": 8, "lane_size": 8, "sample": 0, "heldout": 0.1, **options}
        firth.train(corpus, out=tmp_path / "run", **chosen)
        return " ".join(call("runs", "show", tmp_path / "run").stdout.split())

    return tell


def test_losses_of_several_contexts_are_told_apart(told: Callable[..., str]):
    words = told(epochs=3)
    run = words.split(" folder ")[0]
    assert "window 5, sample 0, 5 negatives" in run
    assert "listened: " in run.split("loss ")[1]
    assert "genre: " in run.split("loss ")[1]
    assert "tokens/s" not in run


def test_one_ordered_context_tells_tokens_per_second_and_its_window(told: Callable[..., str]):
    words = told(contexts=("listened",), epochs=3, window=(3, 0), negative=1)
    assert "sgns, 8 dimensions, window 3 before and 0 after, sample 0, 1 negative, learning rate" in words
    assert "tokens/s" in words
    assert "pairs/s" in words


def test_groups_alone_have_no_window(told: Callable[..., str]):
    assert "window" not in told(contexts=("genre",), pairs=20_000)


def test_stopping_early_is_told_with_its_reason(told: Callable[..., str]):
    words = told(contexts=("listened",), epochs=300, patience=2, learning_rate=0.1)
    assert "stopped early, after interval " in words
    assert " of 40: the held-out loss had not fallen for 2" in words


def test_the_last_lines_of_the_probes_are_shown_as_they_are(told: Callable[..., str]):
    words = told(contexts=("listened",), epochs=3, probes=("song [3]",))
    assert "probes song [3] -> song [" in words


def test_what_a_run_went_on_from_is_told(told: Callable[..., str]):
    start = firth.Vectors([f"song [{item}]" for item in range(20, 35)], np.eye(15, 8))
    words = told(epochs=1, start=start, freeze=True)
    assert (
        "start 10 known, which stay as they are; 20 new; 5 kept from before; outputs begin at zero, as there were none"
        in words
    )
