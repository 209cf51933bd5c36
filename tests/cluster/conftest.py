"""A real Ray of two nodes with one CPU each, started once for all tests of the cluster."""

import logging
import os
from collections.abc import Iterator

import pytest
from ray_nodes import add_node

STORE_BYTES = 80 << 20


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[object]:
    """Ray's Cluster, with this process connected to it: connect("auto") gives it to a test."""
    import ray
    from ray.cluster_utils import Cluster

    before = os.environ.get("RAY_USAGE_STATS_ENABLED")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    node = {"num_cpus": 1, "object_store_memory": STORE_BYTES, "include_dashboard": False}
    cluster = Cluster()
    add_node(cluster, **node)  # the head
    add_node(cluster, num_cpus=1, object_store_memory=STORE_BYTES)
    ray.init(address=cluster.address, log_to_driver=False, logging_level=logging.ERROR)
    yield cluster
    ray.shutdown()
    cluster.shutdown()
    if before is None:
        del os.environ["RAY_USAGE_STATS_ENABLED"]
    else:
        os.environ["RAY_USAGE_STATS_ENABLED"] = before
