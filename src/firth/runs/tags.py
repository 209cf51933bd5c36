"""The tags of a run's items: given when its source is read, measured after training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from firth.corpus.contexts import Context, Groups
from firth.corpus.tag_options import TAGS, TagOptions
from firth.errors import OptionError
from firth.runs.typed import unknown

if TYPE_CHECKING:
    import polars as pl

    from firth.runs.run import Run

RunT = TypeVar("RunT", bound="Run")

_N_KEPT = 20  # tags in run.json


def check_tags(options: TagOptions, declared: Mapping[str, Context]) -> None:
    """Raise OptionError unless the contexts have the attribute that tags come from, and none called ``tags``."""
    if TAGS in declared:
        raise OptionError(f"a context may not be named {TAGS!r} beside [tags], which makes an attribute of that name.")
    attributes = [name for name, context in declared.items() if isinstance(context, Groups)]
    if options.from_ not in attributes:
        if not attributes:
            raise OptionError(
                '[tags] from needs an unordered context; one of weight = 0 tells and trains nothing: kind = "groups".'
            )
        raise OptionError("[tags] from: " + unknown("attribute", options.from_, attributes))
    context = declared[options.from_]
    if isinstance(context, Groups) and context.aggregate is not None:
        raise OptionError(
            f"[tags] from needs texts, and contexts.{options.from_}.aggregate makes a number of each item."
        )


def with_tags(attributes: pl.DataFrame, options: TagOptions) -> pl.DataFrame:
    """Return the attributes and one more, ``tags``, or another one of that name.

    Raises
    ------
    OptionError
        If there is no such attribute as tags are to come from.
    DataError
        If it holds no texts.
    """
    from firth.corpus.tagging import tag_items

    if options.from_ not in attributes.columns:
        known = attributes.columns
        raise OptionError(unknown("attribute", options.from_, known) if known else "the items have no attributes.")
    return attributes.with_columns(tag_items(attributes[options.from_], options))


def with_tag_quality(run: RunT, *, n_jobs: int | Literal["auto"] = "auto") -> RunT:
    """Return the run with what its tags are worth in its metrics: how many items have one, how the nearest tell them.

    Notes
    -----
    Of more tags than 20 the most frequent ones are kept.
    """
    n_tagged = int((run.items[TAGS].list.len() > 0).sum())
    about: dict[str, Any] = {"n_items": len(run.items), "n_tagged": n_tagged, "tags": []}
    if n_tagged >= 2:
        about = run.tag_quality(n_jobs=n_jobs).to_dict()
        about["n_tags"], about["tags"] = len(about["tags"]), about["tags"][:_N_KEPT]
    return replace(run, document={**run.document, "metrics": {**run.metrics, TAGS: about}})
