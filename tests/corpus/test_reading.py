from __future__ import annotations

import sqlite3
from pathlib import Path

import polars as pl
import pytest

from firth.corpus.contexts import Groups, Sequences
from firth.corpus.corpus import Corpus
from firth.corpus.reading import read_sql, read_table
from firth.errors import DataError, OptionError, ReadOnlyError, SourceError, SourceNotFoundError
from firth.progress import CallbackProgress

pytest.importorskip("adbc_driver_sqlite")

BANDS = Path(__file__).parents[2].parent / "shared" / "data" / "bands" / "pitchfork.sqlite"
GENRE = "select artist as item, genre as value from reviews join genres using (reviewid)"
SCORE = "select artist as item, score as value from reviews"


@pytest.fixture
def uri(tmp_path: Path) -> str:
    connection = sqlite3.connect(tmp_path / "bands.db")
    connection.executescript(
        """
        create table reviews (reviewid integer, artist text, score real);
        create table genres (reviewid integer, genre text);
        insert into reviews values (1, 'coil', 9), (2, 'coil', 6), (3, 'swans', 8), (4, 'low', 7), (5, 'none', 8);
        insert into genres values (1, 'drone'), (1, 'industrial'), (1, 'dark'), (2, 'drone'), (3, 'drone'), (4, null);
        """
    )
    connection.close()
    return f"sqlite:///{tmp_path / 'bands.db'}"


def test_a_query_of_its_own_keeps_a_join_from_counting_a_score_thrice(uri):
    own = read_sql(uri, contexts={"genre": Groups(query=GENRE), "score": Groups(query=SCORE, aggregate="mean")})
    joined = read_sql(
        uri,
        "select artist as item, genre, score from reviews left join genres using (reviewid)",
        contexts={"genre": Groups("genre"), "score": Groups("score", aggregate="mean")},
    )
    assert own.attributes["score"][own.vocabulary.id("coil")] == 7.5
    assert joined.attributes["score"][joined.vocabulary.id("coil")] == 8.25


def test_sql_and_table_give_the_same_corpus(uri, tmp_path):
    frame = pl.DataFrame({"item": ["coil", "coil", "swans", "low"], "value": ["drone", "dark", "drone", None]})
    frame.write_csv(tmp_path / "t.csv")
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_ndjson(tmp_path / "t.jsonl")
    contexts = {"genre": Groups(weight=3)}
    sql = (
        "select distinct artist as item, genre as value from reviews join genres using (reviewid) where genre is null "
    )
    sql += "or genre in ('drone', 'dark')"
    prints = {read_sql(uri, sql, contexts=contexts).fingerprint}
    prints |= {
        read_table(tmp_path / f"t.{kind}", contexts=contexts).fingerprint for kind in ("csv", "parquet", "jsonl")
    }
    prints |= {read_table(frame, contexts=contexts).fingerprint}
    assert len(prints) == 1


def test_equal_queries_run_once(uri, monkeypatch):
    from firth.sources import sql

    asked = []
    real = sql.query
    monkeypatch.setattr(sql, "query", lambda uri, text: asked.append(text) or real(uri, text))
    read_sql(uri, SCORE, contexts={"a": Groups(), "b": Groups(aggregate="max"), "c": Groups(query=GENRE)})
    assert asked == [SCORE, GENRE]


def test_progress_hears_of_reading_and_building(uri):
    heard = []
    progress = CallbackProgress(lambda what, done, total, text: heard.append((what, done, total, text)))
    read_sql(uri, SCORE, contexts={"a": Groups()}, progress=progress)
    assert heard == [("reading", 1, 1, "5 rows"), ("building", 1, 1, "4 items")]


@pytest.mark.parametrize(
    ("query", "contexts", "error", "message"),
    [
        (None, {"c": Groups()}, OptionError, "context 'c' has no query"),
        (SCORE, {"c": Groups(query=GENRE)}, OptionError, "query is used by no context"),
        (SCORE, {}, OptionError, "at least one context"),
        (SCORE, {"c": "artist"}, OptionError, r"must be Groups\(...\), Sequences\(...\) or Walks\(...\), got str"),
        ("delete from reviews", {"c": Groups()}, ReadOnlyError, "must begin with SELECT"),
        (SCORE, {"c": Groups("genre")}, SourceError, "needs a column 'genre'"),
        (SCORE + " where 0", {"c": Groups()}, DataError, "the query or table is empty"),
        (SCORE + " where artist = 'low'", {"c": Groups()}, DataError, "got one, 'low'"),
    ],
)
def test_what_cannot_be_read_is_explained(uri, query, contexts, error, message):
    with pytest.raises(error, match=message):
        read_sql(uri, query, contexts=contexts)


def test_numbers_among_texts_in_sqlite_are_used_and_the_rest_counted(tmp_path):
    connection = sqlite3.connect(tmp_path / "m.db")
    connection.execute("create table t (item, value)")
    connection.executemany("insert into t values (?, ?)", [("a", 7), ("b", "7.0"), ("c", "n/a"), (3, 8)])
    connection.commit()
    connection.close()
    corpus = read_sql(f"sqlite:///{tmp_path / 'm.db'}", "select * from t", contexts={"c": Groups(aggregate="mean")})
    assert corpus.contexts[0].labels == ["7"]
    assert corpus.report.contexts["c"]["rows_not_numeric"] == 1
    assert "3" in corpus.vocabulary


def test_a_table_takes_no_query():
    with pytest.raises(OptionError, match="a table is read whole"):
        read_table(pl.DataFrame({"item": ["a"]}), contexts={"c": Groups(query=SCORE)})


