"""Work on several machines by Ray: which machines fit, texts read by workers, many trainings at once; thin.

Nothing below this package knows Ray: the layers take a mapper or a reader, and this package has those that use workers.
Ray is loaded only when a cluster is asked for.
"""
