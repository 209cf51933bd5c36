"""What training reads: one vocabulary, the contexts as flat arrays, and an account of every row on the way there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from firth.arrays import Float64, Int32, Int64
from firth.corpus.graph import WalkContext
from firth.corpus.sequences import SequenceContext
from firth.corpus.vocabulary import Vocabulary
from firth.mapped import let_go
from firth.sources.origin import IN_MEMORY, Origin

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

_HASHED_AT_ONCE = 1 << 20  # elements, so that a memory map is never held whole


@dataclass(frozen=True, eq=False)
class GroupContext:
    """One unordered context, built: which items are in which group.

    Parameters
    ----------
    name
        The user's name of the context.
    weight
        Share of the training pairs, relative to the other contexts'.
    choice
        ``"uniform"`` or ``"size"``: how a group is drawn.
    labels
        One text per group, in the order of the values.
    offsets
        (n_groups + 1,) int64. Group g's members are ``members[offsets[g]:offsets[g + 1]]``; every group has at least
        two.
    members
        (n_memberships,) int32. Item ids, distinct and ascending within a group.
    member_weights
        (n_memberships,) float64, finite and > 0, or None where all members of a group are alike.
    report
        Counts of what became of the rows; ``CorpusReport`` explains each.
    """

    name: str
    weight: float
    choice: str
    labels: list[str]
    offsets: Int64
    members: Int32
    member_weights: Float64 | None
    report: Mapping[str, int]

    @property
    def n_groups(self) -> int:
        """How many groups of two or more items there are."""
        return len(self.labels)

    @property
    def sizes(self) -> Int64:
        """Members per group: (n_groups,) int64."""
        return np.diff(self.offsets)


AnyContext = GroupContext | SequenceContext | WalkContext


@dataclass(frozen=True)
class CorpusReport:
    """What was read and what became of it, so that nothing is lost in silence.

    Parameters
    ----------
    n_items
        Size of the vocabulary.
    contexts
        For each unordered context, by name:

        ============================  =====================================================================
        ``rows_read``                 rows of the query or table
        ``rows_without_key``          dropped: the item's key is NULL, NaN or empty
        ``rows_dropped``              only where the vocabulary drops items: rows of those, which are in no group
        ``rows_missing``              rows with a key whose value is NULL or NaN (or infinite): no group
        ``rows_not_numeric``          rows whose value should be a number and is a text that is none: no group
        ``n_items_without_group``     items with no value at all
        ``n_groups``                  groups of two or more items
        ``n_single_member_groups``    groups of one item, which give no pairs and are left out
        ``n_memberships``             (item, group) pairs of the groups that are kept
        ``n_without_weight``          (item, group) pairs left out because their member weights add up to 0
        ``n_pairs``                   pairs of distinct items that share a group, counted once per group
        ``largest_group``             number of members
        ============================  =====================================================================

        For each ordered context the first that apply to its source (text: see ``firth.read_text``), and the others:

        ============================  =====================================================================
        ``rows_read``                 rows of the query or table
        ``rows_without_key``          dropped: the item's key is NULL, NaN or empty
        ``rows_without_sequence``     dropped: the item has a key; the sequence's name is NULL, NaN or empty
        ``rows_without_order``        dropped: both are there; the order is NULL, NaN or empty
        ``rows_of_equal_order``       kept as they came: an earlier row of the sequence has the same order
        ``rows_without_items``        of lists, dropped: the row's list is NULL, empty or holds missing keys only
        ``entries_read``              of lists: entries of the rows that have a sequence
        ``entries_without_key``       of lists, dropped: entries that are NULL, NaN or empty
        ``sequences``                 sequences of one item or more
        ``sequences_empty``           sequences without one, left out
        ``sequences_short``           sequences with fewer than two items that are kept: they give no pair
        ``longest_sequence``          number of places
        ``tokens``                    places in all sequences
        ``items_dropped``             distinct items that ``min_count`` or ``max_items`` drops
        ``tokens_dropped``            places of those: skipped, or read as the unknown item
        ============================  =====================================================================

        For each graph:

        ============================  =====================================================================
        ``rows_read``                 rows of the query, table or edge list
        ``lines_header``              of an edge list: lines that named its columns
        ``lines_comment``             of an edge list: comments
        ``rows_without_node``         dropped: an end's key is NULL, NaN or empty
        ``rows_without_weight``       dropped: both ends have a key; the weight is NULL, empty or no number
        ``rows_of_weight_0``          dropped: edges of weight 0
        ``self_loops``                dropped: edges from a node to itself
        ``edges_merged``              edges that came once more, which were added to the first
        ``edges_dropped``             edges of dropped items
        ``edges``                     edges that are walked
        ``is_weighted``               1 where some are likelier than others
        ``nodes``                     items that have an edge
        ``nodes_isolated``            nodes without an edge to another, which are no items of this context
        ``dead_ends``                 nodes that no edge leads away from, where walks end
        ``largest_degree``            number of neighbours
        ``components``                parts that hang together, whichever way edges go
        ``largest_component``         number of nodes
        ============================  =====================================================================
    rows_rejected
        Rows of a file that could not be read at all.
    rejected_examples
        A few of them, and of what could not be read as it is, with their line numbers.
    items_dropped
        Distinct keys that are no items, because of ``min_count`` or ``max_items``.
    occurrences_dropped
        How often those occur, added up over the contexts.
    """

    n_items: int
    contexts: Mapping[str, Mapping[str, int]]
    rows_rejected: int = 0
    rejected_examples: tuple[str, ...] = field(default=())
    items_dropped: int = 0
    occurrences_dropped: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain types, for JSON."""
        return {
            "n_items": self.n_items,
            "contexts": {name: dict(counts) for name, counts in self.contexts.items()},
            "rows_rejected": self.rows_rejected,
            "rejected_examples": list(self.rejected_examples),
            "items_dropped": self.items_dropped,
            "occurrences_dropped": self.occurrences_dropped,
        }

    def __str__(self) -> str:
        lines = [f"{self.n_items:,} items"]
        if self.items_dropped:
            lines[0] += f"; {self.items_dropped:,} others dropped, which occur {self.occurrences_dropped:,} times"
        if self.rows_rejected:
            lines.append(f"{self.rows_rejected:,} rows of the file could not be read:")
        elif self.rejected_examples:
            lines.append("not everything could be read as it is:")
        lines += [f"  {example}" for example in self.rejected_examples]
        lines += [f"{name}: {_sentence(counts)}" for name, counts in self.contexts.items()]
        return "\n".join(lines)


