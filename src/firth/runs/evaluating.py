"""A run's answers to "what comes next?", asked about sequences that were held out.

A run whose recipe has a ``[holdout]`` answers with its own vectors. Any other has seen every sequence, so a twin is
trained without the ones that are asked about: same recipe, same options, same seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from firth.arrays import Int64
from firth.corpus.corpus import Corpus
from firth.corpus.sequences import SequenceContext
from firth.corpus.splitting import Holdout, Split, split
from firth.errors import DataError, OptionError, RunError
from firth.evaluation.items import KS, ItemEvaluation, check_ks, compared, evaluate_items
from firth.evaluation.lasts import Asked, last_items
from firth.evaluation.rankers import ColdRanker, Ranker, RecommenderRanker, VectorRanker, baselines
from firth.progress import Progress
from firth.runs.reading import build_corpus, read_intake
from firth.runs.recipe import Recipe
from firth.runs.recommending import counts_of, groups_of
from firth.runs.resuming import recorded_recipe
from firth.runs.run import Run
from firth.runs.training import vectors_of
from firth.training import fit
from firth.vectors.recommend_options import RecommendOptions
from firth.vectors.recommender import Recommender
from firth.vectors.vectors import Vectors

Part = Literal["validation", "test"]


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What is asked, and how.

    Parameters
    ----------
    part
        The held-out sequences that are asked about: those for choosing options, or those for reporting.
    n_before
        Items of a query: each number is a round of questions of its own.
    ks
        Cut-offs.
    exclude_query
        Whether a query's own items are left out of the answers, as ``firth recommend`` does.
    with_baselines
        Whether counts, popularity and chance are asked as well.
    window
        Of the windowed counts; None: what the run was trained with.
    seed
        Of the bootstrap and of chance.
    n_jobs, progress
        Threads; who hears how far it is.

    Raises
    ------
    OptionError
        If a value is outside its range.
    """

    part: Part = "test"
    n_before: tuple[int, ...] = (1, 3)
    ks: tuple[int, ...] = KS
    exclude_query: bool = True
    with_baselines: bool = True
    window: int | None = None
    seed: int = 1
    n_jobs: int | Literal["auto"] = "auto"
    progress: Progress | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        check_ks(self.ks)
        if self.part not in ("validation", "test"):
            raise OptionError(f"part must be 'validation' or 'test', got {self.part!r}.")
        if not self.n_before or min(self.n_before) < 1:
            raise OptionError(f"n_before must be numbers of items >= 1, at least one, got {self.n_before!r}.")
        if self.window is not None and self.window < 1:
            raise OptionError(f"window must be >= 1, got {self.window}.")


@dataclass(frozen=True, kw_only=True, eq=False)
class HoldoutEvaluation:
    """What came of asking a run about held-out sequences.

    Parameters
    ----------
    name
        The run.
    is_twin
        Whether a twin was trained to be asked, as the run itself has seen the sequences.
    context
        The ordered context that was split.
    part
        The part that was asked about.
    holdout
        How it was split.
    source
        Fingerprint of the sequences as they were read, before any was held out: the same ones, the same questions.
    n_trained, n_sequences
        Sequences that were trained, and that were asked about.
    n_items
        Items that can be an answer.
    rounds
        For each number of items in a query, how good every ranker is.
    cold
        The same for the queries of which no item is known, answered by each policy; empty where there are none.
    """

    name: str
    is_twin: bool
    context: str
    part: Part
    holdout: Holdout
    source: str
    n_trained: int
    n_sequences: int
    n_items: int
    rounds: dict[int, ItemEvaluation]
    cold: dict[int, ItemEvaluation]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {
            "run": self.name,
            "is_twin": self.is_twin,
            "context": self.context,
            "part": self.part,
            "seed": self.holdout.seed,
            "n_trained": self.n_trained,
            "n_sequences": self.n_sequences,
            "n_items": self.n_items,
            "rounds": [{"n_before": n, **each.to_dict()} for n, each in self.rounds.items()],
            "cold": [{"n_before": n, **each.to_dict()} for n, each in self.cold.items()],
        }


