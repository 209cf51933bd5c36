"""What the flows have in common: their parameters, and a name for the user that Metaflow asks for."""

from __future__ import annotations

import os

RECIPE = {"name": "recipe", "default": "playlists", "help": "A TOML file, or a recipe that the package ships."}
SOURCE = {"name": "source", "default": "", "help": "The file or database to read, instead of the recipe's own."}
SETTINGS = {"name": "set", "default": "{}", "help": 'Other values of the recipe, as JSON: {"train.epochs": 10}.'}
RUN = {"name": "run", "default": "", "help": "A run folder, instead of what the latest ModelingFlow left."}
K = {"name": "knn-k", "default": 100, "type": int, "help": "A question is a hit if its answer is among so many."}
BEFORE = {"name": "n-before", "default": 3, "type": int, "help": "Items of a question, at most."}
SEED = {"name": "seed", "default": 1, "type": int, "help": "Of what is drawn besides training."}


def name_user() -> None:
    """Give Metaflow a user's name where the system has none that it takes, as in a container that runs as root."""
    names = [os.environ.get(name) for name in ("METAFLOW_USER", "SUDO_USER", "USERNAME", "USER")]
    if not any(name not in (None, "", "root") for name in names):
        os.environ["USERNAME"] = "firth"  # METAFLOW_USER was read when metaflow was imported
