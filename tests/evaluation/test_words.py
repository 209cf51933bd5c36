"""Likeness of pairs and analogies, against brute force and against gensim."""

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from firth.errors import OptionError
from firth.evaluation import AnalogyQuestions, WordPairs, analogies, similarity
from firth.evaluation.words import average_ranks
from firth.progress import CallbackProgress
from firth.vectors.vectors import Vectors

SIZE = 12


def planted(n_pairs: int = 30, n_others: int = 60, noise: float = 0.5) -> Vectors:
    """Countries and capitals with a common difference, blurred, among other words; frequent words first."""
    draws = np.random.default_rng(4)
    countries = draws.standard_normal((n_pairs, SIZE))
    capitals = countries + np.array([1.5, -1, 0.5] + [0] * (SIZE - 3)) + noise * draws.standard_normal((n_pairs, SIZE))
    keys = [f"{kind}{i}" for i in range(n_pairs) for kind in ("country", "capital")]
    rows = np.stack([countries, capitals], axis=1).reshape(-1, SIZE)
    keys += [f"other{i}" for i in range(n_others)]
    rows = np.vstack([rows, draws.standard_normal((n_others, SIZE))])
    order = draws.permutation(len(keys))
    return Vectors([keys[i] for i in order], rows[order], counts=np.arange(len(keys), 0, -1))


def capitals(n_pairs: int = 32) -> AnalogyQuestions:
    """Questions of which some have unknown words: the vectors know 30 countries."""
    pairs = list(pairwise(range(n_pairs)))
    forth = tuple((f"capital{i}", f"country{i}", f"capital{j}", f"country{j}") for i, j in pairs)
    back = tuple((f"Country{i}", f"Capital{i}", f"Country{j}", f"Capital{j}") for i, j in pairs)
    return AnalogyQuestions("planted", {"capitals": forth, "gram-back": back})


def brute_force(vectors: Vectors, questions: AnalogyQuestions, method: str, restrict: int) -> dict[str, list[int]]:
    """Right, answered and all questions by section, one question at a time."""
    keys = vectors.keys[:restrict]
    unit = vectors.matrix[:restrict].astype(float)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    found = {}
    for name, section in questions.sections.items():
        right = answered = 0
        for question in section:
            words = [word if word in keys else word.lower() for word in question]
            if all(word in keys for word in words):
                a, b, c, d = (keys.index(word) for word in words)
                cosines = [unit @ unit[i] for i in (a, b, c)]
                if method == "3cosadd":
                    scores = cosines[1] - cosines[0] + cosines[2]
                else:
                    one, two, three = ((1 + cosine) / 2 for cosine in cosines)
                    scores = two * three / (one + 0.001)
                scores[[a, b, c]] = -np.inf
                answered += 1
                right += int(scores.argmax()) == d
        found[name] = [right, answered, len(section)]
    return found


@pytest.mark.parametrize("method", ["3cosadd", "3cosmul"])
@pytest.mark.parametrize("restrict", [120, 100, 40, 3, 1])
def test_analogies_are_those_of_brute_force(method, restrict):
    vectors, questions = planted(), capitals()
    result = analogies(vectors, questions, method=method, restrict=restrict)
    found = {name: [one.n_correct, one.n_answered, one.n_questions] for name, one in result.sections.items()}
    assert found == brute_force(vectors, questions, method, restrict)
    assert restrict < 100 or 0.2 < result.total.accuracy < 0.98


def test_the_methods_differ():
    results = [analogies(planted(), capitals(), method=method).total for method in ("3cosadd", "3cosmul")]
    assert results[0].n_correct != results[1].n_correct


def test_every_question_is_accounted_for():
    result = analogies(planted(), capitals(), restrict=100)
    assert [result.total.n_questions, result.total.n_oov] == [62, 4]
    assert result.total.n_outside > 0
    assert result.total.accuracy_of_all == result.total.n_correct / 62
    assert result.total.accuracy == result.total.n_correct / (62 - 4 - result.total.n_outside)
    parts = (result.semantic, result.syntactic)
    assert [part.n_questions for part in parts] == [31, 31]
    assert sum(part.n_correct for part in parts) == result.total.n_correct


def test_upper_case_words_are_unknown_where_case_counts():
    result = analogies(planted(), capitals(), case_insensitive=False)
    assert result.sections["gram-back"].n_oov == 31
    assert math.isnan(result.syntactic.accuracy)


def test_a_key_as_it_is_written_comes_before_its_lower_case():
    vectors = Vectors(["turkey", "Turkey", "bird"], [[1, 0], [0, 1], [1, 0.1]])
    pairs = WordPairs("p", (("Turkey", "bird", 1.0), ("turkey", "Bird", 2.0)))
    assert similarity(vectors, pairs).spearman == 1.0


