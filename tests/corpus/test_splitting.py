"""Held-out sequences: which, how many, and that nothing of them is trained."""

from __future__ import annotations

from itertools import chain

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth.corpus.build import take_in
from firth.corpus.contexts import Groups, Sequences
from firth.corpus.intake import Intake
from firth.corpus.splitting import Holdout, Split, split
from firth.errors import DataError, OptionError

CONTEXTS = {
    "genre": Groups("genre", item="song"),
    "played": Sequences("list", order="place", item="song"),
}
LENGTHS = st.lists(st.integers(1, 6), min_size=2, max_size=40)
SHARES = st.sampled_from([0.0, 0.1, 0.25, 1 / 3, 0.5])


def rows_of(lengths: list[int]) -> pl.DataFrame:
    """Return lists whose songs name their list and place, so that a leak shows; song 'hit' ends every other one."""
    return pl.DataFrame(
        [
            {
                "list": f"list {number:03d}",
                "place": place,
                "song": "hit" if place and place == n - 1 and number % 2 else f"{number:03d}-{place}",
                "genre": f"genre {number % 3}",
            }
            for number, n in enumerate(lengths)
            for place in range(n)
        ]
    )


def read(lengths: list[int], *, frame: pl.DataFrame | None = None) -> Intake:
    rows = rows_of(lengths) if frame is None else frame
    return take_in({"genre": rows, "played": rows}, {name: CONTEXTS[name] for name in ("genre", "played")})


def spelled(intake: Intake, context: str = "played") -> list[list[str]]:
    source = intake.ordered(context)
    parts = np.split(source.tokens, source.offsets[1:-1])
    return [[source.keys[code] for code in part] for part in parts if len(part)]


def numbers(parts: Split) -> list[list[int]]:
    return [each.tolist() for each in (parts.trained, parts.validation, parts.test)]


@given(LENGTHS, SHARES, SHARES, st.integers(2, 5), st.integers(0, 99))
def test_parts_are_disjoint_and_complete_and_long_enough(
    lengths: list[int], validation: float, test: float, min_length: int, seed: int
):
    n_eligible = sum(n >= min_length for n in lengths)
    holdout = Holdout(validation=validation, test=test, min_length=min_length, seed=seed)
    n_validation, n_test = round(validation * n_eligible), round(test * n_eligible)
    if n_eligible == 0 or min(n_validation + n_test, n_eligible) == len(lengths):
        with pytest.raises(DataError):
            split(read(lengths), holdout)
        return
    parts = split(read(lengths), holdout)
    assert sorted(chain.from_iterable(numbers(parts))) == list(range(len(lengths)))
    assert all(each == sorted(each) for each in numbers(parts))
    assert all(lengths[i] >= min_length for i in (*parts.validation, *parts.test))
    assert len(parts.validation) == n_validation
    assert len(parts.test) == min(n_test, n_eligible - n_validation)


def test_shares_are_of_the_sequences_that_are_long_enough():
    parts = split(read([2] * 60 + [4] * 40), Holdout(validation=0.1, test=0.25))
    assert [len(each) for each in numbers(parts)] == [86, 4, 10]


def test_no_token_of_a_held_out_sequence_is_trained():
    lengths = [1, 3, 5, 4, 2, 6, 3, 3, 7, 4, 5, 3, 3]
    parts = split(read(lengths), Holdout(validation=0.2, test=0.3))
    held = {f"{number:03d}" for number in (*parts.validation, *parts.test)}
    assert len(held) == 5
    corpus = parts.train.corpus()
    (context,) = corpus.sequences
    trained = [corpus.vocabulary.keys[item] for item in context.tokens]
    assert {song.split("-")[0] for song in trained if song != "hit"} == {
        f"{number:03d}" for number in range(len(lengths))
    } - held
    whole = read(lengths).corpus()
    n_hits = sum(lengths[i] > 1 for i in parts.trained if i % 2)
    assert trained.count("hit") == n_hits < whole.sequences[0].counts[whole.vocabulary.id("hit")]
    assert len(trained) == sum(lengths[i] for i in parts.trained)


def test_groups_stay_whole():
    lengths = [3] * 20
    whole, parts = read(lengths), split(read(lengths), Holdout(test=0.5, validation=0.0))
    (before,), (after,) = (
        [each for each in intake.corpus().contexts if each.name == "genre"] for intake in (whole, parts.train)
    )
    assert after.report["n_memberships"] == before.report["n_memberships"]
    assert after.report["rows_read"] == before.report["rows_read"]


def test_other_ordered_contexts_stay_whole():
    frame = rows_of([3, 4, 5, 3, 6, 3])
    declared = {"by genre": Sequences("genre", order="place", item="song"), "played": CONTEXTS["played"]}
    intake = take_in(dict.fromkeys(declared, frame), declared)
    parts = split(intake, Holdout(context="played", test=0.5, validation=0.0))
    assert parts.context == "played"
    assert spelled(parts.train, "by genre") == spelled(intake, "by genre")
    assert len(spelled(parts.train, "played")) == 3


