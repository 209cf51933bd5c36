"""What comes next in a playlist: the last item of held-out sequences, given the three before it.

python benchmarks/items.py [radio] [spotify] [setlists] [--folds 5] [--keep-query]

The sequences of three items and more are cut by lot into ten parts of playlists. In each fold one part is asked about,
the one before it is left for choosing options by, and everything else is trained: 80/10/10 by playlist. The parts are
disjoint, so nobody is asked about a playlist twice, and the questions of all folds are resampled together as what they
are, different playlists; the models of two folds share most of what they were trained on, which no interval tells.

gensim is asked in two ways: by the cosine with the sum of its normalised vectors, as the origin asked it, and by its
own prediction, with its output vectors and its noise. It keeps what occurs three times, as the origin ran it; what is
unknown to a ranker counts as its miss.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import polars as pl

import firth
from common import ROOT, machine
from firth.arrays import Bool, Int64
from firth.corpus.build import take_in
from firth.corpus.corpus import Corpus
from firth.corpus.intake import Intake
from firth.errors import OptionError
from firth.evaluation import rankers as baseline_rankers
from firth.evaluation.bootstrap import differences, intervals
from firth.evaluation.items import ItemEvaluation, evaluate_items
from firth.evaluation.lasts import Lasts, last_items
from firth.evaluation.rankers import Ranker, RecommenderRanker, VectorRanker, baselines
from firth.evaluation.ranking import per_question
from firth.randomness import Purpose, generator
from firth.runs.recommending import counts_of
from firth.runs.training import vectors_of
from firth.training import TrainOptions, fit
from firth.vectors.recommender import Recommender

DATA = ROOT.parent / "shared" / "data"
N_PARTS = 10
KS = (10, 100)
SHOWN = ("HR@10", "HR@100", "MRR@100", "NDCG@10")
OURS = "Firth, recipe: recommend"
ORIGIN = TrainOptions(vector_size=48, window=10, epochs=30)  # as the origin asked gensim, but for its objective
# EASE inverts a dense matrix of items by items: with spotify.csv's 10,000 artists a minute and 2 GB per fold.
baseline_rankers.EASE_UP_TO = 5_000


def radio() -> Intake:
    """Return 41,480 radio playlists, ordered."""
    plays = pl.read_csv(DATA / "playlists" / "radio.csv", infer_schema_length=0)
    plays = plays.with_columns(pl.col("position").cast(pl.Int64))
    return _taken_in(plays, firth.Sequences("playlist", order="position", item=("artist", "track")))


def spotify() -> Intake:
    """Return 471 playlists as sequences of artists, in the order of the file."""
    plays = pl.read_csv(DATA / "playlists" / "spotify.csv", infer_schema_length=0)
    return _taken_in(plays, firth.Sequences("playlist_id", item="artistname"))


def setlists() -> Intake:
    """Return 2,076 concerts, songs as they were played; two on one day are two."""
    lines = (DATA / "setlists" / "grateful_dead.tsv").read_text(encoding="utf-8").splitlines()
    rows = [(f"{number:05d}", song) for number, line in enumerate(lines) for song in line.split("\t")[1:]]
    return _taken_in(
        pl.DataFrame(rows, schema=["concert", "song"], orient="row"), firth.Sequences("concert", item="song")
    )


SOURCES: dict[str, Callable[[], Intake]] = {"radio": radio, "spotify": spotify, "setlists": setlists}


def _taken_in(rows: pl.DataFrame, declared: firth.Sequences) -> Intake:
    return take_in({"played": rows}, {"played": declared})


@dataclass
class Pooled:
    """The answers of one ranker, over all folds."""

    ranks: list[Int64] = field(default_factory=list)
    train_s: float = 0.0
    ask_s: float = 0.0
    coverage: list[float] = field(default_factory=list)
    popularity: list[float] = field(default_factory=list)
    n_items: list[int] = field(default_factory=list)
    cold: list[float] = field(default_factory=list)

    def add(self, found: ItemEvaluation, name: str, *, train_s: float, n_items: int) -> None:
        """Add the answers of a fold."""
        score = found[name]
        self.ranks.append(score.ranks)
        self.train_s += train_s
        self.ask_s += score.seconds
        self.coverage.append(score.spread.coverage)
        self.popularity.append(score.spread.popularity)
        self.n_items.append(n_items)
        self.cold.append(found.n_cold_targets / found.n_questions)


@dataclass
class Kinds:
    """What there is to know of each question, over all folds."""

    columns: dict[str, list[Int64]] = field(default_factory=dict)

    def add(self, corpus: Corpus, questions: Lasts, histories: Sequence[Int64]) -> None:
        """Add the questions of a fold."""
        asked = questions.asked_of(corpus.vocabulary)
        counts = np.append(corpus.counts, 0)  # an unknown item occurs nowhere
        last = np.array([query[-1] if len(query) else -1 for query in asked.queries])
        targets = questions.targets
        found = {
            "count of the last query item": counts[last],
            "count of the target": counts[asked.targets],
            "length of the history": np.array([len(each) for each in histories]),
            "target in the history": _is_in(targets, histories).astype(np.int64),
            "target in the query": _is_in(targets, questions.queries).astype(np.int64),
            "target and last item together": self._together(corpus, last, asked.targets),
        }
        for name, values in found.items():
            self.columns.setdefault(name, []).append(values)

    @staticmethod
    def _together(corpus: Corpus, last: Int64, targets: Int64) -> Int64:
        """Return how often each target came right beside the last query item in what was trained."""
        context = corpus.sequences[0]
        n = len(corpus)
        tokens = np.asarray(context.tokens).astype(np.int64)
        beside = np.ones(len(tokens) - 1, dtype=bool)
        beside[context.offsets[1:-1] - 1] = False
        beside &= (tokens[1:] < n) & (tokens[:-1] < n)
        left, right = tokens[:-1][beside], tokens[1:][beside]
        pairs, times = np.unique(np.concatenate([left * n + right, right * n + left]), return_counts=True)
        wanted = np.where((last >= 0) & (targets >= 0), last * n + targets, -1)
        places = np.minimum(np.searchsorted(pairs, wanted), len(pairs) - 1)
        return np.where(pairs[places] == wanted, times[places], 0)


def _is_in(targets: Int64, parts: Sequence[Int64]) -> Bool:
    return np.array([target in part for target, part in zip(targets.tolist(), parts, strict=True)], dtype=bool)


def gensim_models(corpus: Corpus) -> dict[str, tuple[firth.Vectors, float]]:
    """Return gensim's vectors, trained as the origin did and as skip-gram, and the seconds that each took."""
    from gensim.models import Word2Vec

    context, keys = corpus.sequences[0], np.array(corpus.vocabulary.keys, dtype=object)
    sequences = [keys[part].tolist() for part in np.split(np.asarray(context.tokens), context.offsets[1:-1])]
    models = {}
    for name, is_skipgram in (("CBOW", 0), ("skip-gram", 1)):
        began = time.perf_counter()
        model = Word2Vec(
            sequences, vector_size=48, window=10, epochs=30, min_count=3, sg=is_skipgram, workers=2, seed=1
        )
        models[f"gensim, {name}"] = (firth.Vectors.from_gensim(model), time.perf_counter() - began)
    return models


