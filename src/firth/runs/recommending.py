"""What a run keeps beside its vectors to recommend: counted co-occurrence, and the groups of what are no items."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from firth.arrays import Int64
from firth.corpus.cooccurrence import Counts, windowed_counts
from firth.corpus.corpus import Corpus
from firth.corpus.intake import Intake
from firth.errors import DataError
from firth.runs import folder as files
from firth.runs.sharing import share
from firth.runs.typed import from_table
from firth.vectors.recommend_options import RecommendOptions
from firth.vectors.recommender import ItemGroups, Recommender

if TYPE_CHECKING:
    import polars as pl

    from firth.runs.run import Run


def counts_of(corpus: Corpus, options: RecommendOptions, context: str | None = None) -> Counts | None:
    """Return the co-occurrence that predictions are joined with; None where they are not.

    Parameters
    ----------
    context
        The ordered context that is counted; None: the first.

    Raises
    ------
    DataError
        If there is no ordered context to count.
    """
    if options.blend == 0:
        return None
    chosen = [each for each in corpus.sequences if context in (None, each.name)]
    if not chosen:
        raise DataError("recommend.blend joins predictions with counts of sequences, and no ordered context trains.")
    counts = windowed_counts(chosen[0], len(corpus), window=options.window)
    return Counts(counts.starts, counts.columns, counts.values.astype(np.float32).astype(np.float64))  # as it is kept


def groups_of(intake: Intake, corpus: Corpus, options: RecommendOptions) -> ItemGroups:
    """Return the groups of the items, and of the keys that are none."""
    import polars as pl

    if options.group is None:
        return ItemGroups()
    parts = [intake.rows[options.group], *(each for name, each in intake.aside.items() if name == options.group)]
    if any(part.categories is None for part in parts):
        raise DataError(f"recommend.group names {options.group!r}, whose values are numbers; name categories.")
    tables = [pl.DataFrame({"key": part.keys, "label": part.categories}) for part in parts]
    table = pl.concat(tables).drop_nulls().unique().sort("key", "label")
    is_item = pl.Series(corpus.vocabulary.find(table["key"].to_list()) >= 0)
    others = table.filter(~is_item).group_by("key", maintain_order=True).agg("label")
    members = members_of(corpus.attributes[options.group])
    return ItemGroups(members, dict(zip(others["key"].to_list(), others["label"].to_list(), strict=True)))


def members_of(column: pl.Series) -> Mapping[str, Int64]:
    """Return the ids of each label's items, ascending, from a column of lists of labels."""
    import polars as pl

    table = pl.DataFrame({"id": np.arange(len(column)), "label": column}).explode("label").drop_nulls()
    grouped = table.group_by("label", maintain_order=True).agg("id")
    ids = [np.sort(np.array(each, dtype=np.int64)) for each in grouped["id"].to_list()]
    return dict(zip(grouped["label"].to_list(), ids, strict=True))


def keep(folder: Path, intake: Intake, corpus: Corpus, options: RecommendOptions) -> None:
    """Write what recommending takes beside the vectors."""
    import polars as pl

    counts = counts_of(corpus, options)
    if counts is not None:
        files.write_arrays(
            folder,
            {"starts": counts.starts, "columns": counts.columns, "values": counts.values.astype(np.float32)},
            name=files.COUNTS,
        )
        share(folder / files.COUNTS, folder.parent)
    if options.group is not None:
        groups = groups_of(intake, corpus, options)
        labels = pl.Series("groups", list(groups.labels.values()), dtype=pl.List(pl.String))
        table = pl.DataFrame([pl.Series("key", list(groups.labels), dtype=pl.String), labels])
        files.write_frame(folder, files.COLD, table)
        share(folder / files.COLD, folder.parent)


def copy_kept(source: Path, target: Path) -> None:
    """Copy what recommending takes from one run's folder into another's."""
    for name in (files.COUNTS, files.COLD):
        if (source / name).exists():
            shutil.copyfile(source / name, target / name)
            share(target / name, target.parent)


def options_of(run: Run) -> RecommendOptions:
    """Return how a run answers, by its recipe."""
    recipe = run.document.get("recipe") or {}
    return from_table(RecommendOptions, recipe.get("recommend", {}), where="recommend")


def recommender_of(run: Run) -> Recommender:
    """Return who answers for a run, as its recipe's ``[recommend]`` says; without one, the model's own prediction.

    Raises
    ------
    RunError
        If what it takes is missing from the folder, or damaged.
    """
    options = options_of(run)
    counts, groups = None, ItemGroups()
    if run.folder is not None and options.blend > 0:
        arrays = files.read_other_arrays(run.folder, files.COUNTS)
        counts = Counts(arrays["starts"], arrays["columns"], arrays["values"].astype(np.float64))
    if run.folder is not None and options.group is not None:
        cold = files.read_frame(run.folder, files.COLD)
        labels = dict(zip(cold["key"].to_list(), cold["groups"].to_list(), strict=True))
        groups = ItemGroups(members_of(run.items[options.group]), labels)
    return Recommender(run.vectors, options, counts=counts, groups=groups)