@pytest.mark.parametrize(
    ("other", "is_leak"),
    [
        (Groups("list", item="song"), True),
        (Sequences("list", item="song"), True),
        (Groups("list", item="song", weight=0), False),
        (Groups("genre", item="song"), False),
        (Sequences(("genre", "list"), item="song"), False),
    ],
    ids=["groups", "sequences", "an attribute", "other groups", "other sequences"],
)
def test_what_is_held_out_is_not_trained_by_another_context(other: Groups | Sequences, is_leak: bool):
    frame = rows_of([3, 4, 5, 3, 6, 3])
    intake = take_in({"other": frame, "played": frame}, {"other": other, "played": CONTEXTS["played"]})
    if is_leak:
        with pytest.raises(OptionError, match="must not be trained otherwise, and 'other' is made of the same list"):
            split(intake, Holdout(context="played", test=0.5))
    else:
        assert len(split(intake, Holdout(context="played", test=0.5)).test) == 3


def test_the_first_ordered_context_is_split_unless_another_is_named():
    assert split(read([3] * 10), Holdout()).context == "played"


def test_what_is_held_out_can_be_read_from_the_sequences():
    parts = split(read([3, 4, 5, 3, 6]), Holdout(test=0.4, validation=0.0))
    everything = [[f"{number:03d}-{place}" for place in range(n)] for number, n in enumerate([3, 4, 5, 3, 6])]
    for number in (1, 3):
        everything[number][-1] = "hit"
    assert spelled(parts.train) == [everything[i] for i in parts.trained]
    source = parts.sequences
    assert [source.keys[code] for code in source.tokens[source.offsets[parts.test[0]] :][:3]] == everything[
        parts.test[0]
    ][:3]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_the_rows_has_no_influence(seed: int):
    lengths = [3, 1, 5, 4, 4, 2, 7, 3, 3, 6]
    holdout = Holdout(test=0.3, validation=0.2)
    shuffled = rows_of(lengths).sample(fraction=1.0, shuffle=True, seed=seed)
    one, other = split(read(lengths), holdout), split(read(lengths, frame=shuffled), holdout)
    assert numbers(one) == numbers(other)
    assert spelled(one.train) == spelled(other.train)
    assert one.train.corpus().fingerprint == other.train.corpus().fingerprint


def test_another_seed_draws_other_sequences_and_the_same_seed_the_same():
    drawn = {seed: numbers(split(read([3] * 60), Holdout(seed=seed))) for seed in (1, 2, 2**64 - 1)}
    assert drawn[1] != drawn[2] != drawn[2**64 - 1]
    assert drawn[2] == numbers(split(read([3] * 60), Holdout(seed=2)))


def test_every_long_sequence_is_as_likely_to_be_held_out():
    n_seeds, intake = 400, read([1, 3, 3, 4, 5, 3, 9, 3])
    times = np.zeros(8)
    for seed in range(n_seeds):
        times[split(intake, Holdout(test=0.3, validation=0.0, seed=seed)).test] += 1
    expected = n_seeds * 2 / 7
    assert times[0] == 0
    # Chi-square of 6 degrees of freedom; above 28 with a probability of 1 in 10,000.
    assert ((times[1:] - expected) ** 2 / expected).sum() < 28


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"validation": 0.51}, "validation must be a share from 0 to 0.5, got 0.51"),
        ({"test": -0.1}, "test must be a share"),
        ({"test": float("nan")}, "test must be a share"),
        ({"test": True}, "test must be a share from 0 to 0.5, got True"),
        ({"test": "0.1"}, "test must be a share"),
        ({"min_length": 1}, "min_length must be a whole number >= 2, got 1"),
        ({"min_length": 3.0}, "min_length must be a whole number"),
        ({"seed": -1}, "seed must be a whole number from 0"),
        ({"seed": 2**64}, "seed must be a whole number from 0"),
    ],
)
def test_options_outside_their_range_are_refused(options: dict[str, object], message: str):
    with pytest.raises(OptionError, match=message):
        Holdout(**options)  # type: ignore[arg-type]


def test_too_short_sequences_are_told_with_the_longest():
    with pytest.raises(DataError, match="has the 5 items that it takes to be held out; the longest has 4"):
        split(read([1, 4, 2]), Holdout(min_length=5))


def test_something_must_be_left_to_train_on():
    with pytest.raises(DataError, match="all 4 sequences of 'played' are held out"):
        split(read([3, 3, 4, 5]), Holdout(validation=0.5, test=0.5))


def test_a_context_without_order_cannot_be_split():
    with pytest.raises(OptionError, match="unknown ordered context 'genre'"):
        split(read([3, 3]), Holdout(context="genre"))
