"""Twins of a run: trainings of the same data with the same options that differ from it by their seed alone.

What they differ in is chance, so a comparison of two runs measures by them how much of a difference is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from firth.errors import OptionError, RunError
from firth.progress import Progress, SilentProgress
from firth.randomness import Purpose, words
from firth.runs.mapper import Here, Mapper, Place
from firth.runs.reading import read_source
from firth.runs.recipe import Recipe
from firth.runs.resuming import has_password
from firth.runs.training import train
from firth.runs.typed import from_table
from firth.training import TrainOptions

if TYPE_CHECKING:
    from firth.corpus.corpus import Corpus
    from firth.runs.run import Run


def train_twins(
    run: Run,
    n: int,
    *,
    corpus: Corpus | None = None,
    avoid: Collection[int] = (),
    progress: Progress | None = None,
    n_jobs: int | Literal["auto"] = "auto",
    mapper: Mapper | None = None,
) -> list[Run]:
    """Return ``n`` twins of a run, in memory.

    Parameters
    ----------
    run
        The run.
    n
        How many, >= 1.
    corpus
        What the run was trained on; None: the source of its recipe is read again.
    avoid
        Seeds that no twin may have, besides the run's own.
    progress, n_jobs
        Who hears how far it is; threads.
    mapper
        Has the twins trained, with threads of its own; None: in this process, one after another.

    Raises
    ------
    RunError
        If it is not known how the run was trained, or the data is no longer what it was trained on.
    FirthError
        If the source cannot be read, or the training fails.

    Notes
    -----
    Seeds are drawn from the run's, so the twins are always the same. A training that went on from another run goes on
    from it again, for which that run must still be there.
    """
    if n < 1:
        raise OptionError(f"a run needs at least one twin, got {n}.")
    options, start = _how_trained(run)
    if corpus is None:
        corpus = read_source(_recipe(run), progress)
    recorded = (run.document["corpus"] or {}).get("fingerprint")
    if recorded != corpus.fingerprint:
        raise RunError(
            f"{run.name} was trained on other data than its source holds now, so a training of it would differ by more "
            "than chance. Bring the data back, or name runs of the old data as twins."
        )
    seeds = _seeds(run.seed, n, {run.seed, *avoid})
    asked = _Asked(corpus=corpus, options=options, start=start.get("run"), freeze=start.get("freeze", False))
    with (progress or SilentProgress()).task("twins", total=len(seeds)) as task:
        return list((mapper or Here(n_jobs)).map(_twin, asked, seeds, what="training", task=task))


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What every twin is trained on, and how."""

    corpus: Corpus
    options: dict[str, Any]
    start: str | None
    freeze: bool


def _twin(asked: _Asked, seed: int, place: Place) -> Run:
    return train(
        asked.corpus,
        start=asked.start,
        freeze=asked.freeze,
        progress=place.progress,
        **{**asked.options, "seed": seed, "n_jobs": place.n_jobs},
    )


def _how_trained(run: Run) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a run's options of training, and what it went on from."""
    asked = (run.document["training"] or {}).get("asked")
    if asked is None:
        raise RunError(
            f"{run.name} was not trained here, so it has no twins. Name other runs of the same data as twins."
        )
    start = run.document.get("start") or {}
    if start and start.get("run") is None:
        raise RunError(f"{run.name} went on from vectors that have no folder, so it cannot be trained again.")
    given = {name: value for name, value in asked.items() if value is not None and name not in ("seed", "n_jobs")}
    return asdict(from_table(TrainOptions, given, where="train")), start


def _recipe(run: Run) -> Recipe:
    tables = run.document["recipe"]
    if tables is None:
        raise RunError(f"{run.name} was not made from a recipe; give the corpus that it was trained on: corpus=...")
    if has_password(run.document):
        raise RunError(f"the recipe of {run.name} held a password, which is not kept; give the corpus: corpus=...")
    return Recipe.from_dict(tables, name=run.name)


def _seeds(seed: int, n: int, avoid: Collection[int]) -> list[int]:
    drawn = words(seed, Purpose.ALIGNMENT, 0, n + len(avoid))
    return list(dict.fromkeys(int(word) for word in drawn if int(word) not in avoid))[:n]
