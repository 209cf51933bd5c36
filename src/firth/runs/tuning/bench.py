"""What every trial is tried on: sequences to train, a sample of them to try on first, and questions that were held out.

One reading and one split serve all trials, so that they differ in their options alone. A trial is tried on a sample of
the sequences first, and trained there as long as it asks to be, since a training that is stopped half-way is not one of
half the epochs: the learning rate would not have fallen.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from firth.arrays import Int32, Int64
from firth.corpus.contexts import Sequences
from firth.corpus.corpus import Corpus
from firth.corpus.intake import Intake
from firth.corpus.splitting import Holdout, Split, split
from firth.corpus.vocabulary_options import VocabularyOptions
from firth.errors import DataError, OptionError
from firth.evaluation.lasts import Asked, last_items
from firth.evaluation.rankers import Ranker, RecommenderRanker, VectorRanker
from firth.evaluation.ranking import per_question, ranks_of
from firth.randomness import Purpose, generator
from firth.runs.mapper import Place
from firth.runs.reading import read_intake
from firth.runs.recipe import Recipe
from firth.runs.recommending import counts_of
from firth.runs.training import vectors_of
from firth.runs.tuning.options import TuneOptions
from firth.training import fit
from firth.vectors.recommender import Recommender
from firth.vectors.vectors import Vectors

MAX_QUESTIONS = 5_000  # of one trial; more would make asking dearer than training
_SAMPLE_TOKENS = 15_000  # a sample has at least so many
_SHARES = (1 / 3,)  # a ninth was tried, and led astray (`search.py`)
_SAMPLE, _QUESTIONS = 2**40, 2**40 + 1  # streams of draws; those below are the trials'
_KEPT = 8  # corpora in memory, those that were made last


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """What came of one training.

    Parameters
    ----------
    value
        The measure over the validation questions.
    ranker
        Who answers: what was trained, asked as the recipe says.
    corpus
        What was trained.
    seconds
        For building, training and asking.
    train_s
        Of these, for training.
    """

    value: float
    ranker: Ranker
    corpus: Corpus
    seconds: float
    train_s: float


@dataclass(frozen=True, eq=False)
class Bench:
    """The data of a tuning.

    Parameters
    ----------
    recipe
        What is tuned.
    parts
        What is trained and what is held out.
    samples
        What is trained at each stage, the whole last.
    shares
        How much of the sequences that is, stage by stage; the last is 1.
    asked
        Numbers of the sequences that trials are asked about.
    options
        How trials are asked.
    rarest
        How often the rarest item occurs in what is trained.
    fingerprint
        Equal for equal data, split and questions.
    """

    recipe: Recipe
    parts: Split
    samples: tuple[Intake, ...]
    shares: tuple[float, ...]
    asked: Int64
    options: TuneOptions
    rarest: int
    fingerprint: str
    _corpora: dict[tuple[Any, ...], Corpus] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, Any]:
        """Return what goes to another process: neither who hears of it, nor corpora, which are quick to make again."""
        return {**self.__dict__, "options": replace(self.options, progress=None), "_corpora": {}}

    def at(self, place: Place) -> Bench:
        """Return the same data, asked with the threads of a place; corpora are shared."""
        return replace(self, options=replace(self.options, n_jobs=place.n_jobs))

    @property
    def n_stages(self) -> int:
        """How often a trial is trained at most."""
        return len(self.samples)

    def corpus(self, recipe: Recipe, stage: int) -> Corpus:
        """Return what a recipe trains at a stage; its ``min_count`` is lowered to the sample's size."""
        wanted = recipe.vocabulary.of(recipe.source.kind)
        least = max(1, round(wanted.min_count * self.shares[stage]))
        options = VocabularyOptions(min_count=least, max_items=wanted.max_items, unknown=wanted.unknown)
        windows = tuple(getattr(each, "window", None) for each in recipe.declared.values())
        key = (stage, options, windows)
        if key not in self._corpora:
            while len(self._corpora) >= _KEPT:
                del self._corpora[next(iter(self._corpora))]
            self._corpora[key] = self._built(recipe, stage, options)
        return self._corpora[key]

    def _built(self, recipe: Recipe, stage: int, options: VocabularyOptions) -> Corpus:
        intake = self.samples[stage]
        return replace(intake, declared=recipe.declared).corpus(options)

    def answers(self, recipe: Recipe, stage: int) -> Answers:
        """Return what comes of training a recipe at a stage.

        Raises
        ------
        KeyboardInterrupt
            If Ctrl-C ended the training.
        DataError
            If there is nothing to train with these options.
        DivergenceError
            If the training diverged.
        """
        started = time.perf_counter()
        corpus = self.corpus(recipe, stage)
        options = replace(recipe.train, n_jobs=self.options.n_jobs)
        training = fit(corpus, options)
        if training.status == "interrupted":
            raise KeyboardInterrupt
        ranker = self._ranker(recipe, corpus, vectors_of(corpus, options, training))
        questions = last_items(self.parts.sequences, self.asked, n_before=self.options.n_before)
        value = self._value(ranker, questions.asked_of(corpus.vocabulary))
        seconds = time.perf_counter() - started
        return Answers(value=value, ranker=ranker, corpus=corpus, seconds=seconds, train_s=training.seconds)

    def _ranker(self, recipe: Recipe, corpus: Corpus, vectors: Vectors) -> Ranker:
        if self.options.ranking == "neighbors":
            return VectorRanker(vectors, "neighbors")
        counts = counts_of(corpus, recipe.recommend, self.parts.context)
        return RecommenderRanker(Recommender(vectors, recipe.recommend, counts=counts))

    def _value(self, ranker: Ranker, asked: Asked) -> float:
        ids = self.found(ranker, asked, k=self.options.k)
        measures = per_question(ranks_of(ids, asked.targets), (self.options.k,))
        return float(measures[self.options.measure].mean())

    def found(self, ranker: Ranker, asked: Asked, *, k: int) -> Int32:
        """Return the answers to questions, (n_questions, k) int32; -1 where there are fewer, and to cold queries."""
        ids: Int32 = np.full((len(asked.targets), k), -1, dtype=np.int32)
        warm = np.flatnonzero(~asked.is_cold_query)
        if len(warm):
            queries = [asked.queries[place] for place in warm.tolist()]
            ids[warm] = ranker.rank(queries, k=k, exclude_query=True, n_jobs=self.options.n_jobs)
        return ids


