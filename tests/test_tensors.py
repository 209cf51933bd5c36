"""Files of arrays: the bytes of the format's own library, blocks at a time, mapped where they are large."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from firth import tensors
from firth.mapped import is_mapped
from firth.tensors import read_tensors, write_tensors

RANDOM = np.random.default_rng(0)
CASES = {
    "a run's": {
        "vectors": RANDOM.normal(size=(17, 5)).astype(np.float32),
        "outputs": RANDOM.normal(size=(17, 5)).astype(np.float32),
        "counts": np.arange(17),
        "biases": np.zeros(17, np.float32),
    },
    "all kinds": {
        name: np.arange(7).astype(name) for name in ("u1", "f2", "f4", "f8", "i1", "i4", "i8", "u4", "u8", "i2", "u2")
    },
    "nothing in it": {"vectors": np.zeros((0, 3), np.float32), "b": np.zeros(0, np.int64)},
    "a name beyond ASCII": {"grüße 名": np.ones((1, 1), np.float32), 'quo"te': np.ones(3, np.float32)},
    "no arrays": {},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("block", [1 << 22, 7])
def test_bytes_are_those_of_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str, block: int) -> None:
    monkeypatch.setattr(tensors, "_BLOCK", block)
    save_file(CASES[case], tmp_path / "theirs")
    write_tensors(tmp_path / "ours", CASES[case])
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


def test_rows_with_padding_are_written_without_it(tmp_path: Path) -> None:
    padded = RANDOM.normal(size=(9, 8)).astype(np.float32)
    write_tensors(tmp_path / "file", {"vectors": padded[:, :5]})
    np.testing.assert_array_equal(load_file(tmp_path / "file")["vectors"], padded[:, :5])


@pytest.mark.parametrize("case", ["a run's", "all kinds", "nothing in it"])
def test_what_is_mapped_is_what_was_written(tmp_path: Path, case: str) -> None:
    save_file(CASES[case], tmp_path / "file", metadata={"format": "np"})
    read = read_tensors(tmp_path / "file", is_mapped=True)
    assert read.keys() == CASES[case].keys()
    for name, array in CASES[case].items():
        np.testing.assert_array_equal(read[name], array)
        assert read[name].dtype == array.dtype
        assert is_mapped(read[name]) == (array.size > 0)


def test_only_large_files_are_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tensors(tmp_path / "file", CASES["a run's"])
    assert not is_mapped(read_tensors(tmp_path / "file")["vectors"])
    monkeypatch.setattr(tensors, "LARGE_BYTES", 100)
    assert is_mapped(read_tensors(tmp_path / "file")["vectors"])


@pytest.mark.parametrize("is_large", [False, True])
@pytest.mark.parametrize("damage", ["short", "header", "empty"])
def test_a_damaged_file_is_refused(tmp_path: Path, damage: str, is_large: bool) -> None:
    write_tensors(tmp_path / "file", CASES["a run's"])
    content = (tmp_path / "file").read_bytes()
    changed = {"short": content[:-4], "header": b"\xff" * 8 + content[8:], "empty": b""}[damage]
    (tmp_path / "file").write_bytes(changed)
    with pytest.raises(SafetensorError):
        read_tensors(tmp_path / "file", is_mapped=is_large)


def test_a_mapped_file_may_be_replaced(tmp_path: Path) -> None:
    write_tensors(tmp_path / "file", CASES["a run's"])
    read = read_tensors(tmp_path / "file", is_mapped=True)
    write_tensors(tmp_path / "next", {"vectors": np.zeros((1, 1), np.float32)})
    (tmp_path / "next").replace(tmp_path / "file")
    np.testing.assert_array_equal(read["vectors"], CASES["a run's"]["vectors"])
