"""The stage of a run that asks what would be there again: other trainings on its data, and whose neighbours recur.

In this process the members are trained one after another, each with all threads, so that one model is held at a time.
Two at a time on one thread each gained nothing that could be told from the noise of a busy machine: four trainings on
radio playlists took 5.3 and 12.0 s, one after another 5.9 and 8.3 s. A mapper may have them trained elsewhere. They
leave nothing behind but which neighbours recurred.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from firth.arrays import Bool, Int32
from firth.corpus.corpus import Corpus
from firth.corpus.intake import Intake
from firth.corpus.vocabulary_options import VocabularyOptions
from firth.errors import OptionError, RunError
from firth.evaluation.stability import UNSTABLE, Stability, recurrence, recurrence_rates
from firth.progress import Progress, SilentProgress
from firth.randomness import Purpose, generator, words
from firth.runs.confidence_options import By, ConfidenceOptions
from firth.runs.mapper import Here, Mapper, Place
from firth.runs.reading import build_corpus, trained_intake
from firth.runs.recipe import Recipe
from firth.runs.resuming import has_password
from firth.runs.run import Run, load_run
from firth.runs.starting import Continuation, continuation
from firth.training import TrainOptions, fit
from firth.vectors.vectors import Vectors

if TYPE_CHECKING:
    import polars as pl

RunT = TypeVar("RunT", bound="Run")

_SEED_BITS = 53  # whole numbers that every reader of JSON keeps


def with_confidence(
    run: RunT,
    *,
    members: int = 5,
    by: By = "seed",
    k: int = 10,
    corpus: Corpus | None = None,
    recipe: Recipe | None = None,
    progress: Progress | None = None,
    n_jobs: int | Literal["auto"] = "auto",
    mapper: Mapper | None = None,
) -> RunT:
    """Return the run with the rates at which its neighbours recur in other trainings.

    Parameters
    ----------
    run
        A trained run.
    members
        How many other trainings, >= 2. Each takes as long as the run's own.
    by
        What differs in them. ``"seed"``: what is drawn. ``"bootstrap"``: that, and the sequences, drawn with
        replacement from the run's; unordered contexts stay as they are, as what is known of an item is known whichever
        sequences were heard.
    k
        How many nearest of each item are compared; all others where there are fewer.
    corpus
        What the run was trained on; None: its source is read again.
    recipe
        What the run was made from; None: as ``run.json`` has it.
    progress
        Who hears how far it is: one task over all members.
    n_jobs
        Threads.
    mapper
        Has the members trained, with threads of its own; None: in this process.

    Returns
    -------
    Run
        With ``neighbor_confidence``; a column ``confidence`` in ``items``, the share of an item's k nearest that is
        expected to recur, null where it is not known; and a summary in ``metrics["confidence"]``.

    Raises
    ------
    OptionError
        If an option is outside its range, or bootstrap is asked of data without sequences, or of a corpus.
    RunError
        If the run was not trained here, or not to its end; if nothing says where its data is; or if the data is not
        what it was trained on.

    Notes
    -----
    A rate is that of being among the k nearest in one training more of the same kind, see
    :func:`firth.evaluation.stability.recurrence_rates`. In a bootstrap, samples without the item do not count, while a
    neighbour that a sample is without has not recurred there. Same bytes for any ``n_jobs`` and mapper. Time of
    ``members`` trainings and searches, memory of one. Ctrl-C raises KeyboardInterrupt, and nothing is kept.
    """
    if members == 0:
        raise OptionError("members must be >= 2, got 0.")
    options = ConfidenceOptions(members=members, by=by, k=k)
    data = _data(run, options, corpus, recipe, progress)
    started = time.perf_counter()
    near = run.vectors.neighbors(k=k, n_jobs=n_jobs).ids
    seeds = member_seeds(run.seed, members)
    counts, trials = np.zeros(near.shape, dtype=np.int32), np.zeros(len(near), dtype=np.int32)
    with (progress or SilentProgress()).task("confidence", total=members) as task:
        asked = _Asked(data=data, keys=run.vectors.keys, near=near, k=k)
        found_in = (mapper or Here(n_jobs)).map(_member, asked, list(enumerate(seeds)), what="training", task=task)
        for recurred, is_there in found_in:
            counts += recurred
            trials += is_there
    found = recurrence_rates(counts, trials)
    about = {**_about(options, found), "seeds": seeds, "seconds": time.perf_counter() - started}
    return replace(
        run,
        items=_with_column(run.items, found),
        neighbor_confidence=_table(run.vectors.keys, near, found),
        document={**run.document, "metrics": {**run.metrics, "confidence": about}},
    )


def is_made(run: Run, options: ConfidenceOptions) -> bool:
    """Return whether a run has what these options ask for."""
    about = run.metrics.get("confidence", {})
    return all(about.get(name) == getattr(options, name) for name in ("members", "by", "k"))


def neighbor_rates(run: Run, key: str, others: Sequence[str]) -> list[float | None]:
    """Return the rates at which some neighbours of an item recur, None for each that is not known.

    Raises
    ------
    RunError
        If none were measured; the message says how they are.
    UnknownItemError
        If a key is not in the vocabulary.
    """
    if run.neighbor_confidence is None:
        where = "RUN" if run.folder is None else str(run.folder)
        raise RunError(
            f"{run.name} does not know how often its neighbours recur: measure it first (firth confidence {where}, or "
            "run.confidence())."
        )
    row = run.neighbor_confidence.row(run.vectors.vocabulary.id(key), named=True)
    rates = dict(zip(row["neighbors"], row["rates"], strict=True))
    return [rates.get(int(other)) for other in run.vectors.vocabulary.ids(others)]


def member_seeds(seed: int, n: int) -> list[int]:
    """Return ``n`` distinct seeds below 2**53 that follow from a seed, none equal to it."""
    seeds: list[int] = []
    index = 0
    while len(seeds) < n:
        low, high = words(seed, Purpose.CONFIDENCE, index, 2).tolist()
        drawn = (low | high << 32) & (1 << _SEED_BITS) - 1
        if drawn != seed and drawn not in seeds:
            seeds.append(drawn)
        index += 1
    return seeds


def bootstrap(intake: Intake, *, seed: int, member: int) -> Intake:
    """Return a bootstrap sample: of each ordered context as many sequences as it has, drawn with replacement.

    Notes
    -----
    They stay in their order, so that those drawn twice follow each other.
    """
    for place, name in enumerate(sorted(intake.encoded)):
        n = intake.encoded[name].n_sequences
        drawn = generator(seed, Purpose.CONFIDENCE, member << 16 | place).integers(0, n, n) if n else np.empty(0, int)
        intake = intake.select(name, np.sort(drawn).astype(np.int64))
    return intake


@dataclass(frozen=True, kw_only=True)
class _Data:
    """What members are trained from: the corpus or what samples of it are drawn from, and the run all go on from."""

    corpus: Corpus
    intake: Intake | None
    vocabulary: VocabularyOptions | None
    seed: int
    train: TrainOptions
    start: Run | None
    freeze: bool

    def corpus_of(self, member: int) -> Corpus:
        """Return what a member is trained on: a sample where there is something to draw it from."""
        if self.intake is None:
            return self.corpus
        return bootstrap(self.intake, seed=self.seed, member=member).corpus(self.vocabulary)


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What every member is asked: which of the run's k nearest, by the run's ids, are nearest in it."""

    data: _Data
    keys: list[str]
    near: Int32
    k: int


