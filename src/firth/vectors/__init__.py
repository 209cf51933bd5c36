"""One vector per item, and the questions asked of them."""

from firth.vectors.similar import Neighbors
from firth.vectors.vectors import Vectors

__all__ = ["Neighbors", "Vectors"]