def test_the_most_frequent_items_are_asked_wherever_they_stand():
    vectors, questions = planted(), capitals()
    order = np.random.default_rng(2).permutation(len(vectors))
    shuffled = Vectors([vectors.keys[i] for i in order], vectors.matrix[order], counts=vectors.counts[order])
    one, other = (analogies(each, questions, restrict=80) for each in (vectors, shuffled))
    assert one == other


@pytest.mark.parametrize("method", ["3cosadd", "3cosmul"])
def test_threads_do_not_change_an_answer(method):
    one, many = (analogies(planted(), capitals(), method=method, n_jobs=jobs) for jobs in (1, 3))
    assert one == many


def test_progress_reaches_its_total():
    heard = []
    progress = CallbackProgress(lambda *all_of_it: heard.append(all_of_it))
    result = analogies(planted(), capitals(), progress=progress)
    assert heard[-1][:3] == ("analogies 3cosadd", result.total.n_answered, result.total.n_answered)


@pytest.mark.parametrize(("options", "message"), [({"restrict": 0}, "restrict"), ({"method": "cosadd"}, "'3cosmul'")])
def test_options_outside_their_range_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        analogies(planted(), capitals(), **options)


@given(numbers=st.lists(st.integers(-3, 3), min_size=1, max_size=30))
def test_ranks_are_scipys(numbers):
    assert average_ranks(numbers).tolist() == stats.rankdata(numbers).tolist()


def test_similarity_is_scipys_spearman_over_known_pairs_with_ties():
    vectors, draws = planted(), np.random.default_rng(8)
    keys = vectors.keys
    pairs = [(keys[a], keys[b], float(s)) for a, b, s in draws.integers(0, 12, (50, 3))]
    result = similarity(vectors, WordPairs("p", (*pairs, ("atlantis", keys[0], 5.0)), bad_lines=(7,)))
    cosines = [round(vectors.similarity(a, b), 6) for a, b, _ in pairs]
    expected = stats.spearmanr(cosines, [score for *_, score in pairs]).statistic
    assert result.spearman == pytest.approx(expected, abs=1e-12)
    assert (result.n_pairs, result.n_oov, result.n_bad_lines) == (51, 1, 1)
    assert result.coverage == 50 / 51


def test_equal_vectors_are_ties_whatever_their_rounding():
    vectors = Vectors(["a", "b", "c", "d"], np.random.default_rng(1).standard_normal((4, 7)))
    pairs = WordPairs("p", (("a", "a", 3.0), ("b", "b", 3.0), ("c", "c", 3.0), ("a", "b", 1.0)))
    assert similarity(vectors, pairs).spearman == 1.0


@pytest.mark.parametrize(
    "pairs", [(("country1", "capital1", 3.0),), (("x", "y", 1.0),) * 4, (("country1", "capital1", 3.0),) * 4]
)
def test_no_correlation_is_not_a_number(pairs):
    assert math.isnan(similarity(planted(), WordPairs("p", pairs)).spearman)


@pytest.fixture(scope="module")
def gensim_vectors():
    models = pytest.importorskip("gensim.models", reason="gensim is not installed")
    vectors = planted(noise=0.4)
    theirs = models.KeyedVectors(SIZE)
    theirs.add_vectors(vectors.keys, vectors.matrix)
    return vectors, theirs


@pytest.mark.parametrize("restrict", [120, 70])
def test_analogies_are_gensims(gensim_vectors, tmp_path: Path, restrict: int):
    vectors, theirs = gensim_vectors
    questions = capitals()
    lines = [f": {name}\n" + "".join(" ".join(q) + "\n" for q in part) for name, part in questions.sections.items()]
    (tmp_path / "q.txt").write_text("".join(lines), encoding="utf-8")
    _, sections = theirs.evaluate_word_analogies(tmp_path / "q.txt", restrict_vocab=restrict)
    expected = {
        one["section"]: (len(one["correct"]), len(one["correct"]) + len(one["incorrect"])) for one in sections[:-1]
    }
    mine = analogies(vectors, AnalogyQuestions.read(tmp_path / "q.txt"), restrict=restrict)
    assert {name: (one.n_correct, one.n_answered) for name, one in mine.sections.items()} == expected


def test_similarity_is_gensims(gensim_vectors, tmp_path: Path):
    vectors, theirs = gensim_vectors
    lines = [f"country{i}\tCapital{(i * 5) % 31}\t{i % 7}\n" for i in range(30)]
    (tmp_path / "p.tsv").write_text("".join(lines), encoding="utf-8")
    _, spearman, percent_oov = theirs.evaluate_word_pairs(tmp_path / "p.tsv")
    mine = similarity(vectors, WordPairs.read(tmp_path / "p.tsv"))
    assert mine.spearman == pytest.approx(spearman.statistic, abs=1e-6)
    assert 100 * (1 - mine.coverage) == pytest.approx(percent_oov)
