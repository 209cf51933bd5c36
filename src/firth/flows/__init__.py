"""Flows of Metaflow over the library: data, modeling, analysis, deployment. Thin: every step calls what anyone may call.

Each is a module to be run: ``python -m firth.flows.modeling run --source playlists.csv``. Whoever wants no Metaflow has
the same from ``firth tune``, ``firth evaluate`` and the run folders.
"""
