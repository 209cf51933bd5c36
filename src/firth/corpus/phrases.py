"""Words that stand together more often than chance become one item: ``new york`` is read as ``new_york``.

Two tokens a, b that follow one another are a phrase if their normalised pointwise mutual information [1]_

    npmi(a, b) = ln(p(a, b) / (p(a) p(b))) / -ln p(a, b)

is above a threshold: 1 if they only occur together, 0 if by chance. It is the ``npmi`` scoring of gensim's Phrases [2]_
with exact counts: gensim drops rare pairs when its table is full.

References
----------
.. [1] G. Bouma, Normalized (pointwise) mutual information in collocation extraction, GSCL 2009.
.. [2] https://radimrehurek.com/gensim/models/phrases.html, ``npmi_scorer``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from firth import _kernel
from firth.arrays import Int32, Int64
from firth.corpus.encoded_writer import EncodedWriter
from firth.errors import OptionError
from firth.progress import Progress

_DELIMITER = "_"


@dataclass(frozen=True, kw_only=True)
class PhraseOptions:
    """When two tokens become one.

    Parameters
    ----------
    threshold
        The normalised pointwise mutual information, from -1 to 1, that a pair must exceed.
    min_count
        How often a pair must occur at least.
    passes
        1: pairs; 2: pairs of what the first pass left, so up to four words; and so on.

    Raises
    ------
    OptionError
        If a value is outside its range.
    """

    threshold: float = 0.5
    min_count: int = 5
    passes: int = 1

    def __post_init__(self) -> None:
        if type(self.threshold) not in (int, float) or not -1 <= self.threshold < 1:
            raise OptionError(f"phrases.threshold must be a number from -1 to below 1, got {self.threshold!r}.")
        if type(self.min_count) is not int or self.min_count < 1:
            raise OptionError(f"phrases.min_count must be a whole number >= 1, got {self.min_count!r}.")
        if type(self.passes) is not int or not 1 <= self.passes <= 8:
            raise OptionError(f"phrases.passes must be a whole number from 1 to 8, got {self.passes!r}.")


def phrase_options(given: PhraseOptions | bool | float | None) -> PhraseOptions | None:
    """Return what ``phrases`` stands for: False or None, no phrases; True, the defaults; a number, the threshold."""
    if isinstance(given, PhraseOptions):
        return given
    if given is None or given is False:
        return None
    if given is True:
        return PhraseOptions()
    return PhraseOptions(threshold=given)


def find_phrases(
    writer: EncodedWriter, counts: Int64, options: PhraseOptions, *, aliases: Int32 | None = None
) -> tuple[Int32, Int32]:
    """Return the phrases of what was written: (n,) int32 codes of their first tokens, and of their second.

    Parameters
    ----------
    writer
        Holds the sequences; phrases do not cross their ends.
    counts
        (n_keys,) int64. Occurrences of each code.
    options
        Which pairs are phrases.
    aliases
        The code that each code is read as; None: itself.

    Notes
    -----
    Memory: 32 to 64 bytes for each distinct pair of tokens that both occur ``min_count`` times.
    """
    pairs = _kernel.pair_counts(counts, min_count=options.min_count)
    for codes, lengths, is_open in writer.batches():
        if aliases is not None:
            _kernel.recode(codes, aliases)
        pairs.add(codes, lengths, is_open)
    left, right, _ = pairs.phrases(options.threshold)
    return left, right


def join_phrases(
    writer: EncodedWriter,
    table: _kernel.TextTable,
    options: PhraseOptions,
    *,
    new_writer: Callable[[], EncodedWriter],
    aliases: Int32 | None = None,
    progress: Progress,
) -> tuple[EncodedWriter, dict[str, int]]:
    """Return a writer that holds the sequences with their phrases joined, and how many there were.

    Parameters
    ----------
    writer
        Holds the sequences; it is discarded.
    table
        The keys of the codes; the phrases are added.
    options
        Which pairs are phrases.
    new_writer
        Returns one for each pass.
    aliases
        The code that each code is read as; None: itself.
    progress
        Hears of each pass.
    """
    n_joined = 0
    phrases: set[int] = set()
    with progress.task("phrases", total=options.passes) as task:
        for i in range(options.passes):
            left, right = find_phrases(writer, writer.counts(len(table), aliases), options, aliases=aliases)
            codes = _codes(table, left, right)
            joiner = _kernel.PairJoiner()
            joiner.set(left, right, codes)
            joined = new_writer()
            for batch, lengths, is_open in writer.batches():
                if aliases is not None:
                    _kernel.recode(batch, aliases)
                joined.write(*joiner.join(batch, lengths, is_open), is_open=is_open)
            joined.n_empty += writer.n_empty
            writer.discard()
            writer, aliases = joined, None
            n_joined += joiner.n_joined
            phrases.update(codes.tolist())
            task.update(i + 1, text=f"{len(phrases):,} phrases")
    return writer, {"phrases": len(phrases), "tokens_joined": n_joined}


def _codes(table: _kernel.TextTable, left: Int32, right: Int32) -> Int32:
    """Return the codes of the joined tokens, which may be in the text already."""
    keys = table.keys()
    pairs = zip(left.tolist(), right.tolist(), strict=True)
    return np.array([table.code(f"{keys[one]}{_DELIMITER}{keys[other]}") for one, other in pairs], dtype=np.int32)