def _data(
    run: Run, options: ConfidenceOptions, corpus: Corpus | None, recipe: Recipe | None, progress: Progress | None
) -> _Data:
    """Return what members are trained from, after everything is checked that can be."""
    training, recorded = run.document["training"] or {}, run.document["corpus"] or {}
    if "asked" not in training:
        raise RunError(
            f"{run.name} was not trained here, so there is nothing to train again: its vectors are imported."
        )
    if training["status"] != "complete":
        raise RunError(f"{run.name} was not trained to its end; other trainings compare with one that was. Resume it.")
    intake, vocabulary = None, None
    if corpus is None:
        recipe = recipe or _recorded(run)
        intake, vocabulary = trained_intake(recipe, progress), recipe.vocabulary.of(recipe.source.kind)
        corpus = build_corpus(recipe, intake, progress)
    elif options.by == "bootstrap":
        raise OptionError("a corpus has no sequences to draw from any more; bootstrap needs a run made from a recipe.")
    if corpus.fingerprint != recorded.get("fingerprint"):
        raise RunError(
            f"{run.name} was trained on other data: its fingerprint was {str(recorded.get('fingerprint'))[:16]}…, now "
            f"it is {corpus.fingerprint[:16]}…. Bring the data back, or make the run again."
        )
    is_sampled = options.by == "bootstrap"
    if is_sampled:
        _check_sequences(corpus)
    return _Data(
        corpus=corpus,
        intake=intake if is_sampled else None,
        vocabulary=vocabulary,
        seed=run.seed,
        train=replace(TrainOptions(**training["asked"]), probes=()),
        start=_start(run, corpus),
        freeze=bool((run.document["start"] or {}).get("freeze")),
    )


def _recorded(run: Run) -> Recipe:
    """Return the recipe that ``run.json`` has."""
    tables = run.document["recipe"]
    if tables is None:
        raise RunError(f"{run.name} was not made from a recipe: give its data, run.confidence(corpus=...), in Python.")
    if has_password(run.document):
        raise RunError(
            f"the recipe of {run.name} holds a password, which run.json does not keep. Ask for it where the recipe is "
            "run ([confidence] members = 5), or give the data in Python: run.confidence(corpus=...)."
        )
    return Recipe.from_dict(tables, name=run.name)


