"""Do vectors answer "a is to b as c is to what?", with every question accounted for.

A question with a word that the vectors do not have cannot be answered. It is counted and reported beside the result,
never dropped in silence and never taken for a wrong answer: accuracies are given over the questions that could be
answered and over all of them.

References
----------
Mikolov, Chen, Corrado & Dean (2013). Efficient estimation of word representations in vector space (3CosAdd).
Levy & Goldberg (2014). Linguistic regularities in sparse and explicit word representations. CoNLL '14 (3CosMul).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import accumulate, pairwise
from typing import Any, Literal, get_args

import numpy as np

from firth.arrays import Bool, Float32, Int32, Int64
from firth.errors import OptionError
from firth.evaluation.questions import AnalogyQuestions
from firth.evaluation.words import look_up_among, share
from firth.progress import Progress, SilentProgress, Task
from firth.vectors.neighbors import top_k
from firth.vectors.vectors import Vectors

Method = Literal["3cosadd", "3cosmul"]
METHODS: tuple[Method, ...] = get_args(Method)

_EPSILON = np.float32(0.001)  # of 3CosMul, Levy & Goldberg (2014)
_BLOCK = 1 << 21  # numbers looked at in one piece
_QUERIES = 2_048  # questions between two words to progress


@dataclass(frozen=True, kw_only=True)
class AnalogyScore:
    """How many analogies came out right.

    Parameters
    ----------
    n_questions
        All questions.
    n_oov
        Of these, questions with a word that the vectors do not have.
    n_outside
        Of these, questions with all words known, but not all among the most frequent ones asked for.
    n_correct
        Right answers.
    """

    n_questions: int
    n_oov: int
    n_outside: int
    n_correct: int

    @property
    def n_answered(self) -> int:
        """Return the questions that could be answered."""
        return self.n_questions - self.n_oov - self.n_outside

    @property
    def accuracy(self) -> float:
        """Return the share of right answers among the questions that could be answered; NaN where none could."""
        return share(self.n_correct, self.n_answered)

    @property
    def accuracy_of_all(self) -> float:
        """Return the share of right answers among all questions; NaN where there is none."""
        return share(self.n_correct, self.n_questions)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, and both accuracies."""
        shares = {"accuracy": self.accuracy, "accuracy_of_all": self.accuracy_of_all}
        return {**asdict(self), "n_answered": self.n_answered, **shares}


@dataclass(frozen=True, kw_only=True)
class AnalogyResult:
    """Analogies by section.

    Parameters
    ----------
    name
        The set of questions.
    method
        ``"3cosadd"`` or ``"3cosmul"``.
    restrict
        How many of the most frequent items were words of questions and answers; None for all.
    sections
        Scores by section, in the set's order.
    semantic, syntactic
        Sums over the sections whose names do not, and do, begin with ``gram``.
    total
        The sum over all.
    n_bad_lines
        Lines of the file that could not be read.
    """

    name: str
    method: Method
    restrict: int | None
    sections: Mapping[str, AnalogyScore]
    semantic: AnalogyScore
    syntactic: AnalogyScore
    total: AnalogyScore
    n_bad_lines: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        sums = {name: getattr(self, name).to_dict() for name in ("semantic", "syntactic", "total")}
        sections = {name: score.to_dict() for name, score in self.sections.items()}
        about = {"name": self.name, "method": self.method, "restrict": self.restrict, "n_bad_lines": self.n_bad_lines}
        return {**about, **sums, "sections": sections}


def analogies(
    vectors: Vectors,
    questions: AnalogyQuestions,
    *,
    restrict: int | None = 30_000,
    method: Method = "3cosadd",
    case_insensitive: bool = True,
    n_jobs: int | Literal["auto"] = "auto",
    progress: Progress | None = None,
) -> AnalogyResult:
    """Return how many questions a : b = c : ? the vectors answer.

    Parameters
    ----------
    vectors
        The words.
    questions
        The questions, as :meth:`AnalogyQuestions.read` returns them.
    restrict
        Only the so many most frequent items are words of questions and candidate answers, as in gensim and word2vec;
        None: all. Without counts the first ones are taken.
    method
        ``"3cosadd"``: the item nearest to b - a + c, each of length 1. ``"3cosmul"``: the one with the largest
        cos(d, b) cos(d, c) / (cos(d, a) + 0.001), cosines moved to 0 to 1.
    case_insensitive
        Whether a word that is not a key is looked for in lower case too.
    n_jobs
        Threads; "auto" takes all processors that this process may use.
    progress
        Who hears how far it is; None: nobody.

    Raises
    ------
    OptionError
        If ``restrict`` < 1, or there is no such method.

    Notes
    -----
    The three words of a question are no answer to it. Exact; O(n_questions * restrict * size) time for 3CosAdd, for
    3CosMul O(n_words * restrict * size + n_questions * restrict). Same result for any ``n_jobs``.
    """
    if restrict is not None and restrict < 1:
        raise OptionError(f"restrict must be >= 1 or None, got {restrict}.")
    if method not in METHODS:
        raise OptionError(f"method must be '3cosadd' or '3cosmul', got {method!r}.")
    chosen = _most_frequent(vectors, restrict)
    look_up = look_up_among(vectors, chosen, case_insensitive=case_insensitive)
    look_up_any = look_up_among(vectors, np.arange(len(vectors)), case_insensitive=case_insensitive)
    asked = [question for section in questions.sections.values() for question in section]
    words = np.array([[look_up(word) for word in question] for question in asked], dtype=np.int64).reshape(-1, 4)
    is_oov = np.array([min(look_up_any(word) for word in question) < 0 for question in asked], dtype=np.bool_)
    is_answered: Bool = np.all(words >= 0, axis=1)
    is_correct = np.zeros(len(asked), dtype=np.bool_)
    answer = _nearest_to_sums if method == "3cosadd" else _largest_products
    with (progress or SilentProgress()).task(f"analogies {method}", total=int(is_answered.sum())) as task:
        answers = answer(vectors.normalised[chosen], words[is_answered, :3], n_jobs, task)
    is_correct[is_answered] = answers == words[is_answered, 3]
    bounds = [0, *accumulate(len(section) for section in questions.sections.values())]
    sections = {
        name: _score(is_oov[a:b], is_answered[a:b], is_correct[a:b])
        for name, (a, b) in zip(questions.sections, pairwise(bounds), strict=True)
    }
    return AnalogyResult(
        name=questions.name,
        method=method,
        restrict=restrict,
        sections=sections,
        semantic=_sum([score for name, score in sections.items() if not name.startswith("gram")]),
        syntactic=_sum([score for name, score in sections.items() if name.startswith("gram")]),
        total=_sum(list(sections.values())),
        n_bad_lines=len(questions.bad_lines),
    )


