"""The public names: there, sorted, typed and documented."""

import ast
import inspect
import re
from pathlib import Path

import pytest

import firth

PAGE = Path(__file__).parent.parent / "docs" / "python.md"


def test_the_public_names_are_sorted():
    assert firth.__all__ == sorted(firth.__all__)
    assert set(firth.__all__) <= set(dir(firth))


@pytest.mark.parametrize("name", firth.__all__)
def test_a_public_name_has_a_docstring(name: str):
    assert inspect.getdoc(getattr(firth, name))


@pytest.mark.parametrize("name", firth.__all__)
def test_a_public_name_is_documented(name: str):
    assert re.search(rf"`firth\.{name}\b", PAGE.read_text(encoding="utf-8")), f"docs/python.md lacks firth.{name}"


def test_the_page_documents_nothing_that_is_not_there():
    named = set(re.findall(r"`firth\.(\w+)", PAGE.read_text(encoding="utf-8")))
    modules = {path.stem for path in Path(firth.__file__).parent.iterdir()}
    assert named - modules <= set(firth.__all__)


def test_type_checkers_see_the_names_that_are_loaded_lazily():
    tree = ast.parse(Path(firth.__file__).read_text(encoding="utf-8"))
    checked = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.name: statement.module
        for statement in checked.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    assert seen == firth._HOMES
    assert sorted(seen) == firth.__all__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'word2vec'"):
        firth.word2vec  # noqa: B018
