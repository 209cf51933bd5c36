"""The examples in docstrings run, and give what they show."""

import doctest
import importlib
import pkgutil

import pytest

import firth

MODULES = [
    module.name
    for module in pkgutil.walk_packages(firth.__path__, "firth.")
    if not module.name.endswith(("_kernel", "__main__"))
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_a_module_run(name: str):
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder()
    examples = [test for name in MODULES for test in finder.find(importlib.import_module(name)) if test.examples]
    assert len(examples) >= 3
