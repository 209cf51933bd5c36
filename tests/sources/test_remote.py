"""Files elsewhere, by URL: what a local file gives, and errors that say what is wrong with them."""

import functools
import gzip
import http.server
import lzma
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

import firth
from firth.corpus.encoded import Encoded
from firth.corpus.text_options import TextOptions
from firth.corpus.texts import encode_text
from firth.errors import MissingExtraError, SourceError, SourceNotFoundError
from firth.runs.sections import SourceOptions
from firth.sources import remote, tables
from firth.sources.origin import FileRead
from firth.sources.remote import RemoteFile, local_copy, locate
from firth.sources.streams import open_stream

TEXT = b"".join(b"%d bottles of beer\n" % (number % 97) for number in range(4_000))
TABLE = "item,basket\nmilk,1\nbread,1\nmilk,2\neggs,2\n"


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder in parts, as servers of files do; the standard library's serves whole files only."""

    serves_parts = True
    cuts: list[int] = []  # noqa: RUF012 (a server's, set by tests)

    def do_HEAD(self) -> None:
        self._answer(has_body=False)

    def do_GET(self) -> None:
        self._answer(has_body=True)

    def _answer(self, *, has_body: bool) -> None:
        path = Path(self.directory) / self.path.lstrip("/").partition("?")[0]
        if not path.is_file():
            self.send_error(404 if "secret" not in path.name else 403)
            return
        data, asked = path.read_bytes(), self.headers.get("Range")
        start, end = 0, len(data)
        if asked and self.serves_parts:
            first, _, last = asked.removeprefix("bytes=").partition("-")
            start, end = int(first), min(int(last) + 1 if last else len(data), len(data))
        self.send_response(206 if asked and self.serves_parts else 200)
        if asked and self.serves_parts:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
        self.send_header("Content-Length", str(end - start))
        self.send_header("ETag", f'"{hash(data):x}"')
        self.send_header("Last-Modified", "Sat, 21 Nov 2026 20:00:00 GMT")
        self.end_headers()
        if has_body:
            n = self.cuts.pop(0) if self.cuts else None
            self.wfile.write(data[start:end][:n])
            if n is not None:
                self.close_connection = True
                self.connection.shutdown(2)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Path, type[Handler]]]:
    """A web server's address, its folder, and its ways."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Own(Handler):
        cuts: list[int] = []  # noqa: RUF012

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Own, directory=str(folder))) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", folder, Own
        server.shutdown()
        thread.join()


@pytest.fixture
def memory() -> Iterator[str]:
    """A folder of fsspec's memory, by its URL."""
    url = f"memory://{uuid.uuid4().hex}"
    yield url
    fs = fsspec.filesystem("memory")
    if fs.exists(url):
        fs.rm(url, recursive=True)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(remote, "_PAUSE_S", 0.001)


def put(url: str, content: bytes) -> str:
    with fsspec.open(url, "wb") as file:
        file.write(content)
    return url


def read_all(url: str) -> bytes:
    with open_stream(locate(url)) as stream:
        parts = []
        while part := stream.read(7_001):
            parts.append(part)
    return b"".join(parts)


def same(one: Encoded, other: Encoded) -> bool:
    return one.fingerprint == other.fingerprint and one.report == other.report and one.keys == other.keys


COMPRESS = {"": bytes, ".gz": gzip.compress, ".xz": lzma.compress}


@pytest.mark.parametrize("suffix", COMPRESS)
def test_a_text_elsewhere_is_that_of_a_local_file(memory: str, tmp_path: Path, suffix: str):
    (tmp_path / "local.txt").write_bytes(TEXT)
    here = encode_text([tmp_path / "local.txt"], cache=False)
    url = put(f"{memory}/text.txt{suffix}", COMPRESS[suffix](TEXT))
    assert same(encode_text([locate(url)], TextOptions(), cache=tmp_path / "cache", n_jobs=2, piece=1000), here)
    assert len(list((tmp_path / "cache").glob("text-*.encoded"))) == 1


def test_a_text_that_changed_elsewhere_is_read_again(memory: str, tmp_path: Path):
    url = put(f"{memory}/text.txt", b"a b a\n")
    first = encode_text([locate(url)], cache=tmp_path)
    assert encode_text([locate(url)], cache=tmp_path).keys == first.keys == ["a", "b"]
    put(url, b"b c b\n")
    assert encode_text([locate(url)], cache=tmp_path).keys == ["b", "c"]


