"""What training draws from ordered contexts, and what it learns from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats

from firth import _kernel
from firth.arrays import Int32, Int64
from firth.corpus.build import build
from firth.corpus.contexts import Groups, Sequences
from firth.corpus.corpus import Corpus
from firth.training import Training, TrainOptions, fit
from firth.training.distributions import HeldoutSplit
from firth.training.setup import prepare
from firth.training.windows import sequence_tables
from firth.vectors.vectors import Vectors

CorpusMaker = Callable[..., Corpus]

OPTIONS = TrainOptions(vector_size=16, negative=5, sample=0, epochs=20)


def in_topics(n_topics: int = 5) -> Corpus:
    """Return sequences of twelve items, each of one topic's 24; item i is of topic i % n_topics."""
    draws = np.random.default_rng(7)
    topic = draws.integers(0, n_topics, 500)
    items = topic[:, None] + n_topics * draws.integers(0, 24, (500, 12))
    frame = pl.DataFrame({"sequence": np.repeat(np.arange(500), 12), "item": [f"item{item}" for item in items.ravel()]})
    return build({"played": frame}, {"played": Sequences()})


def in_a_ring(n_items: int = 30) -> Corpus:
    """Return a walk on which item i is followed by item i + 1 in four steps of five, else by any."""
    draws = np.random.default_rng(11)
    steps = np.where(draws.random(20_000) < 0.8, 1, draws.integers(0, n_items, 20_000))
    items = np.cumsum(steps) % n_items
    frame = pl.DataFrame({"sequence": np.zeros(len(items), np.int64), "item": [f"{item}" for item in items]})
    return build({"walk": frame}, {"walk": Sequences()})


def vectors_of(training: Training, corpus: Corpus) -> Vectors:
    return Vectors(
        corpus.vocabulary.keys,
        training.vectors,
        outputs=training.outputs,
        biases=training.biases if training.options["objective"] == "nce" else None,
        noise=training.noise,
    )


def positions(
    corpus: Corpus, options: TrainOptions, *, chunk_size: int = 64, epoch: int = 0, heldout: bool = False
) -> tuple[Int32, Int64, Int32]:
    """Return the centres and partners of one epoch, on one side of the held-out split."""
    (context,) = corpus.sequences
    kernel = sequence_tables(context, 0, options).kernel(options, HeldoutSplit.of(options), chunk_size)
    return kernel.positions(epoch, 0, kernel.n_chunks, heldout, 1 << 30)


@pytest.mark.parametrize(
    "change",
    [{}, {"objective": "nce"}, {"objective": "cbow"}, {"tied": True}, {"objective": "nce", "tied": True}],
    ids=str,
)
def test_planted_topics_are_recovered(change: dict[str, object]) -> None:
    # Worst of 50 seeds, for each of these: 1.0 of the nearest are of the same topic. Chance: 0.2.
    corpus = in_topics()
    vectors = vectors_of(fit(corpus, replace(OPTIONS, **change)), corpus)
    nearest = vectors.neighbors(k=1).ids[:, 0]
    topics = np.array([int(key.removeprefix("item")) % 5 for key in vectors.keys])
    assert (topics[nearest] == topics).mean() > 0.97


@pytest.mark.parametrize("objective", ["sgns", "nce", "cbow"])
@pytest.mark.parametrize("groups", [False, True])
@pytest.mark.parametrize("n_jobs", [2, 3, 8])
def test_bytes_do_not_depend_on_threads(ordered_corpus: CorpusMaker, objective: str, groups: bool, n_jobs: int) -> None:
    corpus = ordered_corpus(101, groups=groups, n_contexts=2)
    options = replace(OPTIONS, objective=objective, epochs=6, lane_size=8, heldout=0.05)
    one, many = (fit(corpus, replace(options, n_jobs=n)) for n in (1, n_jobs))
    assert one.vectors.tobytes() == many.vectors.tobytes()
    assert one.outputs.tobytes() == many.outputs.tobytes()
    assert one.biases.tobytes() == many.biases.tobytes()
    assert one.history.drop("seconds", "items_per_s").equals(many.history.drop("seconds", "items_per_s"))


