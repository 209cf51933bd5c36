"""Vectors on a plane, and how far the plane can be trusted."""
