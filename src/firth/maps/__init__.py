"""Vectors on a plane, and how far the plane can be trusted."""

from firth.maps.affinities import Affinities, affinities, gradient, kl_divergence
from firth.maps.frames import Frame
from firth.maps.make import make_map
from firth.maps.map import Map
from firth.maps.options import MapOptions
from firth.maps.placing import place, start_from
from firth.maps.quality import MapQuality, map_quality
from firth.maps.similarity import recognisable
from firth.maps.tsne import tsne

__all__ = [
    "Affinities",
    "Frame",
    "Map",
    "MapOptions",
    "MapQuality",
    "affinities",
    "gradient",
    "kl_divergence",
    "make_map",
    "map_quality",
    "place",
    "recognisable",
    "start_from",
    "tsne",
]
