"""What was read of a source, before its keys become items: what every question about other data starts from.

A corpus has decided already which keys are items. Whoever wants a part of the sequences (to hold some out, to draw them
anew), or some keys under another name (duplicates), changes what was read instead, and makes a corpus of that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Self

import numpy as np
import polars as pl

from firth.arrays import Int32, Int64
from firth.corpus.assemble import Rejected, assemble
from firth.corpus.contexts import Context
from firth.corpus.corpus import Corpus
from firth.corpus.edges import Edges
from firth.corpus.encoded import Encoded
from firth.corpus.encoded_writer import EncodedWriter
from firth.corpus.grouping import Rows
from firth.corpus.vocabulary_options import VocabularyOptions
from firth.errors import DataError, OptionError, closest
from firth.sources.origin import IN_MEMORY, Origin

_BLOCK = 1 << 20  # tokens copied at once


@dataclass(frozen=True, eq=False)
class Intake:
    """A source as it was read.

    Parameters
    ----------
    declared
        All contexts, by name, in their order.
    encoded
        The sequences of each ordered context, with every key that occurs.
    rows
        The rows of each unordered context.
    rejected
        Rows that could not be read.
    aside
        Rows of unordered contexts that make no items, because nothing that trains mentions theirs: what is known of
        them can still be asked.
    origin
        Which files or queries were read.
    edges
        The edges of each graph.
    """

    declared: Mapping[str, Context]
    encoded: Mapping[str, Encoded] = field(default_factory=dict)
    rows: Mapping[str, Rows] = field(default_factory=dict)
    rejected: Rejected = field(default_factory=Rejected)
    aside: Mapping[str, Rows] = field(default_factory=dict)
    origin: Origin = IN_MEMORY
    edges: Mapping[str, Edges] = field(default_factory=dict)

    def corpus(self, vocabulary: VocabularyOptions | None = None) -> Corpus:
        """Return the corpus of what was read; see :func:`firth.corpus.assemble.assemble` for what it raises."""
        made = assemble(
            self.encoded,
            self.declared,
            vocabulary=vocabulary,
            rows=self.rows,
            edges=self.edges,
            rejected=self.rejected,
        )
        return replace(made, origin=self.origin)

    def select(self, context: str, sequences: Int64) -> Self:
        """Return the intake with some sequences of one context only.

        Parameters
        ----------
        context
            An ordered context.
        sequences
            (n,) int64, numbers of its sequences in the order wanted; one may come several times.

        Raises
        ------
        OptionError
            If there is no such ordered context.
        DataError
            If there is no such sequence.

        Notes
        -----
        The rows of unordered contexts stay: what is known of an item is known, whichever sequences it is in. O(tokens
        that are kept) time, a block of them in memory.
        """
        source = self.ordered(context)
        if len(sequences) and not 0 <= sequences.min() <= sequences.max() < source.n_sequences:
            raise DataError(
                f"sequences must be numbers from 0 to {source.n_sequences - 1}, got {sequences.min()} to "
                f"{sequences.max()}."
            )
        with EncodedWriter() as writer:
            for codes, lengths in _pieces(source, np.asarray(sequences, dtype=np.int64)):
                writer.write(codes, lengths)
            kept = writer.finish(source.keys, report=source.report, examples=source.examples)
        return replace(self, encoded={**self.encoded, context: kept})

    def trained_only(self) -> Self:
        """Return the intake without items that only contexts of weight 0 mention: nothing would train their vectors."""
        trains = {name for name, context in self.declared.items() if context.weight > 0}
        seen = {key for name, source in self.encoded.items() if name in trains for key in source.keys}
        seen.update(key for name, graph in self.edges.items() if name in trains for key in graph.keys)
        for name, some in self.rows.items():
            if name in trains:
                seen.update(some.keys.drop_nulls().to_list())
        known = pl.Series("key", list(seen), dtype=pl.String)
        rows, aside = dict(self.rows), dict(self.aside)
        for name, some in self.rows.items():
            if name not in trains:
                is_seen = some.keys.is_in(known.implode()).fill_null(value=True).to_numpy()
                rows[name], aside[name] = some.filter(is_seen), some.filter(~is_seen)
        return replace(self, rows=rows, aside=aside)

    def renamed(self, names: Mapping[str, str]) -> Self:
        """Return the intake with keys under other names; keys that get the same name become one item.

        Parameters
        ----------
        names
            The new name of each old one. Names that do not occur are passed over; new names are not looked up again.

        Notes
        -----
        O(tokens + rows) time. Where one sequence held both, it now holds the one item twice.
        """
        changes = {old: new for old, new in names.items() if old != new}
        if not changes:
            return self
        encoded = {name: _renamed(source, changes) for name, source in self.encoded.items()}
        rows, aside = (
            {name: replace(some, keys=some.keys.replace(changes)) for name, some in each.items()}
            for each in (self.rows, self.aside)
        )
        edges = {name: source.renamed(changes) for name, source in self.edges.items()}
        return replace(self, encoded=encoded, rows=rows, aside=aside, edges=edges)

    def ordered(self, context: str) -> Encoded:
        """Return the sequences of an ordered context.

        Raises
        ------
        OptionError
            If there is none of that name.
        """
        if context not in self.encoded:
            if not self.encoded:
                also = (
                    " The walks of a graph are made when they are read, and none of them is kept." if self.edges else ""
                )
                raise OptionError(f"this source has no sequences, so there are none to choose from.{also}")
            known = closest(context, self.encoded) or list(self.encoded)[:3]
            raise OptionError(f"unknown ordered context {context!r}. Closest: {', '.join(map(repr, known))}.")
        return self.encoded[context]

    @property
    def keys(self) -> list[str]:
        """Every key that occurs, in all contexts together, sorted."""
        found = {key for source in self.encoded.values() for key in source.keys}
        found.update(key for graph in self.edges.values() for key in graph.keys)
        for some in self.rows.values():
            found.update(some.keys.drop_nulls().unique().to_list())
        return sorted(found)


def _pieces(source: Encoded, sequences: Int64) -> Iterator[tuple[Int32, Int64]]:
    """Yield the tokens and lengths of some sequences, whole ones, about a block at a time."""
    starts, lengths = source.offsets[sequences], np.diff(source.offsets)[sequences]
    ends = np.cumsum(lengths)
    bounds = np.searchsorted(ends, np.arange(_BLOCK, int(ends[-1]) if len(ends) else 0, _BLOCK), side="left") + 1
    cuts = np.unique([0, *bounds.tolist(), len(sequences)])
    for first, last in pairwise(cuts):
        some = lengths[first:last]
        before = np.cumsum(some) - some
        places = np.repeat(starts[first:last] - before, some) + np.arange(int(some.sum()))
        yield source.tokens[places], some


def _renamed(source: Encoded, changes: Mapping[str, str]) -> Encoded:
    keys = pl.Series("key", source.keys, dtype=pl.String).replace(changes)
    firsts = pl.DataFrame({"key": keys, "code": np.arange(len(keys), dtype=np.int32)})
    aliases = firsts.select(pl.col("code").min().over("key"))["code"].to_numpy()
    with EncodedWriter() as writer:
        for codes, lengths in _pieces(source, np.arange(source.n_sequences, dtype=np.int64)):
            writer.write(codes, lengths)
        return writer.finish(
            keys.to_list(), report=source.report, examples=source.examples, aliases=aliases.astype(np.int32)
        )