def test_pairs_of_contexts_come_in_the_shares_of_their_weights(ordered_corpus: CorpusMaker) -> None:
    # Worst of 50 seeds: 0.8 % off.
    corpus = ordered_corpus(101, n_tokens=20_000, groups=True, n_contexts=2)
    setup = prepare(corpus, replace(OPTIONS, pairs=3_000_000, vector_size=2, lane_size=16, heldout=0))
    trainer = setup.kernel_trainer()
    _, n_pairs = trainer.run(0, trainer.n_steps, 1)
    weights = np.array(setup.context_weights)
    shares = n_pairs.sum(axis=0) / n_pairs.sum()
    np.testing.assert_allclose(shares, weights / weights.sum(), rtol=0.02)
    assert n_pairs.sum() == pytest.approx(3_000_000, rel=0.02)


@pytest.mark.parametrize("objective", ["sgns", "nce", "cbow"])
@pytest.mark.parametrize("window", [1, (3, 0)])
def test_a_window_before_learns_what_comes_next(objective: str, window: int | tuple[int, int]) -> None:
    # Worst of 50 seeds and three objectives: with (3, 0) the successor comes first for 28 of 30 items, with 1 for 21.
    corpus = in_a_ring()
    vectors = vectors_of(fit(corpus, replace(OPTIONS, objective=objective, window=window)), corpus)
    is_first = [vectors.recommend([str(i)], k=1)[0][0] == str((i + 1) % 30) for i in range(30)]
    if window == 1:
        assert sum(is_first) < 24
    else:
        assert sum(is_first) > 26


@pytest.mark.parametrize("shrink_windows", [False, True])
@pytest.mark.parametrize("window", [1, 7, (4, 0), (0, 3)])
def test_positions_do_not_depend_on_how_tokens_are_cut_into_chunks(
    ordered_corpus: CorpusMaker, window: int | tuple[int, int], shrink_windows: bool
) -> None:
    corpus = ordered_corpus()
    options = replace(OPTIONS, window=window, shrink_windows=shrink_windows, sample=0.02, heldout=0.1)
    whole = positions(corpus, options, chunk_size=1 << 20)
    for chunk_size in (1, 13, 1000):
        cut = positions(corpus, options, chunk_size=chunk_size)
        assert [part.tobytes() for part in cut] == [part.tobytes() for part in whole], chunk_size


def test_another_epoch_draws_other_windows_of_the_same_tokens(ordered_corpus: CorpusMaker) -> None:
    corpus = ordered_corpus()
    first, second = (positions(corpus, OPTIONS, epoch=epoch) for epoch in (0, 1))
    assert first[0].tobytes() == second[0].tobytes()
    assert first[2].tobytes() != second[2].tobytes()


def all_different(lengths: list[int]) -> Corpus:
    """Return sequences in which every token is an item of its own."""
    frame = pl.DataFrame(
        {"sequence": np.repeat(np.arange(len(lengths)), lengths), "item": [f"item{i:06}" for i in range(sum(lengths))]}
    )
    return build({"played": frame}, {"played": Sequences()})


def test_what_is_held_out_is_never_trained() -> None:
    corpus = all_different([3, 5000, 1, 2, *[17] * 300])
    options = replace(OPTIONS, heldout=0.2, shrink_windows=False)
    trained = positions(corpus, options)
    held = positions(corpus, options, heldout=True)
    mine, theirs = (set(np.concatenate([centres, partners]).tolist()) for centres, _, partners in (trained, held))
    assert not mine & theirs
    assert len(mine | theirs) == len(corpus.vocabulary) - 1  # but for the sequence of one
    assert 0.1 < len(theirs) / len(corpus.vocabulary) < 0.3


