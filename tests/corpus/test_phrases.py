"""Phrases: exact counts, the published score, joined from left to right, found where they were planted."""

import math
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from firth.corpus.encoded import Encoded
from firth.corpus.phrases import PhraseOptions, phrase_options
from firth.corpus.text_options import TextOptions
from firth.corpus.texts import encode_text
from firth.errors import OptionError

SENTENCES = st.lists(st.lists(st.sampled_from(["a", "b", "c", "d", "a_b"]), max_size=9), max_size=9)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("phrases")


def encode(folder: Path, sentences: list[list[str]], options: PhraseOptions, **others) -> Encoded:
    path = folder / "text.txt"
    path.write_text("\n".join(map(" ".join, sentences)), encoding="utf-8")
    return encode_text([path], TextOptions(phrases=options, **others), cache=False, piece=7)


def decoded(encoded: Encoded) -> list[list[str]]:
    tokens = [encoded.keys[code] for code in encoded.tokens.tolist()]
    return [tokens[begin:end] for begin, end in pairwise(encoded.offsets.tolist())]


def joined(sentences: list[list[str]], options: PhraseOptions) -> list[list[str]]:
    """Return the oracle's sentences after one pass: gensim's rules, in plain Python."""
    words = Counter(word for sentence in sentences for word in sentence)
    pairs = Counter(pair for sentence in sentences for pair in pairwise(sentence))
    total = sum(words.values())

    def is_phrase(one: str, other: str) -> bool:
        if pairs[one, other] < options.min_count:
            return False
        pab = pairs[one, other] / total
        return math.log(pab / (words[one] / total * (words[other] / total))) / -math.log(pab) > options.threshold

    result = []
    for sentence in sentences:
        left, new = list(sentence), []
        while left:
            if len(left) > 1 and is_phrase(left[0], left[1]):
                new.append(f"{left.pop(0)}_{left.pop(0)}")
            else:
                new.append(left.pop(0))
        result.append(new)
    return result


@given(
    sentences=SENTENCES,
    threshold=st.sampled_from([-0.4, 0.0, 0.3, 0.7]),
    min_count=st.integers(1, 3),
    passes=st.integers(1, 3),
)
def test_phrases_are_those_of_the_published_rule(
    folder: Path, sentences: list[list[str]], threshold: float, min_count: int, passes: int
):
    assume(any(sentences))
    options = PhraseOptions(threshold=threshold, min_count=min_count, passes=passes)
    expected = sentences
    for _ in range(passes):
        expected = joined(expected, options)
    encoded = encode(folder, sentences, options)
    assert decoded(encoded) == [sentence for sentence in expected if sentence]
    n_joined = encoded.report["tokens_read"] - encoded.n_tokens
    assert encoded.report["tokens_joined"] == n_joined
    assert encoded.report["sequences_empty"] + encoded.n_sequences == encoded.report["lines_read"]


def test_gensim_finds_the_same_phrases(folder: Path):
    phrases = pytest.importorskip("gensim.models.phrases", reason="gensim is not installed")
    random = np.random.default_rng(1)
    sentences = [[f"w{int(i)}" for i in random.zipf(1.6, 20) if i < 60] for _ in range(400)]
    model = phrases.Phrases(sentences, min_count=5, threshold=0.02, scoring="npmi")
    expected = [model[sentence] for sentence in sentences if sentence]
    encoded = encode(folder, sentences, PhraseOptions(threshold=0.02, min_count=5))
    assert encoded.report["phrases"] > 10
    assert decoded(encoded) == expected


def planted(n: int) -> list[list[str]]:
    random = np.random.default_rng(2)
    sentences = []
    for i in range(n):
        words = [f"w{int(word)}" for word in random.integers(0, 50, 12)]
        words[4:4] = [["New", "york", "stock", "Éxchange"], ["san", "francisco"], []][i % 3]
        sentences.append(words)
    return sentences


@pytest.mark.parametrize(
    ("passes", "expected"),
    [(1, {"new_york", "stock_éxchange", "san_francisco"}), (2, {"new_york_stock_éxchange", "san_francisco"})],
)
def test_planted_phrases_are_found_and_nothing_else(folder: Path, passes: int, expected: set[str]):
    encoded = encode(folder, planted(600), PhraseOptions(passes=passes), lowercase=True)
    assert {key for key in encoded.keys if "_" in key} == expected


def test_phrases_do_not_cross_the_ends_of_sequences(folder: Path):
    encoded = encode(folder, [["a"], ["b"]] * 20, PhraseOptions(min_count=1, threshold=-1))
    assert encoded.keys == ["a", "b"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        (False, None),
        (True, PhraseOptions()),
        (0.7, PhraseOptions(threshold=0.7)),
        (PhraseOptions(passes=2), PhraseOptions(passes=2)),
    ],
)
def test_phrases_are_given_in_short(given: object, expected: PhraseOptions | None):
    assert phrase_options(given) == expected


@pytest.mark.parametrize(
    "values",
    [{"threshold": 1.0}, {"threshold": float("nan")}, {"threshold": "high"}, {"min_count": 0}, {"passes": 9}],
    ids=str,
)
def test_options_outside_their_range_are_refused(values: dict[str, object]):
    with pytest.raises(OptionError, match=f"phrases.{next(iter(values))} must be"):
        PhraseOptions(**values)


@pytest.mark.parametrize("given", ["yes", [0.5]])
def test_phrases_that_are_no_options_are_refused(given: object):
    with pytest.raises(OptionError, match="phrases"):
        phrase_options(given)
