"""What must hold for any run: saving and loading is identity, whatever the keys and numbers."""

import tempfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firth.runs.items import blank_items
from firth.runs.overrides import parse_overrides
from firth.runs.record import Record
from firth.runs.run import Run
from firth.runs.typed import closest
from firth.vectors.vectors import Vectors

KEYS = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12), min_size=2, max_size=9, unique=True
)


@settings(deadline=None, max_examples=40)
@given(keys=KEYS, seed=st.integers(0, 2**32 - 1), size=st.integers(1, 5), has_counts=st.booleans())
def test_a_run_of_any_keys_survives_its_folder(keys: list[str], seed: int, size: int, has_counts: bool):
    draws = np.random.default_rng(seed)
    counts = draws.integers(1, 99, len(keys)) if has_counts else None
    vectors = Vectors(keys, draws.standard_normal((len(keys), size)), counts=counts)
    run = Run(vectors, blank_items(keys, counts), pl.DataFrame({"loss": [1.5]}), Record("a", folder=None).document)
    with tempfile.TemporaryDirectory() as folder:
        loaded = Run.load(run.save(Path(folder) / "run").folder)
    assert loaded.vectors.keys == keys
    assert loaded.vectors.matrix.tobytes() == vectors.matrix.tobytes()
    assert loaded.items.equals(run.items)
    assert (loaded.vectors.counts is None) is (counts is None)


@given(key=st.from_regex(r"[a-z]+\.[a-z_]+", fullmatch=True), value=st.text(max_size=20))
def test_any_text_can_be_set_when_quoted_as_toml(key: str, value: str):
    quoted = "".join(f"\\U{ord(letter):08x}" for letter in value)
    assert parse_overrides([f'{key}="{quoted}"']) == {key: value}


@pytest.mark.parametrize(
    ("name", "expected"), [("Vector_Size", "vector_size"), ("epoch", "epochs"), ("zzzz", None), ("", None)]
)
def test_the_closest_name_is_found_whatever_its_case(name: str, expected: str | None):
    assert closest(name, ["vector_size", "epochs", "negative"]) == ([] if expected is None else [expected])
