"""docs/recipes.md names every key with the default that the code has."""

import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from firth.corpus.contexts import Groups, Sequences, Walks
from firth.corpus.splitting import Holdout
from firth.corpus.tag_options import TagOptions
from firth.runs.confidence_options import ConfidenceOptions
from firth.runs.sections import ClusterOptions, MapSection, SourceOptions, VocabularySection
from firth.training import TrainOptions
from firth.vectors.recommend_options import RecommendOptions

SECTIONS = (
    ("`[source]`", SourceOptions),
    ("`[train]`", TrainOptions),
    ("`[contexts", Groups),
    ('`kind = "sequences"`', Sequences),
    ('`kind = "walks"`', Walks),
    ("`[vocabulary]`", VocabularySection),
    ("`[map]`", MapSection),
    ("`[holdout]`", Holdout),
    ("`[recommend]`", RecommendOptions),
    ("`[tags]`", TagOptions),
    ("`[clusters]`", ClusterOptions),
    ("`[confidence]`", ConfidenceOptions),
)
PAGE = (Path(__file__).parent.parent / "docs" / "recipes.md").read_text(encoding="utf-8")


def defaults_on_page(section: str) -> dict[str, str]:
    """Return the default's cell of each key in a section's table."""
    part = next(part for part in PAGE.split("\n## ") if part.startswith(section))
    return dict(re.findall(r"^\| `(\w+)` \| .* \| ([^|]*?) *\|$", part, flags=re.MULTILINE))


@pytest.mark.parametrize(("section", "options"), SECTIONS)
def test_page_names_every_key_of_a_section(section: str, options: type) -> None:
    assert set(defaults_on_page(section)) == {field.name.removesuffix("_") for field in fields(options)}


@pytest.mark.parametrize(
    ("section", "field"),
    [
        pytest.param(section, field, id=f"{options.__name__}.{field.name}")
        for section, options in SECTIONS
        for field in fields(options)
        # it is given, or a table; a context's query falls back to source.query, as the page says
        if field.default is not MISSING
        if field.name != "query" or options is SourceOptions
    ],
)
def test_page_gives_the_default_of_the_code(section: str, field) -> None:
    shown = defaults_on_page(section)[field.name]
    default = field.default
    if default is None or isinstance(default, bool):
        expected = {None: "none", False: "false", True: "true"}[default]
    else:
        expected = f'"{default}"' if isinstance(default, str) else format(list(default) if default == () else default)
    assert shown.strip("`").removesuffix(".0") == expected.removesuffix(".0")
