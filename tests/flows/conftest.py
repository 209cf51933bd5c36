"""A folder in which the modeling flow has run, for all tests that read what it left."""

import pytest
from flow_runs import Flows


@pytest.fixture(scope="session")
def flows(tmp_path_factory) -> Flows:
    """A folder in which the modeling flow has run."""
    pytest.importorskip("metaflow", reason="the flows need the extra 'flows'")
    made = Flows(tmp_path_factory.mktemp("flows"))
    made.model()
    return made
