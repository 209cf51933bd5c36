import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth.errors import DataError, OptionError, UnknownItemError
from firth.vectors.vectors import Vectors


@pytest.fixture
def compass():
    keys = ["north", "up", "east", "south", "nothing"]
    return Vectors(keys, [[0.0, 2.0], [0.1, 1.0], [3.0, 0.0], [0.0, -0.5], [0.0, 0.0]])


def test_the_query_is_no_answer(compass):
    assert [key for key, _ in compass.most_similar("north")] == ["up", "east", "nothing", "south"]


def test_similarity_is_the_cosine_whatever_the_length(compass):
    assert compass.similarity("north", "south") == -1.0
    assert compass.similarity("north", "nothing") == 0.0


def test_each_term_counts_alike_whatever_its_length():
    vectors = Vectors(["long", "short", "between", "beside"], [[100.0, 0.0], [0.0, 0.1], [1.0, 1.0], [1.0, 0.1]])
    assert vectors.most_similar(plus=["long", "short"], k=1)[0][0] == "between"


def test_arithmetic_subtracts(compass):
    ((key, cosine),) = compass.most_similar(plus=["east"], minus=["north"], k=1)
    assert key == "south"
    assert cosine == pytest.approx(0.5**0.5)


def test_a_key_with_minus_is_a_term_of_the_sum(compass):
    assert compass.most_similar("east", minus=["north"]) == compass.most_similar(plus=["east"], minus=["north"])


def test_most_similar_and_neighbors_agree(compass):
    near = compass.neighbors([2], k=3)
    assert compass.most_similar("east", k=3) == [
        (compass.keys[i], float(c)) for i, c in zip(near.ids[0], near.similarities[0], strict=True)
    ]


def test_nothing_asked_is_refused(compass):
    with pytest.raises(OptionError, match="at least one key"):
        compass.most_similar()


def test_one_text_instead_of_a_list_is_refused(compass):
    with pytest.raises(OptionError, match="list of keys"):
        compass.most_similar(plus="north")


def test_an_unknown_key_names_the_closest(compass):
    with pytest.raises(UnknownItemError, match="'north'"):
        compass["nort"]


@pytest.mark.parametrize("ids", [[5], [-1]])
def test_an_id_that_does_not_exist_is_refused(compass, ids):
    with pytest.raises(DataError, match="ids must be from 0 to 4"):
        compass.neighbors(ids)


def test_no_ids_have_no_neighbours(compass):
    assert compass.neighbors([], k=2).ids.shape == (0, 2)


def test_one_item_has_no_neighbours():
    assert Vectors(["one"], [[1.0]]).neighbors(k=10).ids.shape == (1, 0)


def test_a_nan_names_its_item():
    with pytest.raises(DataError, match="'b'"):
        Vectors(["a", "b"], [[1.0], [np.nan]])


@pytest.mark.parametrize("field", ["outputs", "biases", "noise", "counts"])
def test_lengths_must_agree(field):
    with pytest.raises(DataError, match=field):
        Vectors(["a", "b"], [[1.0], [2.0]], **{field: np.ones((3, 1) if field == "outputs" else 3)})


def test_rows_must_be_as_many_as_keys():
    with pytest.raises(DataError, match="9 rows but there are 10 keys"):
        Vectors([str(i) for i in range(10)], np.ones((9, 2)))


def test_what_is_given_is_neither_changed_nor_locked():
    matrix = np.ones((2, 2), np.float32)
    vectors = Vectors(["a", "b"], matrix)
    with pytest.raises(ValueError, match="read-only"):
        vectors.matrix[0, 0] = 5.0
    matrix[0, 0] = 2.0
    assert matrix[0, 0] == 2.0


@given(seed=st.integers(0, 1000))
def test_permuting_items_permutes_neighbours(seed):
    random = np.random.default_rng(seed)
    matrix = random.standard_normal((23, 6)).astype(np.float32)
    order = random.permutation(23)
    keys = np.array([f"key {i}" for i in range(23)])
    before, after = Vectors(keys.tolist(), matrix), Vectors(keys[order].tolist(), matrix[order])
    assert after.most_similar("key 4", k=5) == before.most_similar("key 4", k=5)
