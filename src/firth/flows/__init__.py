"""Flows of Metaflow over the library, thin: every step calls what anyone may call.

Data, modeling, analysis, deployment: each is a module to be run,
``python -m firth.flows.modeling run --source playlists.csv``. Whoever wants no Metaflow has
the same from ``firth tune``, ``firth evaluate`` and the run folders.
"""