def _most_frequent(vectors: Vectors, restrict: int | None) -> Int64:
    """Return the ids of the most frequent items, ascending; of equals the first."""
    n = len(vectors) if restrict is None else min(restrict, len(vectors))
    if vectors.counts is None:
        return np.arange(n)
    return np.sort(np.argsort(-vectors.counts, kind="stable")[:n]).astype(np.int64)


def _nearest_to_sums(unit: Float32, words: Int64, n_jobs: int | Literal["auto"], task: Task) -> Int64:
    """Return 3CosAdd's answers: argmax of cos(d, b - a + c) over d; -1 where all items are words of the question."""
    answers = np.full(len(words), -1, dtype=np.int64)
    for start in range(0, len(words), _QUERIES):
        a, b, c = words[start : start + _QUERIES].T
        queries = unit[b].astype(np.float64) - unit[a] + unit[c]
        exclude = words[start : start + _QUERIES]
        found, _ = top_k(queries.astype(np.float32), unit, k=1, exclude=exclude, n_jobs=n_jobs)
        if found.shape[1]:
            answers[start : start + _QUERIES] = found[:, 0]
        task.update(start + len(exclude))
    return answers


def _largest_products(unit: Float32, words: Int64, n_jobs: int | Literal["auto"], task: Task) -> Int64:
    """Return 3CosMul's answers: argmax of cos(d, b) cos(d, c) / (cos(d, a) + epsilon), cosines moved to 0 to 1."""
    answers = np.full(len(words), -1, dtype=np.int64)
    best = np.full(len(words), -1.0, dtype=np.float32)
    distinct, places = np.unique(words, return_inverse=True)
    a, b, c = places.reshape(words.shape).T
    step = max(1, _BLOCK // max(1, len(words)))
    for start in range(0, len(unit), step):
        cosines = _moved_cosines(unit[distinct], unit[start : start + step], n_jobs)
        values = cosines[b]
        values *= cosines[c]
        values /= cosines[a] + _EPSILON
        question, column = np.nonzero((words >= start) & (words < start + step))
        values[question, words[question, column] - start] = -1.0
        nearest = values.argmax(axis=1)
        value = values[np.arange(len(words)), nearest]
        better = value > best  # of equals, the first stays
        answers[better], best[better] = start + nearest[better], value[better]
        task.update(len(words) * min(1.0, (start + step) / len(unit)))
    return answers


def _moved_cosines(queries: Float32, rows: Float32, n_jobs: int | Literal["auto"]) -> Float32:
    """Return (1 + cosine) / 2 of all queries with all rows: (n_queries, n_rows) float32, 0 to 1."""
    ids: Int32
    ids, cosines = top_k(queries, rows, k=len(rows), n_jobs=n_jobs)
    moved = np.empty_like(cosines)
    np.put_along_axis(moved, ids.astype(np.int64), np.clip((1 + cosines) / 2, 0.0, 1.0), axis=1)
    return moved


def _score(is_oov: Bool, is_answered: Bool, is_correct: Bool) -> AnalogyScore:
    return AnalogyScore(
        n_questions=len(is_oov),
        n_oov=int(is_oov.sum()),
        n_outside=int((~is_oov & ~is_answered).sum()),
        n_correct=int(is_correct.sum()),
    )


def _sum(scores: list[AnalogyScore]) -> AnalogyScore:
    names = ("n_questions", "n_oov", "n_outside", "n_correct")
    return AnalogyScore(**{name: sum(getattr(score, name) for score in scores) for name in names})
