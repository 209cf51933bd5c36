"""Print every package that developing Firth needs, one a line, from pyproject.toml.

``pip install --editable .[dev]`` would build the kernel in an isolated environment first, downloading the build tools
twice; the Makefile installs this list and then builds with the tools that are already there.
"""

import re
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
extras = project["optional-dependencies"]


def resolve(requirements: list[str]) -> list[str]:
    """Return the requirements with ``firth[a,b]`` replaced by what those extras need."""
    found = []
    for requirement in requirements:
        own = re.fullmatch(r"firth\[(.+)\]", requirement)
        found += resolve([each for name in own[1].split(",") for each in extras[name]]) if own else [requirement]
    return found


print("\n".join(sorted(set(project["dependencies"] + resolve(["firth[dev]"])))))