def firth_models(corpus: Corpus) -> dict[str, tuple[firth.Vectors, float]]:
    """Return the vectors of each way to train, and the seconds that each took."""
    ways = {
        "recipe": firth.Recipe.load("playlists").train,
        "defaults": TrainOptions(),
        "as gensim, skip-gram": ORIGIN,
        "as gensim, CBOW": replace(ORIGIN, objective="cbow"),
    }
    models = {}
    for name, options in ways.items():
        began = time.perf_counter()
        models[f"Firth, {name}"] = (vectors_of(corpus, options, fit(corpus, options)), time.perf_counter() - began)
    return models


def one_fold(
    intake: Intake, parts: list[Int64], number: int, pooled: dict[str, Pooled], kinds: Kinds, *, excludes: bool
) -> None:
    """Train everything without two parts, and ask about one of them."""
    test, validation = parts[number], parts[number - 1]
    source = intake.ordered("played")
    trained = np.setdiff1d(np.arange(source.n_sequences), np.concatenate([test, validation]))
    corpus = intake.select("played", trained).corpus()
    questions = last_items(source, test, n_before=3)
    starts, ends = source.offsets[test], source.offsets[test + 1]
    kinds.add(corpus, questions, [source.tokens[a : b - 1] for a, b in zip(starts, ends, strict=True)])

    def ask(vectors: firth.Vectors, rankers: list[Ranker], train_s: float) -> None:
        asked, counts = questions.asked_of(vectors.vocabulary), vectors.counts
        assert counts is not None
        found = evaluate_items(rankers, asked, counts, ks=KS, exclude_query=excludes)
        for ranker in rankers:
            pooled.setdefault(ranker.name, Pooled()).add(found, ranker.name, train_s=train_s, n_items=len(vectors))

    for name, (vectors, train_s) in {**firth_models(corpus), **gensim_models(corpus)}.items():
        asked_by: list[Ranker] = [
            VectorRanker(vectors, "recommend", name=f"{name}: recommend"),
            VectorRanker(vectors, "neighbors", name=f"{name}: cosine"),
        ]
        if name == "Firth, recipe":
            asked_by[0] = VectorRanker(vectors, "recommend", name=f"{name}: model alone")
            options = firth.Recipe.load("playlists").recommend
            recommender = Recommender(vectors, options, counts=counts_of(corpus, options))
            asked_by.insert(0, RecommenderRanker(recommender, name=OURS))
        ask(vectors, asked_by, train_s)
    own = firth.Vectors(corpus.vocabulary.keys, np.zeros((len(corpus), 1)), counts=corpus.counts)
    began = time.perf_counter()
    counted = baselines(corpus, corpus.sequences[0], window=3)
    ask(own, counted, time.perf_counter() - began)