@pytest.mark.parametrize("is_url", [True, False])
def test_a_file_url_is_the_local_file(tmp_path: Path, is_url: bool):
    path = tmp_path / "words and more.txt"
    path.write_bytes(TEXT)
    where = locate(f"file://{path}" if is_url else str(path))
    assert where == path
    corpus = firth.read_text(f"file://{path}" if is_url else path, cache=False)
    assert corpus.origin.files == (FileRead.of(path),)


def test_a_local_file_whose_name_looks_like_a_url_is_local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s3:").mkdir()
    (tmp_path / "s3:" / "text.txt").write_bytes(TEXT)
    assert isinstance(locate("s3://text.txt"), Path)
    assert isinstance(locate("s3://other.txt"), RemoteFile)


@pytest.mark.parametrize(
    ("url", "name", "suffixes"),
    [
        ("s3://bucket/a.b/plays.csv.gz", "plays.csv.gz", [".csv", ".gz"]),
        ("https://host/plays.parquet?X-Amz-Signature=a/b.txt", "plays.parquet", [".parquet"]),
        ("s3://bucket/what?.txt", "what?.txt", [".txt"]),
        ("simplecache::s3://bucket/plays.csv", "plays.csv", [".csv"]),
        ("zip://inside.csv::s3://bucket/plays.zip", "inside.csv", [".csv"]),
        ("memory://", "", []),
        ("https://host/a.txt?X-Amz-Signature=" + "f" * 9_000, "a.txt", [".txt"]),
    ],
)
def test_a_url_has_the_name_of_its_file(url: str, name: str, suffixes: list[str]):
    assert (locate(url).name, locate(url).suffixes) == (name, suffixes)


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "jsonl", "parquet", "json"])
def test_a_table_elsewhere_is_that_of_a_local_file(memory: str, tmp_path: Path, kind: str):
    import polars as pl

    frame = pl.read_csv(TABLE.encode(), schema_overrides={"basket": pl.String})
    path = tmp_path / f"table.{kind}"
    if kind == "parquet":
        frame.write_parquet(path)
    elif kind == "jsonl":
        frame.write_ndjson(path)
    elif kind == "json":
        path.write_text('{"playlists": [{"pid": 3, "tracks": [{"artist_name": "a", "track_name": "b"}]}]}')
    else:
        path.write_bytes(gzip.compress(TABLE.encode()) if kind == "csv.gz" else TABLE.encode())
    url = put(f"{memory}/table.{kind}", path.read_bytes())
    assert tables.load(url).equals(tables.load(path))
    here, there = (pl.concat(batch.frame for batch in tables.batches(where)) for where in (path, url))
    assert there.equals(here)


def test_slices_of_a_folder_elsewhere_are_read_by_name(memory: str):
    for number in (10, 9):
        track = f'{{"artist_name": "a{number}", "track_name": "b"}}'
        put(f"{memory}/slices/{number}.json", f'{{"playlists": [{{"pid": {number}, "tracks": [{track}]}}]}}'.encode())
    put(f"{memory}/slices/README.md", b"no slice")
    found = tables.load(f"{memory}/slices/")
    assert found["artist"].to_list() == ["a10", "a9"]
    assert SourceOptions(path=f"{memory}/slices/").kind == "playlists"


def test_a_recipe_reads_a_url_and_says_where_it_came_from(memory: str, tmp_path: Path):
    url = put(f"{memory}/baskets.csv", TABLE.encode() + b"bread,2\neggs,1\n")
    recipe = firth.Recipe.from_dict(
        {
            "source": {"path": url},
            "contexts": {"basket": {"item": "item", "column": "basket"}},
            "train": {"vector_size": 4, "epochs": 1},
            "map": {"enabled": False},
        },
        name="baskets",
    )
    run = firth.run_recipe(recipe, out=tmp_path / "run")
    (file,) = run.document["lineage"]["source"]["files"]
    assert file["path"] == url
    assert file["size_bytes"] == 56
    assert file["stamp"]
    assert file["modified"].startswith("20")
    assert file["sha256"] is None  # it would come over the network again


