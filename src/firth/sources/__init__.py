"""Where keys come from: databases, files and frames, planted data. Tables go out; nothing here knows of ids.

A source returns a polars frame in long form, one row per (item, attribute values), and says clearly why it cannot.
Sources are only ever read.
"""
