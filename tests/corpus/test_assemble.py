"""Contexts of both kinds in one corpus: one vocabulary, counts added up, and what is dropped."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth.corpus import sequences as module
from firth.corpus.assemble import assemble
from firth.corpus.build import build
from firth.corpus.contexts import Groups, Sequences
from firth.corpus.corpus import Corpus
from firth.corpus.encoded import Encoded
from firth.corpus.encoded_writer import encode_arrays
from firth.corpus.sequences import SequenceContext
from firth.corpus.vocabulary_options import VocabularyOptions
from firth.errors import DataError, OptionError

LINES = ["a b a c", "b a", "d", "a e"]


def encode(lines: list[str]) -> Encoded:
    words = [line.split() for line in lines]
    keys = list(dict.fromkeys(word for line in words for word in line))
    codes = np.array([keys.index(word) for line in words for word in line], dtype=np.int32)
    return encode_arrays(keys, codes, [len(line) for line in words], report={})


def text(lines: list[str], **options) -> Corpus:
    return assemble({"text": encode(lines)}, {"text": Sequences()}, vocabulary=VocabularyOptions(**options))


def read(corpus: Corpus, context: SequenceContext) -> list[list[str]]:
    """The sequences as training reads them: dropped items skipped, or read as the unknown one."""
    keys = corpus.vocabulary.keys
    first_dropped = len(keys) if context.unknown < 0 else context.unknown
    offsets = context.offsets.tolist()
    lines = [context.tokens[begin:end].tolist() for begin, end in itertools.pairwise(offsets)]
    if context.unknown < 0:
        return [[keys[token] for token in line if token < first_dropped] for line in lines]
    return [[keys[min(token, context.unknown)] for token in line] for line in lines]


def expected(lines: list[str], kept: list[str], unknown: str | None) -> list[list[str]]:
    return [[w if w in kept else unknown for w in line.split() if w in kept or unknown] for line in lines]


def test_ids_are_by_count_then_by_key():
    corpus = text(LINES)
    assert corpus.vocabulary.keys == ["a", "b", "c", "d", "e"]
    assert corpus.counts.tolist() == [4, 2, 1, 1, 1]
    assert read(corpus, corpus.sequences[0]) == [line.split() for line in LINES]


def test_one_ordered_context_keeps_its_tokens_without_a_copy():
    source = encode(LINES)
    corpus = assemble({"text": source}, {"text": Sequences()}, vocabulary=VocabularyOptions(min_count=2))
    assert corpus.sequences[0].tokens is source.tokens
    assert corpus.sequences[0].offsets is source.offsets


@pytest.mark.parametrize(
    ("options", "kept", "dropped"),
    [
        ({"min_count": 2}, ["a", "b"], (3, 3)),
        ({"max_items": 3}, ["a", "b", "c"], (2, 2)),
        ({"max_items": 3, "unknown": "?"}, ["a", "b"], (3, 3)),
        ({"min_count": 2, "unknown": "?"}, ["a", "b"], (3, 3)),
        ({"max_items": 5, "unknown": "?"}, ["a", "b", "c", "d", "e"], (0, 0)),
        ({"min_count": 2, "unknown": "b", "max_items": 9}, ["a"], None),
        ({"unknown": "c"}, ["a", "b", "d", "e"], (1, 1)),
    ],
)
def test_rare_items_are_dropped_or_read_as_the_unknown_one(options, kept, dropped):
    if len(kept) < 2:
        with pytest.raises(DataError, match=r"at least two items, got one, 'a', in 9 rows, 4 others were dropped"):
            text(LINES, **options)
        return
    corpus = text(LINES, **options)
    unknown = options.get("unknown") if dropped[0] else None
    assert corpus.vocabulary.keys == kept + ([unknown] if unknown else [])
    assert read(corpus, corpus.sequences[0]) == expected(LINES, kept, unknown)
    assert (corpus.report.items_dropped, corpus.report.occurrences_dropped) == dropped
    assert corpus.sequences[0].report["items_dropped"] == dropped[0]
    assert corpus.sequences[0].report["tokens_dropped"] == dropped[1]
    assert corpus.counts.tolist() == corpus.sequences[0].counts.tolist()
    assert corpus.counts.sum() == 9 - (0 if unknown else dropped[1])


def test_sequences_that_give_no_pair_are_counted_after_dropping():
    assert text(LINES).report.contexts["text"]["sequences_short"] == 1
    assert text(LINES, min_count=2).report.contexts["text"]["sequences_short"] == 2
    assert text(LINES, min_count=2, unknown="?").report.contexts["text"]["sequences_short"] == 1


def test_the_report_says_what_was_dropped():
    said = str(text(LINES, min_count=2).report)
    assert said == (
        "2 items; 3 others dropped, which occur 3 times\n"
        "text: 4 sequences of up to 4 items, 9 in all, 3 of them dropped (3 distinct); "
        "2 sequences of fewer than two items give no pairs"
    )


def test_all_items_below_the_minimum_name_the_most_frequent():
    with pytest.raises(DataError, match=r"no item occurs min_count=5 times: the most frequent, 'a', occurs 4 times"):
        text(LINES, min_count=5)


def test_sequences_of_one_item_are_nothing_to_learn_from():
    with pytest.raises(DataError, match="no two items share a sequence"):
        text(["a", "b", "a"])


def test_nothing_read_is_said():
    with pytest.raises(DataError, match="got no rows"):
        text([])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_count": 0}, "min_count must be a whole number >= 1, got 0"),
        ({"min_count": 2.0}, "min_count must be"),
        ({"max_items": 1}, "max_items must be a whole number >= 2, or None, got 1"),
        ({"unknown": ""}, "unknown must be a text"),
    ],
)
def test_vocabulary_options_outside_their_range_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        VocabularyOptions(**options)


def test_contexts_share_one_vocabulary_and_their_counts_add_up():
    frame = pl.DataFrame({"item": ["c", "c", "z", "a"], "value": ["x", "y", "x", "x"]})
    listened = pl.DataFrame({"sequence": [1, 1, 1, 2, 2], "item": ["a", "b", "a", "c", "b"]})
    corpus = build({"genre": frame, "text": listened}, {"text": Sequences(window=2), "genre": Groups()})
    assert dict(zip(corpus.vocabulary.keys, corpus.counts.tolist(), strict=True)) == {"a": 3, "c": 3, "b": 2, "z": 1}
    assert [context.name for context in corpus.contexts] == ["text", "genre"]
    assert corpus.attributes.columns == ["genre"]
    (sequences,) = corpus.sequences
    assert read(corpus, sequences) == [["a", "b", "a"], ["c", "b"]]
    assert (sequences.counts.tolist(), sequences.window) == ([2, 1, 2, 0], 2)


def test_rows_of_dropped_items_are_in_no_group_and_counted():
    frame = pl.DataFrame(
        {"item": ["a", "a", "b", "b", "rare", "odd"], "value": ["1", "2", "1", "x", "1", "x"]},
    )
    corpus = build({"c": frame}, {"c": Groups(round=0)}, vocabulary=VocabularyOptions(min_count=2))
    (group,) = corpus.groups
    assert corpus.vocabulary.keys == ["a", "b"]
    assert (group.report["rows_dropped"], group.report["rows_not_numeric"], group.report["rows_missing"]) == (2, 1, 0)
    assert group.sizes.tolist() == [2]


def test_a_key_spelled_as_the_unknown_item_is_in_no_group():
    frame = pl.DataFrame({"item": ["a", "b", "?"], "value": ["x", "x", "x"]})
    listened = pl.DataFrame({"sequence": [1, 1, 1], "item": ["a", "b", "?"]})
    corpus = build(
        {"g": frame, "s": listened}, {"g": Groups(), "s": Sequences()}, vocabulary=VocabularyOptions(unknown="?")
    )
    assert corpus.vocabulary.keys == ["a", "b", "?"]
    assert corpus.groups[0].members.tolist() == [0, 1]
    assert corpus.counts.tolist() == [2, 2, 1]


def test_an_unknown_item_needs_sequences():
    frame = pl.DataFrame({"item": ["a", "b"], "value": ["x", "x"]})
    with pytest.raises(OptionError, match="unknown stands for dropped items in sequences"):
        build({"c": frame}, {"c": Groups()}, vocabulary=VocabularyOptions(unknown="?"))


@pytest.mark.parametrize("in_memory", [0, 1 << 24])
def test_many_tokens_are_renumbered_in_a_file_block_by_block(monkeypatch, in_memory):
    monkeypatch.setattr(module, "_IN_MEMORY", in_memory)
    monkeypatch.setattr(module, "_BLOCK", 3)
    both = {"x": encode(LINES), "y": encode(["e d", "d e e", "b"])}
    corpus = assemble(both, {"x": Sequences(), "y": Sequences()}, vocabulary=VocabularyOptions(min_count=2))
    assert corpus.vocabulary.keys == ["a", "e", "b", "d"]
    assert read(corpus, corpus.sequences[0]) == [["a", "b", "a"], ["b", "a"], ["d"], ["a", "e"]]
    assert read(corpus, corpus.sequences[1]) == [["e", "d"], ["d", "e", "e"], ["b"]]
    assert not corpus.sequences[1].tokens.flags.writeable


def test_a_dropped_item_whose_code_is_a_kept_items_id_stays_dropped():
    both = {"x": encode(["a a a bb bb c c"]), "y": encode(["a a d d d d c"])}
    corpus = assemble(both, {"x": Sequences(), "y": Sequences()}, vocabulary=VocabularyOptions(min_count=3))
    assert corpus.vocabulary.keys == ["a", "d", "c"]
    assert read(corpus, corpus.sequences[0]) == [["a", "a", "a", "c", "c"]]


WORDS = st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=5).map(" ".join), min_size=1, max_size=6)


@given(first=WORDS, second=WORDS, min_count=st.integers(1, 3), block=st.integers(1, 9))
def test_which_context_comes_first_has_no_influence_on_the_ids(first, second, min_count, block):
    both = {"x": encode(first), "y": encode(second)}
    options = VocabularyOptions(min_count=min_count)
    saved, module._BLOCK = module._BLOCK, block
    try:
        one = assemble(both, {"x": Sequences(), "y": Sequences()}, vocabulary=options)
        other = assemble(both, {"y": Sequences(), "x": Sequences()}, vocabulary=options)
    except DataError:
        return
    finally:
        module._BLOCK = saved
    assert one.vocabulary == other.vocabulary
    assert one.counts.tobytes() == other.counts.tobytes()
    assert one.report.contexts == other.report.contexts
    kept = one.vocabulary.keys
    for context in one.sequences:
        lines = expected({"x": first, "y": second}[context.name], kept, None)
        assert read(one, context) == lines
        assert context.report["sequences_short"] == sum(len(line) < 2 for line in lines)
    assert int(one.counts.sum()) + one.report.occurrences_dropped == sum(len(line.split()) for line in first + second)