def evaluate_run(run: Run, asking: Asking | None = None, *, holdout: Holdout | None = None) -> HoldoutEvaluation:
    """Return how good a run's answers are about sequences that were held out.

    Parameters
    ----------
    run
        A run that was made from a recipe with an ordered context; its source is read again.
    asking
        What is asked; None: the defaults.
    holdout
        Which sequences; None: as the run's recipe says, or else the defaults.

    Raises
    ------
    RunError
        If the run was not made from a recipe, or its source has changed since.
    OptionError
        If it has no ordered context, or its recipe holds out other sequences than those wanted.

    Notes
    -----
    Answers come from :meth:`firth.Vectors.recommend_ids` and :meth:`firth.Vectors.similar_ids`, by which ``firth
    recommend`` and ``firth arithmetic`` answer. Same numbers for any ``n_jobs``.
    """
    asking = asking or Asking()
    if run.folder is None:
        raise RunError("a run in memory has no source to read again; save it, or use firth.evaluation.evaluate_items.")
    recipe = recorded_recipe(run.folder, {})
    own = recipe.holdout
    if own is not None and holdout is not None and own != holdout:
        raise OptionError(f"{run.name} holds out sequences of its own, by its recipe's [holdout]. Ask about those.")
    chosen = own or holdout or Holdout()
    source = read_intake(replace(recipe, holdout=None), asking.progress)
    parts = split(source, chosen)
    corpus = build_corpus(recipe, parts.train, asking.progress)
    if own is None:
        check_unchanged(run, build_corpus(recipe, source, asking.progress))
        vectors = twin_vectors(recipe, corpus, asking)
    else:
        check_unchanged(run, corpus)
        vectors = run.vectors
    rounds = ask(vectors, corpus, parts, asking, recommend=recipe.recommend, window=window_of(recipe, parts.context))
    return HoldoutEvaluation(
        name=run.name,
        is_twin=own is None,
        context=parts.context,
        part=asking.part,
        holdout=chosen,
        source=parts.sequences.fingerprint,
        n_trained=len(parts.trained),
        n_sequences=len(sequences_of(parts, asking.part)),
        n_items=len(vectors),
        rounds=rounds,
        cold=ask_cold(vectors, corpus, parts, asking, recommend=recipe.recommend),
    )


def ask(
    vectors: Vectors,
    corpus: Corpus,
    parts: Split,
    asking: Asking,
    *,
    recommend: RecommendOptions | None = None,
    window: int = 5,
) -> dict[int, ItemEvaluation]:
    """Return how good vectors, and what they must beat, are at questions of each length.

    Parameters
    ----------
    vectors
        Of the corpus's items first, in its order.
    recommend
        How they answer what goes with some items; None: by the model's own prediction.
    corpus
        What was trained.
    parts
        What was held out of it.
    asking
        What is asked.
    window
        Of the windowed counts, where ``asking`` names none.
    """
    options = recommend or RecommendOptions()
    counts = counts_of(corpus, options, parts.context)
    recommender = Recommender(vectors, options, counts=counts)
    rankers: list[Ranker] = [RecommenderRanker(recommender), VectorRanker(vectors, "neighbors")]
    if not options.is_plain:
        rankers.insert(1, VectorRanker(vectors, "recommend", name="recommend, model alone"))
    if asking.with_baselines:
        context = trained_context(corpus, parts.context)
        rankers += baselines(corpus, context, window=asking.window or window, seed=asking.seed)
    sequences = sequences_of(parts, asking.part)
    if not len(sequences):
        raise DataError(f"no sequence is held out for {asking.part}: raise its share, or lower min_length.")
    rounds = {}
    for n_before in asking.n_before:
        questions = last_items(parts.sequences, sequences, n_before=n_before)
        rounds[n_before] = evaluate_items(
            rankers,
            questions.asked_of(corpus.vocabulary),
            occurrences(corpus, vectors),
            ks=asking.ks,
            exclude_query=asking.exclude_query,
            seed=asking.seed,
            n_jobs=asking.n_jobs,
            progress=asking.progress,
        )
    return rounds


