"""The sections of a recipe, each a frozen dataclass that checks itself; how they fit together is ``recipe.py``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from firth.corpus.contexts import Context, Sequences, Walks
from firth.corpus.phrases import PhraseOptions
from firth.corpus.text_options import TextOptions
from firth.corpus.vocabulary_options import VocabularyOptions
from firth.errors import OptionError
from firth.maps.options import MapOptions
from firth.runs.typed import unknown
from firth.sources.endings import EDGE_LISTS, ending
from firth.sources.packaged_graph import GRAPHS
from firth.sources.packaged_text import TEXTS
from firth.sources.remote import locate

Kind = Literal["database", "table", "playlists", "text", "graph"]

_ENOUGH_IN_TEXT = 5  # gensim's min_count


@dataclass(frozen=True, kw_only=True)
class SourceOptions:
    """Where the data is.

    Parameters
    ----------
    uri
        A database: ``sqlite:///relative.sqlite``, ``sqlite:////absolute.sqlite``, ``postgresql://...``,
        ``duckdb:///file.duckdb``.
    path
        A table (``.csv``, ``.tsv``, ``.parquet``, ``.jsonl``), a text (``.txt``), an edge list (``.edges``,
        ``.edgelist``), or playlists (a ``.json`` slice of the Million Playlist Dataset, or a folder of them); on this
        machine, or a URL that fsspec knows, such as ``s3://bucket/plays.csv``. A folder's URL ends in ``/``.
    package
        A text or a graph that a Python package ships, by its name here.
    query
        For a database: one query that all contexts without a query of their own share.
    tokens_per_sequence
        For a text: a sequence is so many tokens; None: a line.
    strict
        Whether what cannot be read is an error, and not counted.
    cache
        For a text: whether it is kept encoded for the next time, or the folder where.
    """

    uri: str | None = None
    path: str | None = None
    package: str | None = None
    query: str | None = None
    tokens_per_sequence: int | None = None
    strict: bool = False
    cache: bool | str = True

    def __post_init__(self) -> None:
        n_given = sum(source is not None for source in (self.uri, self.path, self.package))
        if n_given != 1:
            given = {0: "neither", 2: "both"}.get(n_given, "all")
            raise OptionError(f"give either uri (a database), path (a table or a text) or package, got {given}.")
        if self.package is not None and self.package not in (*TEXTS, *GRAPHS):
            raise OptionError(unknown("package", self.package, (*TEXTS, *GRAPHS)))
        if self.uri is None and self.query is not None:
            raise OptionError("query goes with uri; a table has columns only.")
        if self.uri is not None and self.strict:
            raise OptionError("strict goes with path: the rows of a database can all be read.")
        if self.kind != "text" and (self.tokens_per_sequence is not None or self.cache is not True):
            raise OptionError("tokens_per_sequence and cache go with a text (.txt).")
        TextOptions(tokens_per_sequence=self.tokens_per_sequence)

    @property
    def kind(self) -> Kind:
        """What is read; a path is told by its name's ending, and playlists also by being a folder."""
        if self.uri is not None:
            return "database"
        if self.package is not None:
            return "graph" if self.package in GRAPHS else "text"
        path = locate(self.path or "")
        if ending(path) == ".txt":
            return "text"
        if ending(path) in EDGE_LISTS:
            return "graph"
        is_folder = path.is_dir() if isinstance(path, Path) else path.url.endswith("/")
        return "playlists" if ending(path) == ".json" or is_folder else "table"


