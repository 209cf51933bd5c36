"""The matrix of vectors, and questions to it: neighbours, arithmetic, clusters, files."""

from firth.vectors.vectors import Neighbors, Vectors

__all__ = ["Neighbors", "Vectors"]
