"""What training draws from graphs: walks, which are sequences that are made when they are read.

How often an item occurs in them is counted first, over the walks of the first epoch, as that of a text is when it is
read: the noise, and which tokens survive subsampling, follow from it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from firth.corpus.graph import WalkContext
from firth.corpus.sequences import SequenceContext
from firth.threads import n_threads
from firth.training.options import TrainOptions
from firth.training.windows import SequenceTables, sequence_tables


def walk_tables(context: WalkContext, number: int, options: TrainOptions) -> SequenceTables:
    """Return the tables of a graph, whose sequences hold no tokens: they are made when they are read.

    Notes
    -----
    O(places in the walks of an epoch) time, on all threads; memory for a count per item.
    """
    n_jobs = n_threads(options.n_jobs)
    walks = context.kernel(n_jobs)
    made_when_read = SequenceContext(
        name=context.name,
        weight=context.weight,
        window=context.window,
        tokens=np.empty(0, dtype=np.int32),
        offsets=np.empty(0, dtype=np.int64),
        unknown=-1,
        counts=walks.visits(options.seed, number, 0, n_jobs),
        report=context.report,
    )
    tables = sequence_tables(made_when_read, number, options)
    return replace(tables, walks=walks, walk_length=context.walk_length)
