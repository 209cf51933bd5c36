"""A recipe: everything that decides how a source becomes a run, as TOML and as frozen dataclasses.

A recipe that loads is consistent in itself: every key is known, every value has its type and range, every context it
mentions exists. Whether the source exists is found out when it is read. Relative paths in a recipe are relative to
the working directory, as they would be on a command line, and not to the recipe's file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from dataclasses import replace as changed
from importlib import resources
from pathlib import Path
from typing import Any, Self

from firth.corpus.contexts import Context, Groups, Sequences, Walks
from firth.corpus.splitting import Holdout
from firth.corpus.tag_options import TAGS, TagOptions
from firth.errors import DataError, OptionError, SourceNotFoundError, closest
from firth.runs.confidence_options import ConfidenceOptions
from firth.runs.folder import OWN_COLUMNS
from firth.runs.overrides import SECTIONS, override
from firth.runs.sections import (
    ClusterOptions,
    MapSection,
    PlotOptions,
    SourceOptions,
    StartOptions,
    VocabularySection,
    default_contexts,
)
from firth.runs.tags import check_tags
from firth.runs.typed import from_table, unknown
from firth.training.options import TrainOptions
from firth.vectors.recommend_options import RecommendOptions

_KINDS: dict[str, type[Context]] = {"groups": Groups, "sequences": Sequences, "walks": Walks}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides how a source becomes a run.

    Parameters
    ----------
    name
        What runs are named after.
    source
        Where the data is.
    contexts
        What items share, by name; none is needed for a text and for playlists.
    vocabulary
        Which keys become items, and how a text becomes keys.
    holdout
        Which sequences are kept out of the run, so that it can be asked about them; None: all are trained.
    start
        The run that training goes on from; None: it begins anew.
    train
        Options of training; its ``seed`` also starts the clusters and the map.
    recommend
        How the run answers what goes with some items.
    tags
        Which tags items get; None: none.
    confidence
        How often neighbours recur in other trainings; none where its ``members`` is 0.
    clusters, map, plots
        What is made of the vectors.

    Raises
    ------
    OptionError
        If there is no context, a context has no data or a reserved name, or a plot is coloured by an unknown attribute.
    """

    name: str
    source: SourceOptions
    contexts: Mapping[str, Context] = field(default_factory=dict)
    vocabulary: VocabularySection = field(default_factory=VocabularySection)
    holdout: Holdout | None = None
    start: StartOptions | None = None
    train: TrainOptions = field(default_factory=TrainOptions)
    recommend: RecommendOptions = field(default_factory=RecommendOptions)
    tags: TagOptions | None = None
    confidence: ConfidenceOptions = field(default_factory=ConfidenceOptions)
    clusters: ClusterOptions = field(default_factory=ClusterOptions)
    map: MapSection = field(default_factory=MapSection)
    plots: PlotOptions = field(default_factory=PlotOptions)

    def __post_init__(self) -> None:
        if not self.declared:
            raise OptionError("a recipe needs at least one context: [contexts.NAME].")
        check_names(self.declared)
        for name, context in self.contexts.items():
            if self.source.uri is not None and context.query is None and self.source.query is None:
                raise OptionError(f"contexts.{name} needs a query: give it one, or give [source] one for all contexts.")
            if self.source.uri is None and context.query is not None:
                raise OptionError(f"contexts.{name}.query goes with source.uri; a table has columns only.")
        if self.source.kind == "text":
            self._check_text()
        elif self.vocabulary.is_of_text:
            raise OptionError("[vocabulary] lowercase, token_pattern and phrases go with a text (.txt).")
        if self.source.kind == "graph":
            self._check_graph()
        ordered = [name for name, context in self.declared.items() if isinstance(context, Sequences)]
        attributes = [name for name, context in self.declared.items() if isinstance(context, Groups)]
        self._check_sequences(ordered)
        if self.recommend.group is not None and self.recommend.group not in attributes:
            raise OptionError("[recommend] " + unknown("unordered context", self.recommend.group, attributes))
        self._check_colors(attributes)

    def _check_colors(self, attributes: list[str]) -> None:
        """Check what the attributes of items make: tags, and the pictures' colours."""
        known = [*attributes, "cluster"]
        if self.tags is not None:
            check_tags(self.tags, self.declared)
            known += [TAGS, "tag"]  # either colours
        for color in self.plots.color_by:
            if color not in known:
                raise OptionError("[plots] " + unknown("attribute", color, known))

    def _check_text(self) -> None:
        (name, context), *others = self.declared.items()
        if isinstance(context, Walks):
            raise OptionError(
                f"{self.source.path} is read as a text, as its name ends in .txt; name an edge list .edges or "
                ".edgelist."
            )
        if others or not isinstance(context, Sequences):
            raise OptionError('a text makes one context: give one of kind = "sequences", or none.')
        if changed(context, weight=1.0, window=None) != Sequences():
            raise OptionError(f"contexts.{name}: a text has no columns; of its context give weight and window only.")

    def _check_graph(self) -> None:
        (name, context), *others = self.declared.items()
        if others or not isinstance(context, Walks):
            raise OptionError('an edge list makes one context: give one of kind = "walks", or none.')
        if context.sources != ("source",) or context.targets != ("target",) or isinstance(context.edge_weight, str):
            raise OptionError(
                f"contexts.{name}: an edge list has no names of columns; leave source and target out, and let "
                "edge_weight be true or false."
            )

    def _check_sequences(self, ordered: list[str]) -> None:
        """Check what can only be asked of sequences."""
        if self.holdout is not None:
            if not ordered:
                raise OptionError(
                    "[holdout] holds sequences out, and no context here is ordered: leave it out."
                    + self._walks_are_not_kept()
                )
            if self.holdout.context is not None and self.holdout.context not in ordered:
                raise OptionError("[holdout] " + unknown("context", self.holdout.context, ordered))
        if self.recommend.blend > 0 and not ordered:
            raise OptionError(
                "[recommend] blend counts what stands together in sequences, and no context is ordered."
                + self._walks_are_not_kept()
            )

    def _walks_are_not_kept(self) -> str:
        has_walks = any(isinstance(context, Walks) for context in self.declared.values())
        return " The walks of a graph are made when they are read, and none is kept." if has_walks else ""

    @property
    def declared(self) -> dict[str, Context]:
        """The contexts, those that the source brings with it where none are given."""
        return dict(self.contexts) or default_contexts(self.source.kind)

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as tables of plain values, from which :meth:`from_dict` makes it again."""
        return {
            "source": _plain(self.source),
            "contexts": {name: _plain_context(context) for name, context in self.contexts.items()},
            "vocabulary": _plain(self.vocabulary),
            **({} if self.holdout is None else {"holdout": _plain(self.holdout)}),
            "start": {} if self.start is None else _plain(self.start),
            "train": _plain(self.train),
            "recommend": _plain(self.recommend),
            "tags": {} if self.tags is None else _plain(self.tags),
            "confidence": _plain(self.confidence),
            "clusters": _plain(self.clusters),
            "map": _plain(self.map),
            "plots": _plain(self.plots),
        }

    @classmethod
    def from_dict(cls, tables: Mapping[str, Any], *, name: str) -> Self:
        """Return the recipe that tables of plain values describe.

        Raises
        ------
        OptionError
            If a key is unknown, or a value has another type or lies outside its range.
        """
        for section, table in tables.items():
            if section not in SECTIONS:
                raise OptionError(unknown("key", section, SECTIONS))
            if not isinstance(table, Mapping):
                raise OptionError(f"{section} must be a table ([{section}]), got {table!r}.")
        for context, table in tables.get("contexts", {}).items():
            if not isinstance(table, Mapping):
                raise OptionError(f"contexts.{context} must be a table ([contexts.{context}]), got {table!r}.")
        train, vocabulary = _min_count_moved(tables.get("train", {}), tables.get("vocabulary", {}))
        return cls(
            name=name,
            source=from_table(SourceOptions, tables.get("source", {}), where="source"),
            contexts={
                context: _context(table, where=f"contexts.{context}")
                for context, table in tables.get("contexts", {}).items()
            },
            vocabulary=from_table(VocabularySection, vocabulary, where="vocabulary"),
            holdout=from_table(Holdout, tables["holdout"], where="holdout") if "holdout" in tables else None,
            start=from_table(StartOptions, tables["start"], where="start") if tables.get("start") else None,
            train=from_table(TrainOptions, train, where="train"),
            recommend=from_table(RecommendOptions, tables.get("recommend", {}), where="recommend"),
            tags=from_table(TagOptions, tables["tags"], where="tags") if tables.get("tags") else None,
            confidence=from_table(ConfidenceOptions, tables.get("confidence", {}), where="confidence"),
            clusters=from_table(ClusterOptions, tables.get("clusters", {}), where="clusters"),
            map=from_table(MapSection, tables.get("map", {}), where="map"),
            plots=from_table(PlotOptions, tables.get("plots", {}), where="plots"),
        )

    @classmethod
    def load(cls, recipe: str | Path, *, overrides: Mapping[str, Any] | None = None) -> Self:
        """Return a recipe from a TOML file, or one that the package ships.

        Parameters
        ----------
        recipe
            A path, or one of :func:`shipped`.
        overrides
            Values by dotted key, such as ``{"train.vector_size": 100}``, put in the place of the recipe's own.

        Raises
        ------
        SourceNotFoundError
            If there is no such file and no such shipped recipe.
        OptionError
            If the recipe is not valid.
        """
        name, text = _read(recipe)
        try:
            tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise OptionError(f"{recipe} is not valid TOML: {error}.") from error
        return cls.from_dict(override(tables, overrides or {}), name=name)


def shipped() -> list[str]:
    """Return the names of the recipes that come with the package."""
    folder = resources.files("firth.runs") / "recipes"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def check_names(contexts: Iterable[str]) -> None:
    """Raise OptionError if a context is named as a column of items.parquet."""
    for name in contexts:
        if name in OWN_COLUMNS:
            raise OptionError(f"a context may not be named {name!r}: items.parquet has a column of that name.")


def _read(recipe: str | Path) -> tuple[str, str]:
    """Return a recipe's name and its text."""
    path = Path(recipe)
    if str(recipe) in shipped() and not path.is_file():
        return str(recipe), (resources.files("firth.runs") / "recipes" / f"{recipe}.toml").read_text(encoding="utf-8")
    if not path.is_file():
        near = closest(str(recipe), shipped())
        hint = f"Closest: {near[0]!r}." if near else f"The package ships {', '.join(shipped())}."
        raise SourceNotFoundError(f"no recipe {str(recipe)!r}: no such file, and none of that name is shipped. {hint}")
    try:
        return path.stem, path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not a recipe: a TOML file is UTF-8 text.") from error


