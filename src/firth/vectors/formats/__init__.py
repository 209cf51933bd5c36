"""Vectors in files: Firth's own and those of other tools."""