def prepare(recipe: Recipe, options: TuneOptions) -> Bench:
    """Return the data of a tuning.

    Raises
    ------
    OptionError
        If the recipe has no ordered context, or goes on from another run.
    DataError
        If no sequence is held out for validation or for the test.
    """
    if not any(isinstance(context, Sequences) for context in recipe.declared.values()):
        raise OptionError(
            "tuning asks what comes last in sequences that are held out, and this recipe has no ordered context "
            '(kind = "sequences").'
        )
    if recipe.start is not None:
        raise OptionError("tuning trains from the beginning: leave [start] out, or give --set start.run=.")
    holdout = recipe.holdout or Holdout()
    parts = split(read_intake(replace(recipe, holdout=None), options.progress), holdout)
    for part in ("validation", "test"):
        if not len(getattr(parts, part)):
            raise DataError(
                f"no sequence is held out for the {part}: raise holdout.{part}, or lower holdout.min_length."
            )
    return _bench(recipe, parts, options, holdout)


def _bench(recipe: Recipe, parts: Split, options: TuneOptions, holdout: Holdout) -> Bench:
    whole = parts.train.corpus(VocabularyOptions())
    lengths = np.diff(parts.sequences.offsets)
    n_tokens = int(lengths[parts.trained].sum())
    shares = (*(share for share in _SHARES if n_tokens * share >= _SAMPLE_TOKENS), 1.0)
    order = generator(options.seed, Purpose.TUNING, _SAMPLE).permutation(len(parts.trained))
    samples = tuple(
        parts.train.select(parts.context, np.sort(order[: round(share * len(order))])) if share < 1 else parts.train
        for share in shares
    )
    drawn = generator(options.seed, Purpose.TUNING, _QUESTIONS).permutation(parts.validation)
    asked = np.sort(drawn[:MAX_QUESTIONS])
    about = hashlib.sha256(repr((whole.fingerprint, parts.context, holdout)).encode())
    for numbers in (parts.trained, asked, parts.test, parts.sequences.offsets):
        about.update(np.ascontiguousarray(numbers).tobytes())
    return Bench(
        recipe=recipe,
        parts=parts,
        samples=samples,
        shares=shares,
        asked=asked,
        options=options,
        rarest=int(whole.counts.min()),
        fingerprint=about.hexdigest(),
    )


def describe(bench: Bench) -> Mapping[str, Any]:
    """Return what the data is, as plain values."""
    parts = bench.parts
    return {
        "fingerprint": bench.fingerprint,
        "context": parts.context,
        "n_trained": len(parts.trained),
        "n_validation": len(parts.validation),
        "n_asked": len(bench.asked),
        "n_test": len(parts.test),
        "shares": list(bench.shares),
    }