def _context(table: Mapping[str, Any], *, where: str) -> Context:
    """Return the context that a table describes; its ``kind`` says which."""
    kind = table.get("kind", "groups")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise OptionError(f"{where}.kind must be 'groups', 'sequences' or 'walks', got {kind!r}.")
    return from_table(_KINDS[kind], {key: value for key, value in table.items() if key != "kind"}, where=where)


def _min_count_moved(train: Mapping[str, Any], vocabulary: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return both tables with ``min_count`` in ``[vocabulary]``; it may also be given in ``[train]``, as in gensim."""
    train, vocabulary = dict(train), dict(vocabulary)
    if "min_count" in train:
        given = train.pop("min_count")
        if vocabulary.setdefault("min_count", given) != given:
            raise OptionError(
                f"train.min_count and vocabulary.min_count are one, got {given!r} and {vocabulary['min_count']!r}. "
                "Give one of them."
            )
    return train, vocabulary


def _plain_context(context: Context) -> dict[str, Any]:
    if isinstance(context, Groups):
        return _plain(context)
    if isinstance(context, Walks):
        return {"kind": "walks", **_plain(context)}
    return {"kind": "sequences", **_plain(context), "sequence": list(context.sequences)}


def _plain(options: object) -> dict[str, Any]:
    values = asdict(options)  # type: ignore[call-overload]  # every section is a dataclass
    return {
        key.removesuffix("_"): list(value) if isinstance(value, tuple) else value
        for key, value in values.items()
        if value is not None
    }
