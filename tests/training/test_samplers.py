"""What is drawn follows the distribution it should, by chi-square at p > 1e-4 for fixed seeds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from firth import _kernel
from firth.corpus.corpus import Corpus
from firth.randomness import Purpose, philox, words
from firth.training import TrainOptions
from firth.training.distributions import HeldoutSplit
from firth.training.reference_draws import WordStream
from firth.training.setup import Setup, prepare

CorpusMaker = Callable[..., Corpus]


def assert_follows(counts: np.ndarray, probability: np.ndarray) -> None:
    """Chi-square over the cells that can occur; nothing may fall into the others."""
    assert counts[probability == 0].sum() == 0
    possible = probability > 0
    expected = probability[possible] / probability[possible].sum() * counts.sum()
    assert stats.chisquare(counts[possible], expected).pvalue > 1e-4


# Known answers of the authors' Random123 library, kat_vectors, philox4x32 with 10 rounds.
@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_published_answers(
    counter: tuple[int, ...], key: tuple[int, int], expected: tuple[int, ...]
) -> None:
    np.testing.assert_array_equal(philox(np.array([counter], dtype=np.uint32), key)[0], np.array(expected, np.uint32))


@pytest.mark.parametrize(("seed", "index", "n"), [(0, 0, 1), (7, 2**33 + 5, 11), (2**64 - 1, 2**64 - 1, 4)])
def test_kernel_and_python_draw_the_same_words(seed: int, index: int, n: int) -> None:
    np.testing.assert_array_equal(_kernel.words(seed, int(Purpose.LANE), index, n), words(seed, Purpose.LANE, index, n))


@pytest.mark.parametrize("weights", [[1.0], [1.0, 3.0], [0.0, 1.0, 0.0, 2.0], [1e-9, 1.0, 5.0, 2.5, 2.5, 0.1, 1e9]])
def test_alias_table_holds_exactly_its_weights(weights: list[float]) -> None:
    threshold, alias = _kernel.build_alias(np.array(weights), np.array([0, len(weights)]))
    keep = np.where(threshold == 2**32 - 1, 1.0, threshold / 2**32)
    probability = np.zeros(len(weights))
    np.add.at(probability, np.arange(len(weights)), keep / len(weights))
    np.add.at(probability, alias, (1 - keep) / len(weights))
    np.testing.assert_allclose(probability, np.array(weights) / sum(weights), atol=1e-9)


def draw(setup: Setup, n: int, *, draw_heldout: bool = False) -> np.ndarray:
    return setup.kernel_groups(draw_heldout=draw_heldout).draw(5, int(Purpose.PLANTED), 0, n)


def group_of(setup: Setup, rows: np.ndarray) -> list[set[int]]:
    """Return, for each position, the groups that hold all its items."""
    tables = setup.groups
    members = [set(tables.members[a:b].tolist()) for a, b in zip(tables.offsets, tables.offsets[1:], strict=False)]
    items = [{row[0], *row[2 : 2 + row[1]]} for row in rows.tolist()]
    return [{g for g, group in enumerate(members) if drawn <= group} for drawn in items]


@pytest.mark.parametrize("choice", ["uniform", "size"])
def test_pairs_come_from_groups_in_the_stated_shares(small_corpus: CorpusMaker, choice: str) -> None:
    # Only "city" has disjoint groups of different sizes: five of 2, 2, 2, 2 and 15 members.
    corpus = small_corpus(choice=choice)
    corpus = type(corpus)(**{**corpus.__dict__, "contexts": corpus.contexts[1:]})
    setup = prepare(corpus, TrainOptions(partners=4, heldout=0))
    rows = draw(setup, 40_000)
    pairs = np.zeros(len(setup.groups.share))
    for row, groups in zip(rows.tolist(), group_of(setup, rows), strict=True):
        (group,) = groups
        pairs[group] += row[1]
    np.testing.assert_allclose(pairs / pairs.sum(), setup.groups.share, atol=0.01)
    expected = np.diff(setup.groups.offsets) / 23 if choice == "size" else np.full(5, 0.2)
    np.testing.assert_allclose(setup.groups.share, expected)


def test_the_sample_for_the_loss_has_the_shares_of_training(small_corpus: CorpusMaker) -> None:
    # "city" has groups of 2 and of 15: drawn a pair at a time, they must not keep the shares of draws of 16 pairs.
    corpus = small_corpus()
    corpus = type(corpus)(**{**corpus.__dict__, "contexts": corpus.contexts[1:]})
    setup = prepare(corpus, TrainOptions(heldout=0))
    rows = setup.kernel_groups(partners=1).draw(5, int(Purpose.PLANTED), 0, 40_000)
    drawn = np.bincount([groups.pop() for groups in group_of(setup, rows)], minlength=5)
    assert_follows(drawn, setup.groups.share)


@pytest.mark.parametrize("member_weight", [False, True])
def test_centres_follow_their_probability(small_corpus: CorpusMaker, member_weight: bool) -> None:
    setup = prepare(small_corpus(member_weight=member_weight), TrainOptions(partners=1, heldout=0))
    rows = draw(setup, 50_000)
    assert_follows(np.bincount(rows[:, 0], minlength=23), setup.groups.centre_probability(23))


@pytest.mark.parametrize("member_weight", [False, True])
def test_partners_are_drawn_by_weight_without_the_centre(small_corpus: CorpusMaker, member_weight: bool) -> None:
    corpus = small_corpus(member_weight=member_weight)
    corpus = type(corpus)(**{**corpus.__dict__, "contexts": corpus.contexts[:1]})
    setup = prepare(corpus, TrainOptions(partners=1, heldout=0))
    rows = draw(setup, 60_000)
    tables = setup.groups
    weights = np.ones(len(tables.members)) if tables.weights is None else tables.weights
    centre = int(tables.members[0])
    group = slice(int(tables.offsets[0]), int(tables.offsets[1]))
    probability = np.bincount(tables.members[group], weights=weights[group], minlength=23)
    probability[centre] = 0
    assert_follows(np.bincount(rows[rows[:, 0] == centre, 2], minlength=23), probability)


def test_a_dominant_member_neither_blocks_nor_biases_the_draw() -> None:
    # One member holds nearly all the weight: partners then come from the exact draw after the tries.
    weights = np.array([1e7, 1.0, 2.0, 3.0])
    threshold, alias = _kernel.build_alias(weights, np.array([0, 4]))
    one = np.array([0], dtype=np.int32)
    groups = _kernel.Groups(
        choice_threshold=np.array([2**32 - 1], dtype=np.uint32),
        choice_alias=one,
        contexts=one,
        offsets=np.array([0, 4]),
        members=np.arange(4, dtype=np.int32),
        weights=weights,
        threshold=threshold,
        alias=alias,
        partners=1,
        heldout_salt=0,
        heldout_threshold=0,
        draw_heldout=False,
        n_items=4,
    )
    rows = groups.draw(1, int(Purpose.PLANTED), 0, 20_000)
    rows = rows[rows[:, 0] == 0]
    assert len(rows) > 19_900
    assert_follows(np.bincount(rows[:, 2], minlength=4), np.array([0, 1.0, 2.0, 3.0]))


def test_no_position_pairs_an_item_with_itself_or_repeats_a_partner(small_corpus: CorpusMaker) -> None:
    rows = draw(prepare(small_corpus(), TrainOptions(heldout=0)), 5_000)
    distinct = [len({row[0], *row[2 : 2 + row[1]]}) == row[1] + 1 for row in rows.tolist()]
    assert all(distinct)


def test_small_groups_give_all_their_members(small_corpus: CorpusMaker) -> None:
    setup = prepare(small_corpus(), TrainOptions(heldout=0))
    rows = draw(setup, 2_000)
    assert set(rows[:, 1].tolist()) == set(np.minimum(16, np.diff(setup.groups.offsets) - 1).tolist())


def test_heldout_pairs_are_never_trained_and_only_they_are_measured(small_corpus: CorpusMaker) -> None:
    setup = prepare(small_corpus(), TrainOptions(heldout=0.2))
    for draw_heldout in (False, True):
        rows = draw(setup, 3_000, draw_heldout=draw_heldout).tolist()
        sides = {setup.heldout.contains(row[0], partner) for row in rows for partner in row[2 : 2 + row[1]]}
        assert sides == {draw_heldout}


def test_heldout_share_is_what_was_asked_for() -> None:
    chosen = HeldoutSplit.of(TrainOptions(heldout=0.05))
    held = sum(chosen.contains(a, b) for a in range(200) for b in range(a))
    assert stats.binomtest(held, 200 * 199 // 2, 0.05).pvalue > 1e-4
    assert all(chosen.contains(a, b) == chosen.contains(b, a) for a in range(40) for b in range(a))


@pytest.mark.parametrize("ns_exponent", [-0.5, 0.0, 0.75, 1.0])
def test_negatives_follow_the_noise(small_corpus: CorpusMaker, ns_exponent: float) -> None:
    setup = prepare(small_corpus(member_weight=True), TrainOptions(ns_exponent=ns_exponent, heldout=0))
    stream = WordStream(3, Purpose.PLANTED, 0)
    drawn = [stream.alias(setup.noise.threshold, setup.noise.alias) for _ in range(20_000)]
    centre = setup.groups.centre_probability(23)
    assert_follows(np.bincount(drawn, minlength=23), centre**ns_exponent / (centre**ns_exponent).sum())
