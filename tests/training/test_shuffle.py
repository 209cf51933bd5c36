"""Blocks of sequences in a drawn order: everything once an epoch, by blocks, another order each epoch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from firth import _kernel
from firth.corpus.corpus import Corpus
from firth.training import TrainOptions, fit, reference
from firth.training.distributions import HeldoutSplit
from firth.training.setup import prepare
from firth.training.windows import sequence_tables

CorpusMaker = Callable[..., Corpus]
OPTIONS = TrainOptions(vector_size=12, lane_size=40, lanes=4, epochs=3, window=3, sample=0.05, heldout=0.1)


def extents(corpus: Corpus, options: TrainOptions, first: int, last: int, chunk_size: int = 40) -> np.ndarray:
    """Return the places of the tokens that some turns read."""
    (context,) = corpus.sequences
    kernel = sequence_tables(context, 0, options).kernel(options, HeldoutSplit.of(options), chunk_size)
    return kernel.extents(first, last)


@pytest.mark.parametrize("n_tokens", [1_300, 2_500, 2_521])
@pytest.mark.parametrize("shuffle_block", [1, 40, 130, 10_000])
def test_an_epoch_reads_every_token_once(ordered_corpus: CorpusMaker, n_tokens: int, shuffle_block: int) -> None:
    corpus = ordered_corpus(n_tokens=n_tokens)
    total = len(corpus.sequences[0].tokens)
    n_chunks = -(-total // 40)
    for epoch in (0, 1):
        read = extents(corpus, replace(OPTIONS, shuffle_block=shuffle_block), epoch * n_chunks, (epoch + 1) * n_chunks)
        places = np.concatenate([np.arange(begin, end) for begin, end in read])
        np.testing.assert_array_equal(np.sort(places), np.arange(total))


def test_a_block_is_read_in_its_order_and_what_is_left_over_last(ordered_corpus: CorpusMaker) -> None:
    corpus = ordered_corpus()  # 2,500 tokens and some: 20 blocks of three chunks, and two or three chunks more
    total = len(corpus.sequences[0].tokens)
    n_chunks, n_blocks = -(-total // 40), -(-total // 40) // 3
    options = replace(OPTIONS, shuffle_block=130)
    starts = [extents(corpus, options, turn, turn + 1)[0, 0] // 40 for turn in range(n_chunks)]
    blocks = np.array(starts[: 3 * n_blocks]).reshape(-1, 3)
    np.testing.assert_array_equal(blocks, blocks[:, :1] + np.arange(3))
    assert (blocks[:, 0] % 3 == 0).all()
    assert blocks[:, 0].tolist() != sorted(blocks[:, 0])
    assert starts[3 * n_blocks :] == list(range(3 * n_blocks, n_chunks))


def test_epochs_seeds_and_contexts_have_orders_of_their_own(ordered_corpus: CorpusMaker) -> None:
    corpus = ordered_corpus()
    options = replace(OPTIONS, shuffle_block=40)
    n_chunks = -(-len(corpus.sequences[0].tokens) // 40)
    orders = [
        extents(corpus, options, 0, n_chunks),
        extents(corpus, options, n_chunks, 2 * n_chunks),
        extents(corpus, replace(options, seed=2), 0, n_chunks),
    ]
    assert len({order.tobytes() for order in orders}) == 3


def test_turns_that_follow_one_another_are_one_extent(ordered_corpus: CorpusMaker) -> None:
    corpus = ordered_corpus()
    assert extents(corpus, OPTIONS, 3, 7).tolist() == [[120, 280]]
    assert extents(corpus, OPTIONS, 5, 5).size == 0


@pytest.mark.parametrize("shuffle_block", [0, 40, 200])
@pytest.mark.parametrize("groups", [False, True])
def test_kernel_equals_reference(ordered_corpus: CorpusMaker, shuffle_block: int, groups: bool) -> None:
    setup = prepare(ordered_corpus(groups=groups), replace(OPTIONS, shuffle_block=shuffle_block))
    setup.outputs[:, :12] = np.random.default_rng(0).normal(size=(setup.n_items, 12)) * 0.3
    n_steps = setup.kernel_trainer().n_steps
    expected = reference.Reference(setup).run(n_steps)
    _, n_pairs = setup.kernel_trainer().run(0, n_steps, 2)
    np.testing.assert_allclose(setup.inputs, expected.inputs, atol=1e-5)
    np.testing.assert_array_equal(n_pairs, expected.n_pairs)


@pytest.mark.parametrize("n_jobs", [2, 3, 8])
def test_bytes_do_not_depend_on_threads(ordered_corpus: CorpusMaker, n_jobs: int) -> None:
    options = replace(OPTIONS, shuffle_block=100)
    one, many = (fit(ordered_corpus(), replace(options, n_jobs=n)) for n in (1, n_jobs))
    assert one.vectors.tobytes() == many.vectors.tobytes()
    assert fit(ordered_corpus(), OPTIONS).vectors.tobytes() != one.vectors.tobytes()


def test_a_sequence_of_one_chunk_cannot_be_shuffled(ordered_corpus: CorpusMaker) -> None:
    plain, shuffled = (
        fit(ordered_corpus(), replace(OPTIONS, lane_size=100_000, shuffle_block=block)) for block in (0, 1000)
    )
    assert plain.vectors.tobytes() == shuffled.vectors.tobytes()


def test_negative_blocks_are_refused_by_the_kernel() -> None:
    arrays = {"tokens": np.zeros(3, np.int32), "offsets": np.array([0, 3]), "keep": np.ones(2, np.uint32)}
    window = {"unknown": -1, "before": 1, "after": 1, "shrink": False, "chunk_size": 1, "context": 0, "seed": 1}
    with pytest.raises(ValueError, match="block_chunks"):
        _kernel.Sequences(**arrays, **window, heldout_salt=0, heldout_threshold=0, block_chunks=-1)