def table(pooled: dict[str, Pooled]) -> str:
    """Return all rankers with intervals, and how much the first is better, as Markdown."""
    head = ["", *SHOWN, f"{OURS} is better by, HR@10", "coverage", "popularity", "items", "cold targets", "s per fold"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    ours = per_question(np.concatenate(pooled[OURS].ranks), KS)
    for name, each in pooled.items():
        measures = per_question(np.concatenate(each.ranks), KS)
        found = intervals(measures)
        cells = [f"{found[m].mean:.3f} ({found[m].low:.3f}–{found[m].high:.3f})" for m in SHOWN]
        gain = differences(ours, measures)["HR@10"]
        cells.append("" if name == OURS else f"{gain.mean:+.3f} ({gain.low:+.3f} to {gain.high:+.3f})")
        cells += [f"{np.mean(each.coverage):.2f}", f"{np.mean(each.popularity):.2f}", f"{np.mean(each.n_items):,.0f}"]
        n_folds = len(each.ranks)
        cells += [f"{np.mean(each.cold):.3f}", f"{each.train_s / n_folds:.2f} + {each.ask_s / n_folds:.2f}"]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return "\n".join(lines)


def breakdown(pooled: dict[str, Pooled], kinds: Kinds, rivals: Sequence[str]) -> str:
    """Return HR@10 by kind of question, and how much better or worse each rival is than ours, as Markdown."""
    hits = {name: per_question(np.concatenate(pooled[name].ranks), KS)["HR@10"] for name in (OURS, *rivals)}
    head = ["question", "n", OURS, *(f"{name}: HR@10, difference" for name in rivals)]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for name, parts in kinds.columns.items():
        values = np.concatenate(parts)
        for label, mask in _bins(values):
            cells = [f"{name}: {label}", f"{mask.sum():,}", f"{hits[OURS][mask].mean():.3f}"]
            for rival in rivals:
                gain = differences({"": hits[rival][mask]}, {"": hits[OURS][mask]})[""]
                star = " **" if gain.is_above_zero or gain.is_below_zero else ""
                cells.append(
                    f"{hits[rival][mask].mean():.3f}, {gain.mean:+.3f} ({gain.low:+.3f} to {gain.high:+.3f}){star}"
                )
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _bins(values: Int64) -> list[tuple[str, Bool]]:
    """Return up to four parts of the questions that are about equally large, and how they are called."""
    if values.max() <= 1:
        return [(("no", "yes")[value], values == value) for value in (0, 1) if (values == value).any()]
    edges = np.unique([0, *np.quantile(values, [0.25, 0.5, 0.75], method="higher").tolist(), values.max() + 1])
    bins = [(a, b, (values >= a) & (values < b)) for a, b in pairwise(edges.astype(np.int64).tolist())]
    return [(f"{a}" if b == a + 1 else f"{a} to {b - 1}", mask) for a, b, mask in bins if mask.any()]


def measure(name: str, *, n_folds: int, excludes: bool) -> None:
    """Print both tables of one source."""
    if not DATA.exists():
        raise SystemExit(f"this benchmark reads {DATA}, which is not here; see shared/data/README.md for its source.")
    intake = SOURCES[name]()
    source = intake.ordered("played")
    eligible = np.flatnonzero(np.diff(source.offsets) >= 3)
    parts = [np.sort(part) for part in np.array_split(generator(1, Purpose.HOLDOUT).permutation(eligible), N_PARTS)]
    pooled: dict[str, Pooled] = {}
    kinds = Kinds()
    for number in range(n_folds):
        one_fold(intake, parts, number, pooled, kinds, excludes=excludes)
    n_questions = sum(len(each) for each in pooled[OURS].ranks)
    print(
        f"\n### {name}: {source.n_sequences:,} sequences, {len(eligible):,} of three and more, {n_folds} of {N_PARTS} "
        f"folds, {n_questions:,} questions, query {'excluded' if excludes else 'may be an answer'}\n"
    )
    print(table(pooled), "\n")
    rivals = [each for each in pooled if each.startswith(("item-kNN", "counts", "EASE", "Firth, recipe: model"))]
    print(breakdown(pooled, kinds, rivals), flush=True)


def main() -> None:
    """Print the tables of the sources that were named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help=", ".join(SOURCES))
    parser.add_argument("--folds", type=int, default=5, help="of ten")
    parser.add_argument("--keep-query", action="store_true", help="a query's own items may be answers")
    arguments = parser.parse_args()
    if not 1 <= arguments.folds <= N_PARTS or set(arguments.sources) - set(SOURCES):
        raise OptionError(f"folds must be 1 to {N_PARTS}, sources {', '.join(SOURCES)}.")
    print(machine())
    for name in arguments.sources or SOURCES:
        measure(name, n_folds=arguments.folds, excludes=not arguments.keep_query)


if __name__ == "__main__":
    main()
