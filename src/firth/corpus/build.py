"""Rows become a corpus. The order of the rows has no influence on what comes out, but for sequences that name no order.

Numbers are sorted before they are added up, so that a mean does not differ in its last bit, and an item not fall into
another group, because a database returned its rows in another order. No row is looped over in Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import polars as pl

from firth.corpus.assemble import Rejected, check_contexts
from firth.corpus.columns import check_columns
from firth.corpus.contexts import Context, Groups, Sequences, Walks
from firth.corpus.corpus import Corpus
from firth.corpus.edges import encode_edges
from firth.corpus.encoded import Encoded
from firth.corpus.grouping import read_rows
from firth.corpus.intake import Intake
from firth.corpus.ordering import encode_rows
from firth.corpus.vocabulary_options import VocabularyOptions
from firth.errors import OptionError
from firth.sources.tables import batches


def build(
    frames: Mapping[str, pl.DataFrame],
    contexts: Mapping[str, Context],
    *,
    vocabulary: VocabularyOptions | None = None,
    rejected: Rejected | None = None,
) -> Corpus:
    """Return the corpus of some contexts, each with its own rows.

    Parameters
    ----------
    frames
        For each context, by name, its rows in long form: one row per (item, value), (sequence, item) or edge. Contexts
        may share a frame.
    contexts
        For each context, by name, which columns say what. Their order is kept.
    vocabulary
        Which keys become items; None: all.
    rejected
        Rows lost before, for the report.

    Returns
    -------
    Corpus
        Every item with a key is in it, also those in no group.

    Raises
    ------
    OptionError
        If there is no context, all weights are 0, or a context has no frame.
    SourceError
        If a frame lacks a column.
    DataError
        If a column has an unusable type, there are fewer than two items, or no two items share a group or a sequence.

    Notes
    -----
    O(n log n) in the number of rows; a few copies of the columns that are named. An item that is in one context only is
    counted there only; an item's rows are counted once per context, also where contexts share a frame.
    """
    return take_in(frames, contexts, rejected=rejected).corpus(vocabulary)


def take_in(
    frames: Mapping[str, pl.DataFrame], contexts: Mapping[str, Context], *, rejected: Rejected | None = None
) -> Intake:
    """Return what the frames of some contexts hold, before it is decided which keys become items; see :func:`build`."""
    check_contexts(contexts)
    for name, declared in contexts.items():
        if name not in frames:
            raise OptionError(f"context {name!r} has no rows; give frames one entry per context.")
        check_columns(name, frames[name].columns, declared)
    rows = {
        name: read_rows(name, frames[name], declared)
        for name, declared in contexts.items()
        if isinstance(declared, Groups)
    }
    encoded: dict[str, Encoded] = {}
    for name, declared in contexts.items():
        if isinstance(declared, Sequences):
            encoded |= encode_rows({name: declared}, partial(batches, frames[name]))
    edges = {
        name: encode_edges(name, declared, batches(frames[name]))
        for name, declared in contexts.items()
        if isinstance(declared, Walks)
    }
    return Intake(dict(contexts), encoded, rows, rejected or Rejected(), edges=edges)
