"""Which model a flow goes on with: a run folder, or what the latest flow left."""

from __future__ import annotations

from typing import Any

from firth.errors import RunError
from firth.flows.artifacts import PackedRun
from firth.runs.run import load_run


def model_of(folder: str) -> PackedRun:
    """Return the run in a folder, or, for an empty text, the latest successful ModelingFlow's.

    Raises
    ------
    RunError
        If there is none.
    """
    if folder:
        return PackedRun.of(load_run(folder))
    found: PackedRun = latest("ModelingFlow").data.final_model
    return found


def latest(flow: str) -> Any:  # noqa: ANN401 (Metaflow's own)
    """Return Metaflow's latest successful run of a flow.

    Raises
    ------
    RunError
        If there is none.
    """
    from metaflow import Flow
    from metaflow.exception import MetaflowNotFound

    try:
        found = Flow(flow).latest_successful_run
    except MetaflowNotFound:
        found = None
    if found is None:
        raise RunError(f"no {flow} has succeeded here: run it first, in this folder, or give --run, a run folder.")
    return found
