"""Corpus to vectors: options, the trainer around the kernel, and the slow reference that it is held against."""

from firth.training.options import TrainOptions
from firth.training.setup import Start
from firth.training.trainer import Training, fit

__all__ = ["Start", "TrainOptions", "Training", "fit"]
