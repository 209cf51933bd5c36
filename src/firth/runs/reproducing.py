"""A run made again from what it says of itself: its source, its bytes, and why they differ where they do."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from firth.corpus.corpus import Corpus
from firth.errors import OptionError, RunError
from firth.progress import Progress
from firth.runs.agreeing import Part, check_comparable, compare_parts
from firth.runs.claiming import claim, claim_next
from firth.runs.execute import execute
from firth.runs.lineage import about_source_of, reasons, source_changes
from firth.runs.listing import find
from firth.runs.overrides import override
from firth.runs.recipe import Recipe
from firth.runs.resuming import has_password
from firth.runs.run import Run
from firth.runs.training import How, train
from firth.runs.typed import from_table
from firth.sources.remote import RemoteFile, locate
from firth.training.options import TrainOptions

Status = Literal["same", "changed", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """What came of making a run again.

    Attributes
    ----------
    run
        The folder of the run.
    folder
        The folder of the new one; None where it was not kept.
    is_equal
        Whether every part is byte for byte what the run was made with.
    source
        Whether the files, or the answers to the queries, are what they were: ``same``, ``changed``, or ``unknown``
        where the run, or the corpus that was handed over, does not say.
    source_changes
        Which of them changed, in words.
    corpus
        Whether training read the same. It may though the source changed, as by another order of rows.
    parts
        Every array and column that was compared.
    reasons
        Why the bytes may differ, where they do.
    seconds
        That making it again took.
    """

    run: Path
    folder: Path | None
    is_equal: bool
    source: Status
    source_changes: tuple[str, ...]
    corpus: Status
    parts: tuple[Part, ...]
    reasons: tuple[str, ...]
    seconds: float

    @property
    def first_difference(self) -> Part | None:
        """The first part that is not equal."""
        return next((part for part in self.parts if not part.is_equal), None)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


def reproduce(
    run: str | Path,
    *,
    out: str | Path | None = None,
    keep: bool = False,
    source: str | None = None,
    corpus: Corpus | None = None,
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> Reproduction:
    """Return what comes of making a run again, with the recipe that it was made from.

    Parameters
    ----------
    run
        The folder of a complete run, or its name below ``runs``.
    out
        A new folder to make it in, which is kept; None: a temporary one.
    keep
        Whether to make it beside the run, as ``NAME-again-N``, and keep it.
    source
        Where the source lies now: a URI, or a path. None: where it lay, or in the run's folder.
    corpus
        For a run that was trained step by step, which does not say how its corpus was made: that corpus, read again.
    n_jobs
        Threads; None: as many as then. They have no part in the result.
    progress
        Who hears how far it is; None: nobody.

    Raises
    ------
    RunError
        If there is no such run, it is not complete, it was not trained, or it does not say how it was made; or the
        folder cannot be taken.
    OptionError
        If the run's recipe held a password, and ``source`` is not given.
    FirthError
        If the source cannot be read, or training fails.

    Notes
    -----
    As long as the run took: everything that its recipe asks for is made. Compared are all arrays and all columns but
    those of times, with what the run was made with: a map that was made of it later is none of it.
    """
    if out is not None and keep:
        raise OptionError("out names the folder that is kept, and keep takes the next free one: give one of them.")
    known = Run.load(find(run))
    check_comparable(known)
    is_kept = out is not None or keep
    make = _Making(known, source=source, corpus=corpus, n_jobs=n_jobs, has_pictures=is_kept, progress=progress)
    with _place(known, Path(out) if out is not None else None, keep=keep) as folder:
        began = time.perf_counter()
        again = make(folder)
        seconds = time.perf_counter() - began
        if again.status != "complete":
            raise RunError(f"making {known.name} again was {again.status}: {again.document.get('error')}.")
        parts = tuple(compare_parts(known, again))
    is_equal = all(part.is_equal for part in parts)
    assert known.folder is not None  # it was loaded from one
    return Reproduction(
        run=known.folder,
        folder=folder if is_kept else None,
        is_equal=is_equal,
        source=_same(_fingerprint(known), _fingerprint(again)),
        source_changes=tuple(source_changes(known.document, again.document)),
        corpus=_same(_corpus(known), _corpus(again)),
        parts=parts,
        reasons=() if is_equal else tuple(reasons(known.document, again.document)),
        seconds=seconds,
    )


class _Making:
    """How a run is made again, found out before anything is."""

    def __init__(
        self,
        run: Run,
        *,
        source: str | None,
        corpus: Corpus | None,
        n_jobs: int | None,
        has_pictures: bool,
        progress: Progress | None,
    ) -> None:
        self._run, self._progress, self._has_pictures = run, progress, has_pictures
        self._recipe, self._corpus = None, corpus
        if run.document.get("recipe"):
            if corpus is not None:
                raise OptionError(f"{run.name} was made from a recipe, which reads its own source: leave corpus out.")
            self._recipe = recipe_again(run, source)
            if n_jobs is not None:
                self._recipe = replace(self._recipe, train=replace(self._recipe.train, n_jobs=n_jobs))
        elif corpus is None:
            raise RunError(_step_by_step(run))
        self._n_jobs = n_jobs

    def __call__(self, folder: Path) -> Run:
        if self._recipe is not None:
            claim(folder)
            how = How(progress=self._progress, has_pictures=self._has_pictures)
            return execute(self._recipe, folder, how=how)
        assert self._corpus is not None  # checked above
        options = asdict(from_table(TrainOptions, self._run.document["training"]["asked"], where="training.asked"))
        if self._n_jobs is not None:
            options["n_jobs"] = self._n_jobs
        start = self._run.document.get("start") or {}
        return train(
            self._corpus,
            start=start.get("run"),
            freeze=bool(start.get("freeze")),
            out=folder,
            progress=self._progress,
            **options,
        )


def recipe_again(run: Run, source: str | None = None) -> Recipe:
    """Return the recipe that a run was made from, with its source where it lies now.

    Raises
    ------
    OptionError
        If the recipe held a password and ``source`` is not given.
    """
    if source is None and has_password(run.document):
        raise OptionError(
            f"the recipe of {run.name} held a password, which run.json does not keep. Give the URI: --source."
        )
    tables = run.document["recipe"]
    key = "uri" if tables["source"].get("uri") else "path"
    where = source or (None if tables["source"].get("package") else _found(run, tables["source"][key], key))
    changes = {} if where is None else {f"source.{key}": where}
    name = str(run.document.get("recipe_name") or run.name)
    return Recipe.from_dict(override(tables, changes), name=name)


def _found(run: Run, recorded: str, key: str) -> str:
    """Return where a source lies: where it lay; by its absolute path then; or in the run's folder."""
    scheme, _, rest = recorded.partition("://")
    if isinstance(locate(recorded), RemoteFile) if key == "path" else scheme not in ("sqlite", "duckdb"):
        return recorded
    before = f"{scheme}:///" if key == "uri" else ""
    path = Path(rest[1:] if key == "uri" else recorded)
    told = (run.document.get("lineage") or {}).get("source") or {}
    files = [told["file"]] if told.get("file") else told.get("files", [])
    candidates = [path, *(Path(file["path"]) for file in files[:1] if told.get("n_files", 1) == 1)]
    assert run.folder is not None  # it was loaded from one
    for candidate in (*candidates, run.folder / path.name):
        if candidate.exists():
            return f"{before}{candidate}"
    return recorded