@pytest.mark.parametrize("serves_parts", [True, False])
def test_a_web_servers_file_is_that_of_a_local_file(
    served: tuple[str, Path, type[Handler]], serves_parts: bool, monkeypatch: pytest.MonkeyPatch
):
    url, folder, handler = served
    handler.serves_parts = serves_parts
    monkeypatch.setattr(remote, "_BLOCK", 10_000)
    (folder / "text.txt").write_bytes(TEXT)
    (folder / "text.txt.gz").write_bytes(gzip.compress(TEXT))
    assert read_all(f"{url}/text.txt?token=1") == TEXT
    assert read_all(f"{url}/text.txt.gz") == TEXT
    read = FileRead.of(locate(f"{url}/text.txt"))
    assert (read.size_bytes, read.modified_ns) == (len(TEXT), 1_795_291_200_000_000_000)
    assert read.stamp.startswith('"')


@pytest.mark.parametrize("serves_parts", [True, False])
def test_a_connection_that_is_cut_is_taken_up(
    served: tuple[str, Path, type[Handler]], serves_parts: bool, monkeypatch: pytest.MonkeyPatch
):
    url, folder, handler = served
    handler.serves_parts = serves_parts
    monkeypatch.setattr(remote, "_BLOCK", 10_000)
    (folder / "text.txt").write_bytes(TEXT)
    handler.cuts[:] = [5_000, 300] if serves_parts else [25_000]
    assert read_all(f"{url}/text.txt") == TEXT
    assert handler.cuts == []


def test_a_connection_that_is_always_cut_is_told(served: tuple[str, Path, type[Handler]]):
    url, folder, handler = served
    (folder / "text.txt").write_bytes(TEXT)
    handler.cuts[:] = [100] * 50
    with pytest.raises(SourceError, match=r"cannot read http://.*it was cut after 0 bytes: .*fetch it again"):
        read_all(f"{url}/text.txt")


def test_a_file_that_changes_while_it_is_read_is_told(served: tuple[str, Path, type[Handler]]):
    url, folder, _ = served
    (folder / "text.txt").write_bytes(TEXT)
    with open_stream(locate(f"{url}/text.txt")) as stream:
        stream.read(10)
        (folder / "text.txt").write_bytes(TEXT.replace(b"beer", b"wine"))
        with pytest.raises(SourceError, match=r"changed while it was read"):
            all(iter(lambda: stream.read(1 << 20), b""))


@pytest.mark.parametrize("name", ["none.txt", "none.csv"])
def test_a_missing_file_is_not_found(served: tuple[str, Path, type[Handler]], memory: str, name: str):
    for url in (f"{served[0]}/{name}", f"{memory}/{name}"):
        with pytest.raises(SourceNotFoundError, match=f"there is no file {url}"):
            encode_text([locate(url)], cache=False) if name.endswith("txt") else tables.read(url)


def test_a_file_that_must_not_be_read_is_told(served: tuple[str, Path, type[Handler]]):
    with pytest.raises(SourceError, match=r"cannot read .*403.*Check its permissions"):
        read_all(f"{served[0]}/secret.txt")


def test_a_server_that_does_not_answer_is_told():
    with pytest.raises(SourceError, match=r"cannot reach http://127\.0\.0\.1:9/text\.txt: .*Check the connection"):
        read_all("http://127.0.0.1:9/text.txt")


def test_a_folder_is_no_file(memory: str):
    put(f"{memory}/folder/file.txt", b"words")
    with pytest.raises(SourceError, match="is a folder; give a file"):
        read_all(f"{memory}/folder")


def test_a_file_system_that_is_not_installed_says_what_to_install():
    with pytest.raises(MissingExtraError, match=r"reading s3:// needs s3fs: pip install s3fs\."):
        read_all("s3://bucket/text.txt")


def test_without_fsspec_the_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingExtraError, match=r"reading memory://a.txt needs fsspec: pip install 'firth\[cluster\]'"):
        read_all("memory://a.txt")


@pytest.mark.parametrize("url", ["sqlite:///films.sqlite", "nonesuch://a.txt"])
def test_a_scheme_that_nobody_knows_is_told(url: str):
    with pytest.raises(SourceError, match=r"a scheme that fsspec does not know\. .*source\.uri"):
        read_all(url)


def test_a_password_is_not_told():
    url = "http://reader:hunter2@127.0.0.1:9/text.txt"
    assert "hunter2" not in f"{locate(url)} {locate(url)!r}"
    with pytest.raises(SourceError) as raised:
        read_all(url)
    assert "hunter2" not in str(raised.value)


def test_a_copy_lasts_as_long_as_it_is_needed(memory: str, tmp_path: Path):
    with local_copy(locate(put(f"{memory}/a.bin", TEXT))) as copy:
        assert copy.read_bytes() == TEXT
    assert not copy.exists()
    with local_copy(tmp_path) as itself:
        assert itself == tmp_path
