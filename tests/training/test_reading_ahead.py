"""Corpora in files are read ahead and let go: the bytes are the same, and memory does not grow with the file."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firth import _kernel
from firth.arrays import Int32
from firth.corpus.corpus import Corpus, fingerprint
from firth.corpus.sequences import SequenceContext
from firth.errors import RunError
from firth.mapped import is_mapped, let_go, scratch, will_need
from firth.training import TrainOptions, fit
from firth.training.reading_ahead import ReadAhead
from firth.training.schedule import Schedule

CorpusMaker = Callable[..., Corpus]
OPTIONS = TrainOptions(vector_size=8, lane_size=40, lanes=4, epochs=2)


def resident_bytes(array: np.ndarray) -> int:
    """Return how much of a mapped array this process holds in memory, as Linux tells."""
    smaps = Path("/proc/self/smaps")
    if not smaps.exists():
        pytest.skip("only Linux tells what is resident")
    address, is_mine = array.ctypes.data, False
    for line in smaps.read_text().splitlines():
        head = line.split(maxsplit=1)[0]
        if "-" in head and not head.endswith(":"):
            low, high = (int(part, 16) for part in head.split("-"))
            is_mine = low <= address < high
        elif is_mine and head == "Rss:":
            return int(line.split()[1]) * 1024
    raise AssertionError("the array is not mapped")


def in_file(array: Int32, path: Path) -> Int32:
    """Return a read-only memory map of an array's bytes."""
    array.tofile(path)
    return np.memmap(path, dtype=array.dtype, mode="r", shape=array.shape)


def with_mapped_tokens(corpus: Corpus, folder: Path) -> Corpus:
    """Return a corpus whose sequences lie in files."""
    contexts = tuple(
        replace(each, tokens=in_file(each.tokens, folder / each.name)) if each in corpus.sequences else each
        for each in corpus.contexts
    )
    return replace(corpus, contexts=contexts)


def test_what_is_let_go_leaves_memory_and_comes_back_as_it_was(tmp_path: Path) -> None:
    array = in_file(np.arange(1 << 20, dtype=np.int32), tmp_path / "numbers")
    assert int(array.sum(dtype=np.int64)) == (1 << 19) * ((1 << 20) - 1)
    before = resident_bytes(array)
    let_go(array, 1 << 18, 1 << 20)
    assert resident_bytes(array) < before // 2
    np.testing.assert_array_equal(array[(1 << 18) - 3 : (1 << 18) + 3], np.arange((1 << 18) - 3, (1 << 18) + 3))


def test_a_corpus_that_was_hashed_is_not_held(tmp_path: Path) -> None:
    tokens = in_file(np.zeros(1 << 24, dtype=np.int32), tmp_path / "tokens")
    context = SequenceContext("a", 1.0, None, tokens, np.array([0, 1 << 24]), -1, np.array([1 << 24]), {})
    in_memory = replace(context, tokens=np.zeros(1 << 24, dtype=np.int32))
    keys, counts = ["a"], np.array([1 << 24])
    assert fingerprint(keys, counts, (context,)) == fingerprint(keys, counts, (in_memory,))
    assert resident_bytes(tokens) < 8 << 20


def test_a_part_of_a_map_is_advised_by_its_own_places(tmp_path: Path) -> None:
    array = in_file(np.arange(1 << 20, dtype=np.int32), tmp_path / "numbers")
    total = int(array.sum(dtype=np.int64))
    let_go(array[1 << 19 :])
    assert 1 << 20 < resident_bytes(array) < 3 << 20
    assert int(array.sum(dtype=np.int64)) == total


@pytest.mark.parametrize("kind", ["plain", "private", "view of bytes", "anonymous"])
def test_what_is_no_file_is_left_alone(tmp_path: Path, kind: str) -> None:
    numbers = np.arange(5000, dtype=np.int32)
    if kind == "private":
        numbers.tofile(tmp_path / "numbers")
        array = np.memmap(tmp_path / "numbers", dtype=np.int32, mode="c")
        array[:] += 1
        numbers += 1
    elif kind == "view of bytes":
        array = np.frombuffer(numbers.tobytes(), dtype=np.int32)
    elif kind == "anonymous":
        array = np.ndarray(5000, dtype=np.int32, buffer=mmap.mmap(-1, numbers.nbytes))
        array[:] = numbers
    else:
        array = numbers.copy()
    will_need(array, 0, 5000)
    let_go(array)
    np.testing.assert_array_equal(array, numbers)
    assert not is_mapped(array)


def test_a_scratch_file_has_no_name_and_takes_its_room_at_once(tmp_path: Path) -> None:
    array = scratch((3, 700), np.float32, folder=tmp_path)
    assert array.shape == (3, 700)
    assert not array.any()
    assert is_mapped(array)
    assert not list(tmp_path.iterdir())


def test_room_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"cannot write .* bytes to .*TMPDIR"):
        scratch((1 << 45,), np.float32, folder=tmp_path)


@pytest.mark.parametrize("shuffle_block", [0, 200])
def test_bytes_are_those_of_a_corpus_in_memory(ordered_corpus: CorpusMaker, tmp_path: Path, shuffle_block: int) -> None:
    options = replace(OPTIONS, shuffle_block=shuffle_block)
    corpus = ordered_corpus(n_tokens=9_000)
    plain, mapped = fit(corpus, options), fit(with_mapped_tokens(corpus, tmp_path), options)
    assert plain.vectors.tobytes() == mapped.vectors.tobytes()


@pytest.mark.parametrize("block_chunks", [0, 500])
def test_memory_holds_a_window_of_the_file_and_not_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_chunks: int
) -> None:
    monkeypatch.setattr("firth.training.reading_ahead._LEAST_AHEAD", 1 << 18)
    n, chunk_size, lanes = 1 << 24, 1000, 4
    tokens = in_file(np.zeros(n, dtype=np.int32), tmp_path / "tokens")
    source = _kernel.Sequences(
        tokens=tokens,
        offsets=np.array([0, n]),
        keep=np.ones(2, np.uint32),
        unknown=-1,
        before=1,
        after=1,
        shrink=False,
        chunk_size=chunk_size,
        heldout_salt=0,
        heldout_threshold=0,
        seed=1,
        context=0,
        block_chunks=block_chunks,
    )
    plan = Schedule(plans=[(0, chunk_size, 1)], pattern=np.zeros(1, np.int32), n_lanes=source.n_chunks, epochs=1.0)
    ahead = ReadAhead(plan, lanes, [(0, source, tokens, np.array([0, n]))])
    let_go(tokens)
    most = 0
    for step in range(0, source.n_chunks // lanes, 64):
        ahead.before(step, step + 64)
        for begin, end in source.extents(step * lanes, (step + 64) * lanes).tolist():
            tokens[begin:end].max()
        most = max(most, resident_bytes(tokens))
    # Of 64 MiB, which a system may map in pages of 2; without letting go it is all of them.
    assert most < 24 << 20


def test_both_kinds_of_context_share_the_lanes(ordered_corpus: CorpusMaker, tmp_path: Path) -> None:
    corpus = ordered_corpus(groups=True, n_contexts=2)
    plain, read = fit(corpus, OPTIONS), fit(with_mapped_tokens(corpus, tmp_path), OPTIONS)
    assert plain.vectors.tobytes() == read.vectors.tobytes()