@contextmanager
def _place(run: Run, out: Path | None, *, keep: bool) -> Iterator[Path]:
    if out is not None:
        yield out
    elif keep:
        assert run.folder is not None  # it was loaded from one
        yield claim_next(f"{run.folder.name}-again", root=run.folder.parent)
    else:
        with tempfile.TemporaryDirectory(prefix="firth-") as folder:
            yield Path(folder) / run.name


def _step_by_step(run: Run) -> str:
    source = about_source_of(run.document)
    files = ", ".join(str(file["path"]) for file in source.get("files", [])[:3])
    read = (
        f"It was read from {source.get('uri') or files}"
        if source.get("kind") not in (None, "memory")
        else ("Where that came from is not known")
    )
    return (
        f"{run.name} was trained step by step, so it does not say how its corpus was made. {read}. Read the corpus "
        "again as you did then, and: firth.runs.reproducing.reproduce(RUN, corpus=corpus)."
    )


def _fingerprint(run: Run) -> str | None:
    found: str | None = about_source_of(run.document).get("fingerprint")
    return found


def _corpus(run: Run) -> str | None:
    found: str | None = (run.document.get("corpus") or {}).get("fingerprint")
    return found


def _same(old: str | None, new: str | None) -> Status:
    if old is None or new is None:
        return "unknown"
    return "same" if old == new else "changed"