def test_a_file_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(SourceNotFoundError, match=r"none\.csv"):
        read_table(tmp_path / "none.csv", contexts={"c": Groups()})


def test_rows_of_a_file_that_do_not_fit_are_in_the_report_or_fatal(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("item,value\na,x\nshort\nb,x\n")
    report = read_table(path, contexts={"c": Groups()}).report
    assert report.rows_rejected == 1
    assert "line 3 has 1 field instead of 2" in str(report)
    assert report.to_dict()["rejected_examples"] == ["line 3 has 1 field instead of 2: 'short'"]
    with pytest.raises(SourceError, match="line 3"):
        read_table(path, contexts={"c": Groups()}, strict=True)


@pytest.fixture(scope="module")
def bands() -> Corpus:
    if not BANDS.exists():
        pytest.skip("the Pitchfork reviews are not in ../shared/data")
    score = Groups(weight=2, aggregate="mean", round=0, query=SCORE)
    return read_sql(f"sqlite:///{BANDS}", contexts={"genre": Groups(weight=8, query=GENRE), "score": score})


def test_the_pitchfork_reviews_have_their_known_numbers(bands):
    genre, score = bands.contexts
    assert len(bands) == 8_715
    assert (genre.n_groups, score.n_groups) == (9, 11)
    assert (bands.attributes["genre"].list.len() > 0).sum() == 7_321
    assert genre.report["n_items_without_group"] == 8_715 - 7_321
    assert score.report["rows_read"] == 18_393


def test_a_pitchfork_score_is_the_mean_of_an_artists_reviews(bands):
    # By SQLite: select avg(score) from reviews where artist = 'coil'
    connection = sqlite3.connect(f"file:{BANDS}?mode=ro", uri=True)
    expected = connection.execute("select avg(score) from reviews where artist = 'coil'").fetchone()[0]
    connection.close()
    assert bands.attributes["score"][bands.vocabulary.id("coil")] == pytest.approx(expected, abs=1e-12)


PLAYS = [("p", 2, "low"), ("q", 1, "coil"), ("p", 10, "coil"), ("p", 1, "coil"), ("q", 2, None), (None, 1, "low")]


@pytest.fixture
def plays(tmp_path: Path) -> str:
    connection = sqlite3.connect(tmp_path / "plays.db")
    connection.execute("create table plays (sequence text, position integer, item text)")
    connection.executemany("insert into plays values (?, ?, ?)", PLAYS)
    connection.commit()
    connection.close()
    return f"sqlite:///{tmp_path / 'plays.db'}"


@pytest.mark.parametrize("clause", ["", " order by position", " order by item desc, position desc"])
def test_the_order_of_a_querys_rows_has_no_influence_on_sequences(plays, clause):
    declared = Sequences(order="position", query="select * from plays" + clause)
    corpus = read_sql(plays, contexts={"played": declared})
    (context,) = corpus.sequences
    assert [corpus.vocabulary.keys[token] for token in context.tokens] == ["coil", "low", "coil", "coil"]
    assert context.offsets.tolist() == [0, 3, 4]
    frame = pl.DataFrame(PLAYS, schema=["sequence", "position", "item"], orient="row")
    assert read_table(frame, contexts={"played": Sequences(order="position")}).fingerprint == corpus.fingerprint


def test_one_query_feeds_contexts_of_both_kinds(plays):
    contexts = {"played": Sequences(order="position", weight=3), "position": Groups("position")}
    corpus = read_sql(plays, "select * from plays", contexts=contexts, min_count=2)
    assert [type(context).__name__ for context in corpus.contexts] == ["SequenceContext", "GroupContext"]
    assert dict(zip(corpus.vocabulary.keys, corpus.counts.tolist(), strict=True)) == {"coil": 6, "low": 3}


def test_every_kind_of_table_gives_the_same_sequences(tmp_path):
    frame = pl.DataFrame(PLAYS, schema=["sequence", "order", "item"], orient="row")
    frame.write_csv(tmp_path / "t.csv")
    frame.write_csv(tmp_path / "t.tsv", separator="\t")
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_ndjson(tmp_path / "t.jsonl")
    contexts = {"played": Sequences(order="order")}
    tables = [frame, frame.lazy(), *(tmp_path / f"t.{kind}" for kind in ("csv", "tsv", "parquet", "jsonl"))]
    corpora = [read_table(table, contexts=contexts) for table in tables]
    assert len({corpus.fingerprint for corpus in corpora}) == 1
    assert all(corpus.report == corpora[0].report for corpus in corpora)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"min_count": 9}, DataError, "no item occurs min_count=9 times: the most frequent, 'coil', occurs 3 times"),
        ({"min_count": 0}, OptionError, "min_count must be"),
        ({"max_items": "many"}, OptionError, "max_items must be"),
    ],
)
def test_what_the_vocabulary_refuses_is_refused_by_both_readers(plays, options, error, message):
    with pytest.raises(error, match=message):
        read_sql(plays, "select * from plays", contexts={"played": Sequences()}, **options)
    frame = pl.DataFrame(PLAYS, schema=["sequence", "position", "item"], orient="row")
    with pytest.raises(error, match=message):
        read_table(frame, contexts={"played": Sequences()}, **options)


def test_reading_tells_its_progress(tmp_path):
    (tmp_path / "t.csv").write_text("sequence,item\np,a\np,b\n")
    heard = []
    progress = CallbackProgress(lambda *update: heard.append(update))
    read_table(tmp_path / "t.csv", contexts={"c": Sequences()}, progress=progress)
    assert heard == [("reading", 2, None, "2 rows"), ("building", 1, 1, "2 items")]