_REMARKS = (
    ("rows_without_key", "rows without a key dropped"),
    ("rows_without_sequence", "rows without a sequence dropped"),
    ("rows_without_order", "rows without an order dropped"),
    ("rows_without_items", "rows without items dropped"),
    ("rows_of_equal_order", "rows of equal order kept as they came"),
    ("rows_dropped", "rows of dropped items"),
    ("rows_missing", "rows without a value"),
    ("rows_not_numeric", "rows whose value is no number"),
    ("n_without_weight", "memberships of weight 0 left out"),
    ("n_single_member_groups", "groups of one item left out"),
    ("n_items_without_group", "items in no group"),
    ("entries_without_key", "entries of lists without a key dropped"),
    ("tokens_rejected", "tokens rejected"),
    ("invalid_bytes", "bytes that are not UTF-8 replaced"),
    ("sequences_empty", "empty sequences left out"),
    ("sequences_short", "sequences of fewer than two items give no pairs"),
    ("rows_without_node", "rows without a node dropped"),
    ("rows_without_weight", "rows without a weight dropped"),
    ("rows_of_weight_0", "edges of weight 0 dropped"),
    ("self_loops", "self-loops dropped"),
    ("edges_merged", "edges that came again added to the first"),
    ("edges_dropped", "edges of dropped items"),
    ("nodes_isolated", "nodes without an edge left out"),
    ("dead_ends", "nodes that no edge leads away from"),
)


def _sentence(counts: Mapping[str, int]) -> str:
    if "sequences" in counts:
        head = (
            f"{counts['sequences']:,} sequences of up to {counts['longest_sequence']:,} items, "
            f"{counts['tokens']:,} in all"
        )
        if counts["tokens_dropped"]:
            head += f", {counts['tokens_dropped']:,} of them dropped ({counts['items_dropped']:,} distinct)"
    elif "edges" in counts:
        parts = f" in {counts['components']:,} parts" if counts["components"] > 1 else ""
        head = (
            f"{counts['edges']:,} {'weighted ' if counts['is_weighted'] else ''}edges between {counts['nodes']:,} nodes"
            f"{parts}, of up to {counts['largest_degree']:,} neighbours"
        )
    elif counts["n_groups"]:
        head = (
            f"{counts['rows_read']:,} rows, {counts['n_groups']:,} groups of 2 to {counts['largest_group']:,} items, "
            f"{counts['n_pairs']:,} pairs"
        )
    else:
        head = f"{counts['rows_read']:,} rows, no group of two or more items: gives no pairs"
    return "; ".join([head, *(f"{counts[key]:,} {text}" for key, text in _REMARKS if counts.get(key))])


