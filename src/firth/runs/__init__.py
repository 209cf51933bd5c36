"""What made a set of vectors, and having it again: recipes, run folders, and the way from one to the other.

The module is called, too: ``firth.runs("playlists").latest_successful()``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from firth.runs.client import KeptRuns


class _Runs(ModuleType):
    """A module that may be called."""

    def __call__(self, name: str | None = None, *, root: str | Path = "runs") -> KeptRuns:
        """Return the runs of a recipe or of a flow, the last one first; see :class:`firth.runs.client.KeptRuns`."""
        from firth.runs.client import KeptRuns

        return KeptRuns(name, root=root)


sys.modules[__name__].__class__ = _Runs