@dataclass(frozen=True, kw_only=True)
class VocabularySection:
    """Which keys become items, and how a text becomes keys.

    Parameters
    ----------
    min_count
        Items that occur less often are dropped. None: 5 for a text, else 1.
    max_items
        At most so many items are kept, the most frequent. None: all.
    unknown
        Key of one more item that dropped ones are read as in sequences. None: they are skipped.
    lowercase
        For a text: whether tokens are lower-cased.
    token_pattern
        For a text: regular expression whose matches are the tokens. None: what stands between white space.
    phrases
        For a text: whether pairs of tokens that belong together become one; a number is the threshold.
    phrase_min_count
        How often such a pair must occur at least.
    phrase_passes
        1: pairs; 2: pairs of what the first pass left; and so on.
    merge
        A table of duplicates, as ``firth duplicates --out`` writes it, or several, one after the other: keys that are
        read as others.
    """

    min_count: int | None = None
    max_items: int | None = None
    unknown: str | None = None
    lowercase: bool = False
    token_pattern: str | None = None
    phrases: bool | float = False
    phrase_min_count: int = 5
    phrase_passes: int = 1
    merge: str | tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        self.of("table")
        self.text_options()

    def of(self, kind: Kind) -> VocabularyOptions:
        """Return which keys become items, of a source of this kind."""
        default = _ENOUGH_IN_TEXT if kind == "text" else 1
        return VocabularyOptions(
            min_count=default if self.min_count is None else self.min_count,
            max_items=self.max_items,
            unknown=self.unknown,
        )

    def text_options(self, *, tokens_per_sequence: int | None = None, strict: bool = False) -> TextOptions:
        """Return how a text becomes sequences of tokens."""
        phrases = None
        if self.phrases is not False:
            threshold = PhraseOptions().threshold if self.phrases is True else self.phrases
            phrases = PhraseOptions(threshold=threshold, min_count=self.phrase_min_count, passes=self.phrase_passes)
        return TextOptions(
            lowercase=self.lowercase,
            token_pattern=self.token_pattern,
            tokens_per_sequence=tokens_per_sequence,
            phrases=phrases,
            strict=strict,
        )

    @property
    def merges(self) -> tuple[str, ...]:
        """The tables of duplicates, in the order in which they are applied."""
        return (self.merge,) if isinstance(self.merge, str) else self.merge or ()

    @property
    def is_of_text(self) -> bool:
        """Whether an option is given that only a text has."""
        return self.lowercase or self.token_pattern is not None or self.phrases is not False


def default_contexts(kind: Kind) -> dict[str, Context]:
    """Return the contexts of a source that says itself what its sequences are; none of another."""
    if kind == "text":
        return {"text": Sequences()}
    if kind == "graph":
        return {"graph": Walks()}
    if kind == "playlists":
        return {"playlists": Sequences("pid", order="pos", item=("artist_name", "track_name"))}
    return {}


@dataclass(frozen=True, kw_only=True)
class StartOptions:
    """What training goes on from: the vectors of ``run``, a folder or a name; known items stay if ``freeze``."""

    run: str
    freeze: bool = False


@dataclass(frozen=True, kw_only=True)
class ClusterOptions:
    """How the vectors are clustered.

    Parameters
    ----------
    method
        ``"kmeans"``: every item into one of ``n`` clusters. ``"hdbscan"``: dense regions, as many as there are, and the
        other items in none.
    n
        Clusters of k-means; 0 makes none.
    min_cluster_size
        Of HDBSCAN: fewer items are no cluster.
    n_components
        Of HDBSCAN: so many principal components are clustered. None: the vectors themselves.
    """

    method: Literal["kmeans", "hdbscan"] = "kmeans"
    n: int = 0
    min_cluster_size: int = 25
    n_components: int | None = None

    def __post_init__(self) -> None:
        if self.n < 0 or self.n == 1:
            raise OptionError(f"n must be 0 (no clusters) or >= 2, got {self.n}.")
        if self.min_cluster_size < 2:
            raise OptionError(f"min_cluster_size must be >= 2, got {self.min_cluster_size}.")
        if self.n_components is not None and self.n_components < 1:
            raise OptionError(f"n_components must be >= 1, got {self.n_components}.")
        if self.method == "hdbscan" and self.n:
            raise OptionError(f"n goes with method 'kmeans'; HDBSCAN finds as many as there are, got {self.n}.")
        if self.method == "kmeans" and self.n_components is not None:
            raise OptionError("n_components goes with method 'hdbscan'; k-means takes the vectors themselves.")

    @property
    def is_wanted(self) -> bool:
        """Whether clusters are made at all."""
        return self.n > 0 or self.method == "hdbscan"


@dataclass(frozen=True, kw_only=True)
class MapSection(MapOptions):
    """Whether a map is made, and how.

    Parameters
    ----------
    enabled
        False makes none.
    """

    enabled: bool = True


@dataclass(frozen=True, kw_only=True)
class PlotOptions:
    """Which pictures are drawn: the map coloured by each of ``color_by``, its first ``label`` items labelled."""

    label: int = 300
    color_by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.label < 0:
            raise OptionError(f"label must be >= 0, got {self.label}.")