@dataclass(frozen=True, eq=False)
class Corpus:
    """One vocabulary and the contexts that say which of its items appear together.

    Parameters
    ----------
    vocabulary
        Keys and ids; ids by count descending, then by key.
    counts
        (n_items,) int64. Rows, places in sequences and edges in which the item occurs, added up over the contexts.
    contexts
        The contexts that train, in the order they were declared: weight above 0, and at least one group, or one
        sequence, of two items, or an edge.
    attributes
        One row per item, one column per unordered context. Categories: list[str], the item's values by number of rows
        descending, then by name; an empty list if there are none. With ``aggregate``: float64, the number before
        rounding; null if there is none.
    report
        What became of the rows.
    fingerprint
        SHA-256 (64 hexadecimal digits) of everything that training reads: keys, counts, contexts and their weights.
        Equal corpora have equal fingerprints, whatever the order of the rows they came from.
    origin
        Which files or queries it was read from.
    """

    vocabulary: Vocabulary
    counts: Int64
    contexts: tuple[AnyContext, ...]
    attributes: pl.DataFrame
    report: CorpusReport
    fingerprint: str
    origin: Origin = IN_MEMORY

    @property
    def groups(self) -> tuple[GroupContext, ...]:
        """The unordered contexts that train."""
        return tuple(context for context in self.contexts if isinstance(context, GroupContext))

    @property
    def sequences(self) -> tuple[SequenceContext, ...]:
        """The ordered contexts that train."""
        return tuple(context for context in self.contexts if isinstance(context, SequenceContext))

    @property
    def graphs(self) -> tuple[WalkContext, ...]:
        """The graphs that train."""
        return tuple(context for context in self.contexts if isinstance(context, WalkContext))

    def __len__(self) -> int:
        return len(self.vocabulary)

    def __repr__(self) -> str:
        names = ", ".join(f"{context.name} ({_size(context)})" for context in self.contexts)
        return f"Corpus({len(self):,} items; {names})"


def _size(context: AnyContext) -> str:
    if isinstance(context, GroupContext):
        return f"{context.n_groups:,} groups"
    if isinstance(context, WalkContext):
        return f"{context.n_edges:,} edges"
    return f"{context.n_sequences:,} sequences"


def fingerprint(keys: list[str], counts: Int64, contexts: tuple[AnyContext, ...]) -> str:
    """Return the SHA-256 of a corpus, as hexadecimal digits; every part is preceded by its length."""
    digest = hashlib.sha256()

    def add(data: bytes) -> None:
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)

    def add_texts(texts: list[str]) -> None:
        lengths = np.fromiter((len(text.encode("utf-8", "surrogatepass")) for text in texts), "<i8", len(texts))
        add(lengths.tobytes())
        digest.update(int(lengths.sum()).to_bytes(8, "little"))
        for start in range(0, len(texts), _HASHED_AT_ONCE):
            digest.update("".join(texts[start : start + _HASHED_AT_ONCE]).encode("utf-8", "surrogatepass"))

    def add_array(array: npt.NDArray[Any] | None, kind: str) -> None:
        array = np.empty(0, dtype=kind) if array is None else array
        digest.update((len(array) * np.dtype(kind).itemsize).to_bytes(8, "little"))
        for start in range(0, len(array), _HASHED_AT_ONCE):
            digest.update(np.ascontiguousarray(array[start : start + _HASHED_AT_ONCE], dtype=kind).data)
            let_go(array, start, min(start + _HASHED_AT_ONCE, len(array)))

    add(b"firth corpus 1")
    add_texts(keys)
    add_array(counts, "<i8")
    for context in contexts:
        if isinstance(context, SequenceContext):
            add_texts([context.name, "sequence", repr(float(context.weight)), repr(context.window)])
            add(context.unknown.to_bytes(8, "little", signed=True))
            add_array(context.offsets, "<i8")
            add_array(context.tokens, "<i4")
        elif isinstance(context, WalkContext):
            walked = (context.directed, context.walks_per_node, context.walk_length, context.p, context.q)
            add_texts([context.name, "walks", repr(float(context.weight)), repr(context.window), repr(walked)])
            add_array(context.offsets, "<i8")
            add_array(context.neighbours, "<i4")
            add_array(context.edge_weights, "<f8")
        else:
            add_texts([context.name, context.choice, repr(float(context.weight)), *context.labels])
            add_array(context.offsets, "<i8")
            add_array(context.members, "<i4")
            add_array(context.member_weights, "<f8")
    return digest.hexdigest()