def _check_sequences(corpus: Corpus) -> None:
    if not corpus.sequences:
        raise OptionError(
            "bootstrap draws sequences, and this run was trained on none. Its groups are not drawn anew: they are few "
            "and large, and a sample without one would tell of its items nothing at all. Use by = 'seed'."
        )


def _start(run: Run, corpus: Corpus) -> Run | None:
    """Return the run that this one went on from, if there is one and it is as it was."""
    about = run.document["start"]
    if about is None:
        return None
    if about.get("run") is None:
        raise RunError(f"{run.name} went on from vectors in memory, which are not kept: others cannot go on from them.")
    begun = load_run(Path(about["run"]))
    train = TrainOptions(**run.document["training"]["asked"])
    if continuation(begun, corpus, train, freeze=bool(about["freeze"])).start.digest != about["digest"]:
        raise RunError(f"{about['run']}, which {run.name} went on from, is not what it was. Bring it back.")
    return begun


def _member(asked: _Asked, member: tuple[int, int], place: Place) -> tuple[Bool, Bool]:
    """Return which of the run's neighbours recur in another training, (n_items, k), and which items it has."""
    number, seed = member
    data = asked.data
    vectors = _trained(data, number, replace(data.train, seed=seed, n_jobs=place.n_jobs), place.progress)
    other, is_there = _neighbors(asked.keys, vectors, k=asked.k, n_jobs=place.n_jobs)
    return recurrence(asked.near, other), is_there


def _trained(data: _Data, number: int, train: TrainOptions, progress: Progress) -> Vectors:
    """Return the vectors of another training."""
    corpus = data.corpus_of(number)
    begin: Continuation | None = None
    if data.start is not None:
        begin = continuation(data.start, corpus, train, freeze=data.freeze)
    training = fit(corpus, train, start=None if begin is None else begin.start, progress=progress)
    if training.status == "interrupted":
        raise KeyboardInterrupt
    if begin is None:
        return Vectors(corpus.vocabulary.keys, training.vectors)
    known = begin.known.keys
    keys = [*corpus.vocabulary.keys, *(known[other] for other in begin.others)]
    return Vectors(keys, np.vstack([training.vectors, begin.known.matrix[begin.others]]))


def _neighbors(own: list[str], other: Vectors, *, k: int, n_jobs: int | Literal["auto"]) -> tuple[Int32, Bool]:
    """Return, for each item of the run, its nearest in another training by the run's ids, and whether it is there."""
    places = {key: place for place, key in enumerate(own)}
    names = np.array([places.get(key, -1) for key in other.keys], dtype=np.int32)
    near = other.neighbors(k=k, n_jobs=n_jobs).ids
    found = np.full((len(own), near.shape[1]), -1, dtype=np.int32)
    is_there = np.zeros(len(own), dtype=bool)
    is_there[names[names >= 0]] = True
    found[names[names >= 0]] = names[near[names >= 0]]
    return found, is_there


def _about(options: ConfidenceOptions, found: Stability) -> dict[str, Any]:
    """Return the summary of all items, as plain values."""
    known = ~np.isnan(found.confidence)
    return {
        "members": options.members,
        "by": options.by,
        "k": options.k,
        "mean": float(found.confidence[known].mean(dtype=np.float64)) if known.any() else None,
        "unstable": float(found.is_unstable[known].mean()) if known.any() else None,
        "threshold": UNSTABLE,
        "n_unknown": int((~known).sum()),
    }


def _with_column(items: pl.DataFrame, found: Stability) -> pl.DataFrame:
    import polars as pl

    return items.with_columns(pl.Series("confidence", found.confidence, dtype=pl.Float32).fill_nan(None))


def _table(keys: list[str], near: Int32, found: Stability) -> pl.DataFrame:
    """Return the table of neighbours and rates that is kept."""
    import polars as pl

    k = near.shape[1]
    columns = {"neighbors": near, "rates": found.rates}
    flat = pl.DataFrame({name: array.reshape(-1) for name, array in columns.items()})
    flat = flat.with_columns(pl.col("rates").fill_nan(None), item=pl.Series(np.repeat(np.arange(len(keys)), k)))
    lists = flat.group_by("item", maintain_order=True).agg("neighbors", "rates").drop("item")
    if not k:
        kinds = {"neighbors": pl.List(pl.Int32), "rates": pl.List(pl.Float32)}
        lists = pl.DataFrame({name: [[]] * len(keys) for name in columns}, schema=kinds)
    return pl.DataFrame({"key": keys}, schema={"key": pl.String}).hstack(lists)
