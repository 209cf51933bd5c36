"""Texts read by the workers of a real cluster: the bytes of one process, and what goes wrong on a machine named."""

import gzip
import os
import signal
import time
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import pytest

import firth
from firth.cluster.connection import Cluster, connect
from firth.cluster.encoding import ClusterReader
from firth.corpus.encoded import Encoded
from firth.corpus.phrases import PhraseOptions
from firth.corpus.text_files import TextFile
from firth.corpus.text_options import TextOptions
from firth.corpus.text_pieces import TextPiece
from firth.corpus.texts import encode_text
from firth.errors import OptionError, SourceError, SourceNotFoundError

WORDS = ["the", "Tree", "bark", "Éléphant", "ΑΣ", "of", "new", "york", "\ufeff"]
TEXT = " ".join(WORDS[(n * n + n // 7) % 9] + "\n" * (n % 11 == 0) for n in range(5_000)).encode() + b" last\xff w\xfe"


@pytest.fixture(scope="module")
def cluster(ray_cluster: object) -> Iterator[Cluster]:  # noqa: ARG001
    with connect() as found:
        yield found


def check_equal(one: Encoded, other: Encoded) -> None:
    assert (other.keys, other.report, other.examples) == (one.keys, one.report, one.examples)
    for name in ("counts", "tokens", "offsets"):
        assert getattr(other, name).tobytes() == getattr(one, name).tobytes()
    assert other.fingerprint == one.fingerprint


@pytest.mark.parametrize(
    ("options", "piece_bytes"),
    [
        (TextOptions(), 1_111),
        (TextOptions(lowercase=True), 7_000),
        (TextOptions(token_pattern=r"\w+", tokens_per_sequence=7), 10_000),
        (TextOptions(phrases=PhraseOptions(threshold=0.0)), 5_000),
        (TextOptions(), 1 << 20),
    ],
    ids=["pieces", "lowercase", "pattern", "phrases", "whole"],
)
def test_the_bytes_are_those_of_one_process(cluster: Cluster, tmp_path: Path, options: TextOptions, piece_bytes: int):
    paths = [tmp_path / "a.txt", tmp_path / "b.txt.gz", tmp_path / "c.txt"]
    paths[0].write_bytes(TEXT)
    paths[1].write_bytes(gzip.compress(TEXT[::-1]))
    paths[2].write_bytes(b"one short line")
    here = encode_text(paths, options, cache=False)
    assert here.report["files_read"] == 3
    reader = ClusterReader(cluster, piece_bytes=piece_bytes)
    check_equal(here, encode_text(paths, options, cache=tmp_path / "cache", reader=reader))
    check_equal(here, encode_text(paths, options, cache=tmp_path / "cache"))  # from the same entry
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_a_corpus_is_read_by_a_cluster(cluster: Cluster, tmp_path: Path):
    (tmp_path / "text.txt").write_bytes(TEXT)
    here, there = (
        firth.read_text(tmp_path / "text.txt", cache=False, reader=reader) for reader in (None, ClusterReader(cluster))
    )
    assert there.fingerprint == here.fingerprint


def test_a_recipes_text_is_read_by_a_cluster(cluster: Cluster, tmp_path: Path):
    (tmp_path / "text.txt").write_bytes(TEXT)
    source = {"path": str(tmp_path / "text.txt"), "cache": False}
    train = {"vector_size": 4, "epochs": 1}
    recipe = firth.Recipe.from_dict({"source": source, "train": train, "map": {"enabled": False}}, name="text")
    here, there = (
        firth.run_recipe(recipe, out=tmp_path / name, reader=reader)
        for name, reader in (("here", None), ("there", ClusterReader(cluster, piece_bytes=5_000)))
    )
    assert there.vectors.matrix.tobytes() == here.vectors.matrix.tobytes()
    assert there.document["source"]["rows"] == here.document["source"]["rows"]


def test_strict_names_the_line_of_the_whole_text(cluster: Cluster, tmp_path: Path):
    (tmp_path / "text.txt").write_bytes(TEXT)
    n_lines = TEXT.count(b"\n") + 1
    with pytest.raises(SourceError, match=rf"line {n_lines:,}: 'last\ufffd' is not UTF-8"):
        encode_text(
            [tmp_path / "text.txt"],
            TextOptions(strict=True),
            cache=False,
            reader=ClusterReader(cluster, piece_bytes=999),
        )


@pytest.mark.parametrize("suffix", [".txt", ".txt.gz"])
def test_a_worker_without_the_file_is_named(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
):
    (tmp_path / f"text{suffix}").write_bytes(TEXT if suffix == ".txt" else gzip.compress(TEXT))
    monkeypatch.chdir(tmp_path)
    here = Path(f"/proc/self/cwd/text{suffix}")  # a path that is another place for each process
    with pytest.raises(
        SourceNotFoundError, match=rf"^reading {here}.*, on node .*: there is no file {here}\. .*put it on a shared"
    ):
        encode_text([here], cache=False, reader=ClusterReader(cluster, piece_bytes=9_000))


def _workers(name: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            title = path.read_bytes()
        except OSError:
            continue
        if title.startswith(b"ray::") and name.encode() in title:
            found.append(int(path.parent.name))
    return found


def test_a_compressed_texts_reader_that_is_killed_begins_again(cluster: Cluster, tmp_path: Path):
    path = tmp_path / "text.txt.gz"
    path.write_bytes(gzip.compress(TEXT * 700))
    files, options = [TextFile.of(path)], TextOptions()
    expected = [piece.keys for piece in ClusterReader(cluster, piece_bytes=1 << 20).pieces(files, options)]
    assert len(expected) >= 4
    pieces = ClusterReader(cluster, piece_bytes=1 << 20).pieces(files, options)
    found = [next(pieces).keys]
    (reader,) = _workers("_PackedReader")
    os.kill(reader, signal.SIGKILL)
    found += [piece.keys for piece in pieces]
    assert found == expected


class Read:
    """Pieces that were read already."""

    def __init__(self, pieces: Iterator[TextPiece]) -> None:
        self._pieces = pieces

    def pieces(self, _files: Sequence[TextFile], _options: TextOptions) -> Iterator[TextPiece]:
        return self._pieces


def test_a_full_object_store_is_written_to_disk(cluster: Cluster, tmp_path: Path):
    path = tmp_path / "text.txt"
    path.write_bytes(b"a\nb\n" * (8 << 20))  # each two bytes become twelve: 192 MiB for two stores of 80
    here = encode_text([path], cache=False, n_jobs=2)
    reader = ClusterReader(cluster, piece_bytes=4 << 20, n_ahead=20)
    pieces = reader.pieces([TextFile.of(path)], TextOptions())
    first = next(pieces)
    while len(_workers("_piece")):  # all are read before any other is taken
        time.sleep(0.05)
    check_equal(here, encode_text([path], cache=False, reader=Read(chain([first], pieces))))


@pytest.mark.parametrize("options", [{"piece_bytes": 0}, {"n_ahead": 0}, {"piece_bytes": 1.5}])
def test_numbers_of_a_reader_are_whole(cluster: Cluster, options: dict[str, object]):
    with pytest.raises(OptionError, match="must be a whole number >= 1"):
        ClusterReader(cluster, **options)
