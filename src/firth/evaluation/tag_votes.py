"""What an item's neighbours say of its tags: counted exactly, in whole numbers, some thousand items at a time.

References
----------
Jaeckel (1972). The infinitesimal jackknife. Bell Laboratories memorandum MM 72-1215-11.
Snijders & Borgatti (1999). Non-parametric standard errors and tests for network statistics. Connections 22.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from firth.arrays import Bool, Float64, Int64


@dataclass(frozen=True, eq=False)
class Memberships:
    """Which item has which tags.

    Parameters
    ----------
    items, tags
        (n_memberships,) int64: pairs of an item and one of its tags, distinct, ascending by item, then tag.
    n_items, n_tags
        How many there are of each; every item has at least one tag.
    """

    items: Int64
    tags: Int64
    n_items: int
    n_tags: int

    @cached_property
    def offsets(self) -> Int64:
        """(n_items + 1,) Item i's tags are ``tags[offsets[i]:offsets[i + 1]]``."""
        return np.concatenate([[0], np.cumsum(np.bincount(self.items, minlength=self.n_items))])

    @cached_property
    def sizes(self) -> Int64:
        """(n_tags,) Items of each tag."""
        return np.bincount(self.tags, minlength=self.n_tags)

    def of(self, items: Int64) -> tuple[Int64, Int64]:
        """Return the tags of some items, one after the other, and for each the place of its item in the list."""
        lengths = np.diff(self.offsets)[items]
        starts = np.repeat(self.offsets[items] - (np.cumsum(lengths) - lengths), lengths)
        return self.tags[starts + np.arange(int(lengths.sum()))], np.repeat(np.arange(len(items)), lengths)


@dataclass(frozen=True, eq=False)
class Votes:
    """What the neighbours of some items say.

    Parameters
    ----------
    histogram
        (n_tags, k + 1) int64. Of the judged items with a tag, how many have so many neighbours with it.
    n_given
        (n_tags,) int64. Judged items of whose neighbours at least half have the tag.
    n_right
        (n_tags,) int64. Of these, items that have it.
    is_right
        (n_judged,) bool. Whether an item has the tag that most of its neighbours have.
    """

    histogram: Int64
    n_given: Int64
    n_right: Int64
    is_right: Bool

    @property
    def n_with(self) -> Int64:
        """(n_tags,) Judged items that have each tag."""
        n: Int64 = self.histogram.sum(axis=1)
        return n


def count_votes(near: Int64, known: Memberships, judged: Int64, *, block: int) -> Votes:
    """Return what the neighbours of the judged items say.

    Parameters
    ----------
    near
        (n_judged, k) their neighbours, the nearest first, k >= 1.
    known
        The tags of all items.
    judged
        (n_judged,) the items.
    block
        Items looked at together.
    """
    k, n_tags = near.shape[1], known.n_tags
    histogram = np.zeros((n_tags, k + 1), dtype=np.int64)
    given, right = np.zeros(n_tags, dtype=np.int64), np.zeros(n_tags, dtype=np.int64)
    is_right = np.zeros(len(judged), dtype=bool)
    for start in range(0, len(judged), block):
        own = judged[start : start + block]
        tags, slots = known.of(near[start : start + block].ravel())
        # The tags stand neighbour by neighbour, so that a pair's first place is that of the nearest who votes for it.
        codes, first, votes = np.unique(slots // k * n_tags + tags, return_index=True, return_counts=True)
        items, tags = codes // n_tags, codes % n_tags
        own_tags, own_items = known.of(own)
        has = np.isin(codes, own_items * n_tags + own_tags)
        found = np.bincount(tags[has] * (k + 1) + votes[has], minlength=n_tags * (k + 1)).reshape(n_tags, k + 1)
        found[:, 0] = np.bincount(own_tags, minlength=n_tags) - found.sum(axis=1)
        histogram += found
        is_given = 2 * votes >= k
        given += np.bincount(tags[is_given], minlength=n_tags)
        right += np.bincount(tags[is_given & has], minlength=n_tags)
        best_first = np.lexsort((tags, slots[first], -votes, items))
        chosen = best_first[np.searchsorted(items, np.arange(len(own)))]  # items are ascending, each has a vote
        is_right[start : start + block] = has[chosen]
    return Votes(histogram, given, right, is_right)


def purity_errors(near: Int64, known: Memberships, judged: Int64, purity: Float64, *, block: int) -> Float64:
    """Return the standard error of each tag's purity, (n_tags,): 0 where all are alike, or none was judged.

    Parameters
    ----------
    near, known, judged
        As in :func:`count_votes`.
    purity
        (n_tags,) the share of the neighbours of a tag's items that have it too.
    block
        Pairs of an item and a tag that are looked at together, or those of one tag.

    Notes
    -----
    The infinitesimal jackknife: what a bootstrap that draws items anew tends to, where an item that is drawn twice asks
    twice and is a neighbour twice. Drawing those who ask alone leaves out that neighbours are shared: at shuffled tags
    its 95 % intervals hold the chance level in 77 to 83 % of cases, these in 95 to 100 % (planted, bands, radio).
    O(n_memberships * k * log) time.
    """
    k, n_tags = near.shape[1], known.n_tags
    tags, slots = known.of(judged)
    order = np.argsort(tags, kind="stable")
    tags, slots = tags[order], slots[order]
    all_codes = known.items * n_tags + known.tags
    squares = np.zeros(n_tags)
    ends = np.cumsum(np.bincount(tags, minlength=n_tags))
    start = 0
    while start < len(tags):
        stop = int(max(ends[tags[start]], ends[tags[min(start + block, len(tags)) - 1]]))
        some, askers = tags[start:stop], slots[start:stop]
        codes = (near[askers] * n_tags + some[:, None]).ravel()
        excess: Float64 = np.isin(codes, all_codes) - np.repeat(purity[some], k)
        involved, place = np.unique(
            np.concatenate([np.repeat(judged[askers] * n_tags + some, k), codes]), return_inverse=True
        )
        influence = np.bincount(place, weights=np.concatenate([excess, excess]))
        squares += np.bincount(involved % n_tags, weights=influence**2, minlength=n_tags)
        start = stop
    n_pairs = k * np.diff(ends, prepend=0)
    errors: Float64 = np.sqrt(squares) / np.maximum(n_pairs, 1)
    return errors
