"""Nodes of Ray for tests: started again where a busy machine took longer than the half minute that Ray waits."""

_TRIES = 3


def add_node(cluster: object, **options: object) -> object:
    """Return a node that joined a cluster of ``ray.cluster_utils``."""
    for attempt in range(_TRIES):
        try:
            return cluster.add_node(**options)
        except Exception as error:  # Ray's own is of no other kind
            if "timed out during startup" not in str(error) or attempt == _TRIES - 1:
                raise
    raise AssertionError
