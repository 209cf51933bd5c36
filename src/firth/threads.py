"""How many threads ``n_jobs`` stands for, decided in one place. It says who computes what, never what comes of it."""

from __future__ import annotations

import os

from firth.errors import OptionError


def n_threads(n_jobs: object) -> int:
    """Return the number of threads that ``n_jobs`` stands for.

    Raises
    ------
    OptionError
        If it is neither "auto" nor an integer from 1 to 1024.
    """
    if n_jobs == "auto":
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not isinstance(n_jobs, int) or not 1 <= n_jobs <= 1024:
        raise OptionError(f"n_jobs must be 'auto' or a whole number from 1 to 1024, got {n_jobs!r}.")
    return int(n_jobs)