def test_a_long_sequence_is_held_out_a_thousand_tokens_at_a_time() -> None:
    corpus = all_different([50_000])
    centres, _, _ = positions(corpus, replace(OPTIONS, heldout=0.3), heldout=True)
    (context,) = corpus.sequences
    places = np.flatnonzero(np.isin(context.tokens, centres))
    n_of_blocks = np.bincount(places // 1000, minlength=50)
    assert set(n_of_blocks.tolist()) == {0, 1000}


@pytest.mark.parametrize("window", [2, (3, 1)])
def test_windows_hold_the_tokens_around_their_centre(window: int | tuple[int, int]) -> None:
    corpus = all_different([1, 2, 6])
    centres, offsets, partners = positions(corpus, replace(OPTIONS, window=window, shrink_windows=False, heldout=0))
    keys = np.array(corpus.vocabulary.keys)
    before, after = (window, window) if isinstance(window, int) else window
    expected = {}
    for sequence in ([1, 2], [3, 4, 5, 6, 7, 8]):
        for place, item in enumerate(sequence):
            around = sequence[max(0, place - before) : place] + sequence[place + 1 : place + 1 + after]
            expected[f"item{item:06}"] = sorted(f"item{other:06}" for other in around)
    found = {keys[c]: sorted(keys[partners[offsets[i] : offsets[i + 1]]]) for i, c in enumerate(centres)}
    assert found == expected


def test_subsampling_keeps_the_stated_share_of_each_item() -> None:
    # word2vec.c's: sqrt(t / f) + t / f. The seed is fixed, so this either holds or does not.
    random = np.random.default_rng(3)
    codes = np.minimum(random.geometric(0.12, 60_000) - 1, 39)
    frame = pl.DataFrame({"sequence": np.zeros(len(codes), np.int64), "item": [f"item{code}" for code in codes]})
    corpus = build({"played": frame}, {"played": Sequences()})
    options = replace(OPTIONS, sample=0.01, heldout=0)
    centres, _, _ = positions(corpus, options)
    counts = corpus.counts
    ratio = 0.01 / (counts / counts.sum())
    share = np.minimum(1, np.sqrt(ratio) + ratio)
    kept = np.bincount(centres, minlength=len(counts))
    assert (kept[share == 1] == counts[share == 1]).all()
    some = share < 1
    chi2 = np.sum((kept[some] - counts[some] * share[some]) ** 2 / (counts[some] * share[some] * (1 - share[some])))
    assert some.sum() > 10
    assert 0.001 < stats.chi2.sf(chi2, some.sum()) < 0.999


def test_a_window_larger_than_every_sequence_pairs_all_that_is_in_one() -> None:
    training = fit(in_topics(), replace(OPTIONS, window=60_000, epochs=1, shrink_windows=False, heldout=0))
    assert training.n_pairs == 500 * 12 * 11


def test_a_context_may_have_a_window_of_its_own(ordered_corpus: CorpusMaker) -> None:
    narrow = positions(ordered_corpus(window=1), replace(OPTIONS, heldout=0))
    assert np.diff(narrow[1]).max() == 2


def test_a_corpus_of_both_kinds_gives_items_of_either() -> None:
    frames = {
        "played": pl.DataFrame({"sequence": [1, 1, 1, 2, 2], "item": ["a", "b", "c", "b", "a"]}),
        "genre": pl.DataFrame({"item": ["a", "c", "d", "e"], "value": ["x", "x", "y", "y"]}),
    }
    corpus = build(frames, {"played": Sequences(), "genre": Groups()})
    training = fit(corpus, replace(OPTIONS, pairs=5_000, heldout=0))
    assert training.history.columns[-4:] == ["loss_played", "heldout_loss_played", "loss_genre", "heldout_loss_genre"]
    assert np.isfinite(training.vectors).all()
    assert _kernel.variant() == training.variant
