"""A run: vectors, the items they belong to, how they were trained, and what was made of them.

A run never changes. What computes something new (clusters, a map) returns another run; :meth:`Run.save` writes it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from firth.errors import OptionError, RunError
from firth.progress import Progress
from firth.runs import folder as files
from firth.runs.claiming import begin, claim
from firth.runs.committing import commit, has_table, read_table
from firth.runs.items import NO_CLUSTER, color_values
from firth.runs.recommending import copy_kept, recommender_of
from firth.runs.shown import MAX_EMBEDDED_BYTES, Shown, explore
from firth.runs.typed import unknown
from firth.vectors.vectors import Vectors

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from matplotlib.figure import Figure

    from firth.corpus.corpus import Corpus
    from firth.evaluation.clusters import ClusterQuality
    from firth.evaluation.groups import Agreement
    from firth.evaluation.tags import TagQuality
    from firth.maps.tsne import OnFrame
    from firth.runs.clusters import Cluster
    from firth.runs.mapper import Mapper
    from firth.vectors.recommender import Recommender

_PATIENCE_S = (0.0, 0.02, 0.1, 0.4)  # between two attempts to read a run that is being written
_BESIDE_VECTORS = ("outputs", "biases", "noise", "counts")  # arrays of a run's file, each where it is known


@dataclass(frozen=True, eq=False, repr=False)
class Run:
    """What one training left.

    Attributes
    ----------
    vectors
        The matrix and the questions to it.
    items
        One row per item, in the vectors' order: ``key``, ``count``, an attribute per context, and, where they were
        made, ``cluster`` (int32), ``x``, ``y``, ``distortion`` and ``confidence`` (float32).
    history
        The loss while training: ``pairs``, ``seconds``, ``learning_rate``, ``loss``, ``heldout_loss``,
        ``items_per_s``. Empty for imported vectors.
    document
        The content of ``run.json``: recipe, source, versions, seed, timings, metrics, status.
    folder
        Where the run was read from or saved to; None for a run in memory.
    neighbor_confidence
        Where :meth:`confidence` was asked: one row per item, ``key``, the ids of its ``neighbors``, nearest first
        (list[int32]), and the ``rates`` at which they recur (list[float32], null where not known).
    """

    vectors: Vectors
    items: pl.DataFrame
    history: pl.DataFrame
    document: Mapping[str, Any]
    folder: Path | None = None
    neighbor_confidence: pl.DataFrame | None = None

    def __repr__(self) -> str:
        return f"Run({self.name!r}, {len(self.vectors):,} items, {self.status}, folder={str(self.folder)!r})"

    @property
    def name(self) -> str:
        """Return what the run is called."""
        return str(self.document["name"])

    @property
    def status(self) -> str:
        """Return how it ended: complete, interrupted or failed; running or stopped for one that has not ended."""
        return files.state(self.document)

    @property
    def seed(self) -> int:
        """Return the seed that everything was drawn with, 1 where none was recorded."""
        seed = self.document["seed"]
        return 1 if seed is None else int(seed)

    @property
    def options(self) -> Mapping[str, Any]:
        """Return the options of training with every "auto" resolved; empty for imported vectors."""
        return dict((self.document["training"] or {}).get("options", {}))

    @property
    def metrics(self) -> Mapping[str, Any]:
        """Return what was measured, by name."""
        return dict(self.document["metrics"])

    @property
    def arrays(self) -> Mapping[str, np.ndarray[Any, Any]]:
        """Return the arrays of ``vectors.safetensors`` by name; ``firth.vectors.Vectors`` says what each is."""
        found = {name: getattr(self.vectors, name) for name in _BESIDE_VECTORS}
        return {"vectors": self.vectors.matrix, **{name: each for name, each in found.items() if each is not None}}

    @property
    def attributes(self) -> pl.DataFrame:
        """Return the items' attributes: the columns of ``items`` that came from contexts."""
        return self.items.select(name for name in self.items.columns if name not in files.OWN_COLUMNS)

    @property
    def clusters(self) -> list[Cluster]:
        """Return the clusters, the largest first; empty where none were made."""
        from firth.runs.clusters import Cluster

        return [Cluster.from_dict(cluster) for cluster in self.document["clusters"]]

    @cached_property
    def recommender(self) -> Recommender:
        """Return who answers what goes with some items, as the run's recipe says: ``run.recommender.recommend(keys)``.

        Raises
        ------
        DataError
            If the vectors do not hold what predicting takes.
        RunError
            If what the recipe joins with the prediction is missing from the folder.
        """
        return recommender_of(self)

    def agreement(self, *, k: int = 10, n_jobs: int | Literal["auto"] = "auto") -> list[Agreement]:
        """Return, per attribute, how well each item's ``k`` nearest agree with it, beside the level of chance."""
        from firth.evaluation.groups import agreement

        return agreement(self.vectors, self.attributes, k=k, n_jobs=n_jobs)

    def tag_quality(self, name: str = "tags", *, k: int = 10, n_jobs: int | Literal["auto"] = "auto") -> TagQuality:
        """Return how well the ``k`` nearest tell an item's tags, or another attribute of texts, beside chance.

        Raises
        ------
        OptionError
            If the run has no such attribute.
        DataError
            If it holds no texts, or fewer than two items have one.
        """
        from firth.evaluation.tags import tag_quality

        if name not in self.attributes.columns:
            known = self.attributes.columns
            raise OptionError(unknown("attribute", name, known) if known else "this run has no attributes.")
        return tag_quality(self.vectors, self.items[name], k=k, seed=self.seed, n_jobs=n_jobs)

    def tag(
        self,
        attribute: str,
        *,
        keywords: Mapping[str, Sequence[str]] | None = None,
        top: int | None = None,
        min_count: int = 1,
        min_share: float = 0.0,
    ) -> Self:
        """Return the run with an attribute more, ``tags``; the parameters are those of ``[tags]`` in a recipe.

        Raises
        ------
        OptionError
            If there is no such attribute, or an option is outside its range.
        DataError
            If the attribute holds no texts.
        """
        from firth.corpus.tag_options import TagOptions
        from firth.runs.tags import with_tags

        words = {tag: tuple(some) for tag, some in (keywords or {}).items()}
        options = TagOptions(from_=attribute, keywords=words, top=top, min_count=min_count, min_share=min_share)
        tags = with_tags(self.attributes, options)["tags"]
        return self._with(items=self.items.with_columns(tags))

    def cluster(
        self,
        n_clusters: int | None = None,
        *,
        method: Literal["kmeans", "hdbscan"] = "kmeans",
        min_cluster_size: int = 25,
        n_components: int | None = None,
        seed: int | None = None,
        n_jobs: int | Literal["auto"] = "auto",
    ) -> Self:
        """Return the run with its items in clusters, each named by what it holds more than others.

        Parameters
        ----------
        n_clusters
            How many k-means makes, >= 2.
        method
            ``"kmeans"`` (spherical), or ``"hdbscan"``, which leaves items in no cluster: -1.
        min_cluster_size, n_components
            Of HDBSCAN: fewer items are no cluster; cluster so many principal components.

        Raises
        ------
        OptionError
            If there are fewer items than clusters, or an option is outside its range or goes with the other method.
        MissingExtraError
            If HDBSCAN is asked for and scikit-learn is not installed.

        Notes
        -----
        Made of the vectors, never of the map. Same bytes for any ``n_jobs``.
        """
        from firth.runs.clusters import with_clusters
        from firth.runs.sections import ClusterOptions

        if (n_clusters is None) == (method == "kmeans"):
            raise OptionError("n_clusters goes with method 'kmeans', which needs it, and with no other.")
        options = ClusterOptions(
            method=method, n=n_clusters or 0, min_cluster_size=min_cluster_size, n_components=n_components
        )
        if method == "kmeans" and not options.is_wanted:
            raise OptionError(f"n_clusters must be >= 2, got {n_clusters}.")
        return with_clusters(self, options, seed=seed, n_jobs=n_jobs)

    def cluster_quality(
        self, *, n_repeats: int = 5, progress: Progress | None = None, n_jobs: int | Literal["auto"] = "auto"
    ) -> ClusterQuality:
        """Return how far apart the clusters lie, and whether they come out again ``n_repeats`` times.

        Raises
        ------
        RunError
            If the run has no clusters.
        """
        from firth.runs.cluster_quality import quality

        return quality(self, n_repeats=n_repeats, progress=progress, n_jobs=n_jobs)

    def confidence(
        self,
        *,
        members: int = 5,
        by: Literal["seed", "bootstrap"] = "seed",
        k: int = 10,
        corpus: Corpus | None = None,
        progress: Progress | None = None,
        n_jobs: int | Literal["auto"] = "auto",
        mapper: Mapper | None = None,
    ) -> Self:
        """Return the run with the rates at which neighbours recur in other trainings; see ``docs/confidence.md``.

        Takes and raises what :func:`firth.runs.confidence.with_confidence` does.
        """
        from firth.runs.confidence import with_confidence

        return with_confidence(
            self, members=members, by=by, k=k, corpus=corpus, progress=progress, n_jobs=n_jobs, mapper=mapper
        )

    def map(
        self,
        *,
        grow_from: Run | None = None,
        place_on: Run | None = None,
        seed: int | None = None,
        on_frame: OnFrame | None = None,
        frame_every: int = 10,
        progress: Progress | None = None,
        n_jobs: int | Literal["auto"] = "auto",
        **options: object,
    ) -> Self:
        """Return the run with a place on the plane for each item: ``x``, ``y`` and ``distortion`` in ``items``.

        Parameters
        ----------
        grow_from
            A run whose map the new one starts from and stays like, though items came and went.
        place_on
            A run whose map stays as it is: only the items that it has not are placed, among those that it has.
        seed
            Of what is drawn; None: the run's.
        on_frame
            Called with a :class:`firth.maps.frames.Frame` of the map every ``frame_every`` steps.
        options
            The fields of :class:`firth.MapOptions`, such as ``perplexity=50`` or ``method="umap"``.

        Raises
        ------
        OptionError
            If an option is unknown or outside its range.
        RunError
            If the other run has no map, or no item in common with this one.
        MissingExtraError
            If the method's library is not installed.

        Notes
        -----
        t-SNE of the normalised vectors, same bytes for any ``n_jobs``; how far to trust it is in ``metrics["map"]``.
        Ctrl-C returns the map as far as it came.
        """
        from firth.maps.options import MapOptions
        from firth.runs.mapping import Making, with_map

        known = [field.name for field in fields(MapOptions)]
        for name in options:
            if name not in known:
                raise OptionError(unknown("option", name, known))
        how = Making(
            grow_from=grow_from,
            place_on=place_on,
            seed=self.seed if seed is None else seed,
            on_frame=on_frame,
            frame_every=frame_every,
            progress=progress,
            n_jobs=n_jobs,
        )
        return with_map(self, MapOptions(**options), how)  # type: ignore[arg-type]  # it checks every value itself

    def plot(
        self,
        *,
        label: int = 300,
        color_by: str | None = None,
        density: bool | Literal["auto"] = "auto",
        path: str | Path | None = None,
    ) -> Figure:
        """Return a picture of the map.

        Parameters
        ----------
        label
            The first so many items, those that occur most, are labelled where there is room.
        color_by
            An attribute, or ``"cluster"``; None: the clusters, where there are any.
        density
            Whether crowds are shaded by how dense they are, instead of one disc an item; "auto": from 50,000 items on.
        path
            Where to write the picture, ``.png``, ``.svg`` or ``.pdf``; None writes nothing.

        Raises
        ------
        RunError
            If the run has no map.
        OptionError
            If it has no such attribute.
        """
        from firth.plots.map import plot_map

        name, values = self.colors(color_by)
        if "x" not in self.items.columns:
            raise RunError(f"{self.name} has no map: make one first (run.map(), or firth map RUN).")
        return plot_map(
            self.items.select("x", "y").to_numpy(),
            keys=self.vectors.keys,
            label=label,
            color_by=values,
            title=self.name if name is None else f"{self.name}, by {name}",
            density=density,
            missing=NO_CLUSTER if name == "cluster" else "no value",
            path=None if path is None else Path(path),
        )

    def colors(self, color_by: str | None) -> tuple[str | None, Any]:
        """Return what pictures are coloured by, and one value of it per item; None twice: one colour for all.

        Parameters
        ----------
        color_by
            An attribute, or ``"cluster"``; None: the clusters, where there are any.

        Raises
        ------
        OptionError
            If the run has no such attribute.
        """
        if color_by == "tag" and "tag" not in self.items.columns:
            color_by = "tags"  # as one says "by genre"
        if color_by is None:
            color_by = "cluster" if "cluster" in self.items.columns else None
        elif color_by not in self.items.columns or color_by in files.OWN_COLUMNS - {"cluster"}:
            known = [*self.attributes.columns, *({"cluster"} & set(self.items.columns))]
            raise OptionError(unknown("attribute", color_by, known) if known else "this run has no attributes.")
        return color_by, None if color_by is None else color_values(self.items, color_by, self.clusters)

    def explore(self, *, height: int = 600, max_embedded_bytes: int = MAX_EMBEDDED_BYTES) -> Shown:
        """Return the explorer of this run, which a notebook shows where it is the last line of a cell.

        Parameters
        ----------
        height
            In pixels, >= 1.
        max_embedded_bytes
            The most data that is put into the notebook itself, where it needs neither server nor kernel. A run that
            takes more is served by this process, and has to be saved.

        Raises
        ------
        OptionError
            If an option is outside its range.
        RunError
            If the run is too large to be embedded and lies in no folder, or the page was not built.
        MissingExtraError
            If it is too large and FastAPI or uvicorn is not installed.
        """
        return explore(self, height=height, max_embedded_bytes=max_embedded_bytes)

    def save(self, folder: str | Path | None = None) -> Self:
        """Return the run as it lies in a folder, after writing it there.

        Parameters
        ----------
        folder
            A new folder; None: the folder the run came from, which is updated.

        Raises
        ------
        RunError
            If the folder holds something else, or cannot be written.
        """
        if folder is not None and (self.folder is None or Path(folder) != self.folder):
            claim(Path(folder))
            run = replace(self, folder=Path(folder), document={**self.document, "name": Path(folder).resolve().name})
            unfinished = {"status": "running", "process": files.owner(), "training": None, "files": None}
            begin(Path(folder), {**run.document, **unfinished}, is_resumed=False)
            run.write_vectors()
            if self.folder is not None:
                copy_kept(self.folder, run._folder())
        elif self.folder is not None:
            run = self
        else:
            raise RunError("a run that was made in memory needs a folder: save('runs/NAME').")
        run.write_rest()
        return run

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Return the run that lies in a folder.

        Raises
        ------
        RunError
            If the folder is not a run, has no vectors yet, or is damaged.
        """
        path = Path(folder)
        for wait_s in _PATIENCE_S:
            state = _state_of(path)
            try:
                found = cls._read(path)
            except RunError:
                if _state_of(path) == state and wait_s > _PATIENCE_S[0]:
                    raise
            else:
                if _state_of(path) == state:
                    return found
            time.sleep(wait_s)  # it was written while it was read
        return cls._read(path)

    @classmethod
    def _read(cls, path: Path) -> Self:
        """Return the run that lies in a folder, if nobody writes it meanwhile."""
        document = files.read_document(path)
        is_trained = (document.get("training") or {}).get("status") != "running"
        if not (is_trained and (path / files.ARRAYS).exists() and has_table(path, files.ITEMS)):
            raise RunError(f"{path} has no vectors: {_why_unfinished(document)}")
        arrays = files.read_arrays(path)
        items = read_table(path, files.ITEMS, document)
        if "key" not in items.columns or len(items) != len(arrays["vectors"]):
            raise RunError(f"{path} is damaged: {len(items)} items but {len(arrays['vectors'])} vectors.")
        if files.objective(document) != "nce":  # an earlier version wrote zeros as biases for every objective
            arrays.pop("biases", None)
        others = {name: arrays.get(name) for name in _BESIDE_VECTORS}
        vectors = Vectors(items["key"].to_list(), arrays["vectors"], **others)
        table = read_table(path, files.CONFIDENCE, document) if "confidence" in document["metrics"] else None
        about = {key: value for key, value in document.items() if key != "files"}  # of the folder, not of the run
        return cls(vectors, items, files.read_frame(path, files.HISTORY), about, path, table)

    def write_vectors(self) -> None:
        """Write what never changes after training: the vectors and the history."""
        folder = self._folder()
        files.write_arrays(folder, self.arrays)
        files.write_frame(folder, files.HISTORY, self.history)

    def write_rest(self) -> None:
        """Write what is made of the vectors, tables and ``run.json``, at one moment."""
        tables = {files.ITEMS: self.items}
        if self.neighbor_confidence is not None:
            tables[files.CONFIDENCE] = self.neighbor_confidence
        commit(self._folder(), tables, self.document)

    def _folder(self) -> Path:
        if self.folder is None:
            raise RunError("a run that was made in memory has no folder.")
        return self.folder

    def _with(self, *, items: pl.DataFrame, **changes: object) -> Self:
        return replace(self, items=items, document={**self.document, **changes})


def _state_of(folder: Path) -> tuple[int, ...]:
    """Return what changes when a run is written anew."""
    try:
        state = (folder / files.DOCUMENT).stat()
    except OSError:
        return ()
    return state.st_ino, state.st_mtime_ns, state.st_size


def load_run(run: str | Path, *, root: str | Path = "runs") -> Run:
    """Return a run by its folder, or by its name below ``root``.

    Raises
    ------
    RunError
        If there is none; the message names the closest.
    """
    from firth.runs.listing import find

    return Run.load(find(run, root=Path(root)))


def _why_unfinished(document: Mapping[str, Any]) -> str:
    state = files.state(document)
    if state == "running":
        return f"it is still being made (by process {(document.get('process') or {}).get('pid')})."
    if state == "stopped":
        return "it was stopped before they were written. Make it again."
    if document.get("error"):
        return f"it {state}: {document['error']}"
    return "the files are missing. Make it again, or copy them from a backup."