def ask_cold(
    vectors: Vectors, corpus: Corpus, parts: Split, asking: Asking, *, recommend: RecommendOptions
) -> dict[int, ItemEvaluation]:
    """Return how good each policy for unknown queries is, at those questions of which no query item is known."""
    sequences = sequences_of(parts, asking.part)
    policies = [replace(recommend, cold="popularity", group=None), *([recommend] if recommend.group else [])]
    rounds = {}
    for n_before in asking.n_before:
        questions = last_items(parts.sequences, sequences, n_before=n_before)
        cold = np.flatnonzero(questions.asked_of(corpus.vocabulary).is_cold_query)
        if not len(cold):
            continue
        questions = questions.part(cold)
        keys = [[questions.keys[code] for code in query.tolist()] for query in questions.queries]
        rankers = []
        for policy in policies:
            groups = groups_of(parts.train, corpus, policy)
            recommender = Recommender(vectors, replace(policy, blend=0.0), groups=groups)
            rankers.append(ColdRanker(recommender, [recommender.stand_ins(each)[1] for each in keys]))
        # Every question has a place in the list of its stand-ins, and is asked by that place.
        places = tuple(np.array([place], dtype=np.int64) for place in range(len(cold)))
        asked = Asked(places, questions.asked_of(corpus.vocabulary).targets)
        rounds[n_before] = evaluate_items(rankers, asked, occurrences(corpus, vectors), ks=asking.ks, seed=asking.seed)
    return rounds


def occurrences(corpus: Corpus, vectors: Vectors) -> Int64:
    """Return how often each item of the vectors occurs in a corpus: (len(vectors),) int64.

    Items that were kept from an earlier run come after the corpus's own, and occur nowhere in it.
    """
    return np.pad(corpus.counts, (0, len(vectors) - len(corpus)))


def check_unchanged(run: Run, corpus: Corpus) -> None:
    """Raise RunError if a run was trained on another corpus than what its source gives now."""
    recorded = (run.document.get("corpus") or {}).get("fingerprint")
    if recorded is not None and recorded != corpus.fingerprint:
        raise RunError(f"the source of {run.name} has changed since it was trained. Make the run again.")


def twin_vectors(recipe: Recipe, corpus: Corpus, asking: Asking) -> Vectors:
    """Return the vectors of a recipe's training on a part of its data."""
    if recipe.start is not None:
        raise OptionError(
            "this run went on from another run, which has seen the sequences that would be held out. Evaluate a run "
            "that was trained from the beginning, or one whose recipe has a [holdout]."
        )
    options = replace(recipe.train, n_jobs=asking.n_jobs)
    return vectors_of(corpus, options, fit(corpus, options, progress=asking.progress))


def sequences_of(parts: Split, part: Part) -> Int64:
    """Return the numbers of a part's sequences."""
    return parts.test if part == "test" else parts.validation


def trained_context(corpus: Corpus, name: str) -> SequenceContext:
    """Return the ordered context of a corpus that the questions are about."""
    for context in corpus.sequences:
        if context.name == name:
            return context
    raise DataError(f"the ordered context {name!r} trains nothing: its weight is 0, or no sequence has two items.")


def window_of(recipe: Recipe, context: str) -> int:
    """Return how far a training looks to either side, or to the farther one."""
    declared: Any = recipe.declared[context]
    window = declared.window or recipe.train.window
    return max(window) if isinstance(window, tuple) else int(window)


def compare_evaluations(
    first: HoldoutEvaluation, other: HoldoutEvaluation, *, rankings: Sequence[str] = ("recommend", "neighbors")
) -> dict[int, dict[str, Any]]:
    """Return how much better the first run is than the other at the same questions, with paired 95 % intervals.

    Raises
    ------
    DataError
        If they were not asked the same questions, in the same way.
    """
    same = ("part", "context", "holdout", "source")
    if any(getattr(first, name) != getattr(other, name) for name in same):
        raise DataError(
            f"{first.name} and {other.name} were not asked about the same sequences: their sources or holdouts differ."
        )
    ways = [{n: (each.ks, each.exclude_query) for n, each in found.rounds.items()} for found in (first, other)]
    if ways[0] != ways[1]:
        raise DataError(
            f"{first.name} and {other.name} were not asked in the same way: items of a query, cut-offs, or whether the "
            "query may be an answer differ."
        )
    return {
        n: {ranking: compared(one[ranking].ranks, other.rounds[n][ranking].ranks, ks=one.ks) for ranking in rankings}
        for n, one in first.rounds.items()
    }
