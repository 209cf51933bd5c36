"""The page with its data: one HTML file, or above some size one and a folder beside it, that opens from disk.

It needs no server and asks none: its Content-Security-Policy lets nothing out and runs no script but its own. What it
cannot know, because it would take the run itself, it says.
"""

from __future__ import annotations

import base64
import hashlib
import html
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from firth.errors import OptionError, RunError
from firth.explorer.contents import COSINE_ERROR, Near, add_items, add_neighbors, add_vectors, find_neighbors
from firth.explorer.contents import vectors_bytes as bytes_of_vectors
from firth.explorer.description import describe
from firth.explorer.packing import Pack
from firth.explorer.rounding import Bits
from firth.files import write_text
from firth.progress import Progress
from firth.runs import folder as files
from firth.runs.run import Run

BUILT = Path(__file__).parent / "static" / "offline"
MAX_FILE_BYTES = 25_000_000
Form = Literal["auto", "file", "folder"]

_MOST_VECTORS = {16: 100_000_000, 8: 200_000_000}  # bytes of vectors that a page in a folder carries
_LEAST_PART = 0.5  # of its bytes that data takes as text: less is not tried
_MAX_K = 1_000


@dataclass(frozen=True, eq=False)
class Page:
    """A page and its data, as texts.

    Parameters
    ----------
    name
        Its title.
    texts
        The sections of its data.
    is_file
        Whether the page holds them itself; otherwise scripts in a folder beside it do.
    about
        What it carries: the manifest, without the sections.
    """

    name: str
    texts: Sequence[str]
    is_file: bool
    about: dict[str, Any]

    def html(self, folder: str | None = None) -> str:
        """Return the page, with its data, or with the name of the folder where scripts hold it."""
        script, style = _built("page.js"), _built("page.css")
        policy = "; ".join(
            [
                "default-src 'none'",
                f"script-src {_hash(script)}" + ("" if folder is None else " 'self' file:"),
                f"style-src {_hash(style)}",
                "img-src data: blob:",
                "worker-src blob:",
                "connect-src 'none'",
                "base-uri 'none'",
                "form-action 'none'",
            ]
        )
        data = "".join(
            f'<script type="text/plain" id="firth-{at}">{text}</script>\n'
            for at, text in enumerate(self.texts if folder is None else ())
        )
        files_at = "" if folder is None else f' data-files="{html.escape(folder)}"'
        return (
            "<!doctype html>\n"
            '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            f"<title>{html.escape(self.name)} · Firth</title>\n<style>{style}</style>\n</head>\n<body>\n"
            f'<div id="app"{files_at}><p class="notice" role="status">Loading…</p></div>\n'
            f"{data}<script>{script}</script>\n</body>\n</html>\n"
        )

    def write(self, path: Path) -> None:
        """Write the page and, where it is not all in one file, ``NAME_files`` beside it.

        Raises
        ------
        RunError
            If a file cannot be written.
        """
        if self.is_file:
            write_text(path, self.html())
            return
        folder = path.with_name(f"{path.stem}_files")
        _make(folder)
        for at, text in enumerate(self.texts):
            write_text(folder / f"{at:03d}.js", f'firthData({at},"{text}");\n')
        write_text(path, self.html(folder.name))


def write_page(
    run: Run,
    path: str | Path,
    *,
    k: int = 25,
    max_file_bytes: int = MAX_FILE_BYTES,
    progress: Progress | None = None,
    n_jobs: int | Literal["auto"] = "auto",
) -> Path:
    """Write a page that shows a run without a server, and return where it lies.

    Parameters
    ----------
    run
        The run.
    path
        ``NAME.html``, with its data in it, or in the folder ``NAME_files`` beside it where that is larger than
        ``max_file_bytes``. Any other name is a folder that gets an ``index.html`` and ``index_files``. Files that
        exist are replaced.
    k
        How many nearest of each item the page knows exactly, >= 1; it shows 10, 25 or 50.
    max_file_bytes
        The most data, as it is written, that goes into one file; the page itself comes on top.
    progress
        Who hears how far the search for neighbours is.
    n_jobs
        Threads.

    Raises
    ------
    OptionError
        If ``k`` or ``max_file_bytes`` is outside its range.
    RunError
        If a file cannot be written, the folder is a run's, or the page was not built.

    Notes
    -----
    Neighbours take O(n_items ** 2 * size) time, and are found approximately where that would be hours; the page states
    their recall then. Sums and recommendations are computed in the page from vectors in 16 or 8 bits, which are left
    out where 8 bits are more than 200 MB. The same bytes for the same run and any ``n_jobs``.
    """
    target = Path(path)
    is_file = target.suffix.lower() == ".html"
    if not is_file and (target / files.DOCUMENT).exists():
        raise RunError(f"{target} is a run's folder. Choose another, or a name that ends with .html.")
    form: Form = "auto" if is_file else "folder"
    page = make_page(run, k=k, max_file_bytes=max_file_bytes, form=form, progress=progress, n_jobs=n_jobs)
    if not is_file:
        _make(target)
        target = target / "index.html"
    page.write(target)
    return target


def make_page(
    run: Run,
    *,
    k: int = 25,
    max_file_bytes: int = MAX_FILE_BYTES,
    form: Form = "auto",
    progress: Progress | None = None,
    n_jobs: int | Literal["auto"] = "auto",
) -> Page:
    """Return a page that shows a run without a server; see :func:`write_page`.

    Parameters
    ----------
    form
        "file" is one file whatever its size, with vectors only where the limit lets them in; "folder" never is;
        "auto" is one where the limit allows it with vectors, or allows it at all and a folder would have none either.
    """
    if k < 1:
        raise OptionError(f"k must be >= 1, got {k}.")
    if max_file_bytes < 0:
        raise OptionError(f"max_file_bytes must be >= 0, got {max_file_bytes}.")
    pack = Pack()
    add_items(pack, run)
    near = find_neighbors(run, k=k, progress=progress, n_jobs=n_jobs)
    add_neighbors(pack, run, near)
    is_file, vectors = _with_vectors(pack, run, form, max_file_bytes)
    manifest = _manifest(run, near, vectors)
    return Page(run.name, list(pack.texts(manifest)), is_file, manifest)


def least_bytes(run: Run, *, k: int) -> int:
    """Return less than a page of a run with its vectors takes, without making it."""
    return int(_LEAST_PART * (bytes_of_vectors(run, 8) + 6 * len(run.vectors) * k))


def _with_vectors(pack: Pack, run: Run, form: Form, limit: int) -> tuple[bool, dict[str, Any] | None]:
    """Add the vectors where there is room, and return whether all is one file, and what was added."""
    choices: tuple[Bits, Bits] = (16, 8)
    rest = pack.n_bytes
    made: dict[int, tuple[Pack, dict[str, Any]]] = {}

    def make(bits: Bits) -> tuple[Pack, dict[str, Any]]:
        if bits not in made:
            part = Pack()
            made[bits] = (part, add_vectors(part, run, bits))
        return made[bits]

    for bits in choices if form != "folder" else ():
        if rest + _LEAST_PART * bytes_of_vectors(run, bits) <= limit:
            part, about = make(bits)
            if rest + part.n_bytes <= limit:
                pack.add(part)
                return True, about
    for bits in choices if form != "file" else ():
        if bytes_of_vectors(run, bits) <= _MOST_VECTORS[bits]:
            part, about = make(bits)
            pack.add(part)
            return False, about
    return form == "file" or (form == "auto" and rest <= limit), None


def _manifest(run: Run, near: Near, vectors: dict[str, Any] | None) -> dict[str, Any]:
    generation = f"{zlib.crc32(run.vectors.matrix.tobytes()):08x}"
    described = describe(run, index=0, generation=generation)
    about = {"version": version("firth"), "limits": {"k": _MAX_K}, "runs": [described]}
    k = near.ids.shape[1]
    neighbors = {"k": k, "recall": near.recall, "cosine_error": COSINE_ERROR}
    manifest: dict[str, Any] = files.plain({"about": about, "neighbors": neighbors, "vectors": vectors})
    return manifest


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"cannot make {folder}: {error.strerror}. Choose another path.") from error


def _built(name: str) -> str:
    """Return a file of the built page, in which nothing ends the element that it is put into."""
    try:
        text = (BUILT / name).read_text(encoding="utf-8")
    except OSError as error:
        raise RunError(f"the page was not built: {BUILT / name} is missing. In a checkout, run make web.") from error
    return text.replace("\r\n", "\n").replace("</script", r"<\/script").replace("<!--", r"<\!--")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
