from __future__ import annotations

import pytest

from firth.errors import ReadOnlyError, SourceError
from firth.sources.statement import check_read_only

ALL = ("sqlite", "postgresql", "duckdb")

WRITES = [
    "insert into t values (1)",
    "INSERT INTO t SELECT 1",
    "update t set a = 1",
    "delete from t",
    "drop table t",
    "attach 'x'",
    "attach database 'x.db' as y",
    "pragma journal_mode = delete",
    "vacuum into 'x'",
    "copy t to 'x.csv'",
    "copy (select 1) to 'x.csv'",
    "set x = 1",
    "begin",
    "explain select 1",
    "values (1)",
    "from t",
    "create table x as select 1",
    "select 1; select 2",
    "select 1; drop table t",
    "select 1;;; attach 'x'",
    "select ';'; attach 'x'",
    "/* select */ delete from t",
    "-- select\ndelete from t",
    "with a as (insert into t values (1) returning *) select * from a",
    "with a as (delete from t returning *) select * from a",
    "with a as (update t set b = 1 returning *) select * from a",
    'with a as (update "t" set b = 1 returning *) select * from a',
    "with a as (merge into t using u on true when matched then delete) select 1",
    "with a as (select 1) insert into t select * from a",
    "with a as (select 1) delete from t",
    "with a as (select 1) update t set b = 1",
    "with a as (/* select */ copy t to 'x') select * from a",
    "with a as materialized (copy t to 'x') select * from a",
    "with a as (COPY (select 1) to 'x') select * from a",
    "with a as (attach 'x') select 1",
    "(delete from t)",
    "select * from (replace into t values (1))",
]

READS = [
    "select 1",
    "  SELECT 1 ;  ; ",
    "select 1 -- ; drop table t",
    "select 1 /* ; insert into t */ from t",
    "-- a first line\nselect 1",
    "select 'a;b', 'insert into t; drop table t' from t",
    "select 'it''s; delete from t'",
    'select "delete", "update" from "insert into"',
    "select count(*) as \"copy\" from t where a in ('attach', 'pragma x')",
    "with a as (select 1) select * from a",
    "with recursive a as (select 1 union all select 1) select * from a",
    "(select 1) union (select 2)",
    "select replace(name, 'a', 'b') from t",
    "select (replace(name, 'a', 'b')) from t",
    "select updated, inserted, created_at, copying from t",
    "select max(update) from t",
    "select t.copy, (load), (load is not null), (copy and vacuum) from t",
    "select count(*) comment from t",
    "select * from (select 1) lock join u on true",
    "select case when (a) then 1 end from t",
    "select '-- no comment', \"/*\" from t",
    "select 'a' 'b', '' from t",
    "select '\U0001f600; drop', 'ä' from tä",
]


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize("sql", WRITES)
def test_whatever_is_no_single_select_is_refused(sql, dialect):
    with pytest.raises(ReadOnlyError):
        check_read_only(sql, dialect)


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize("sql", READS)
def test_keywords_and_semicolons_in_strings_names_and_comments_are_no_offence(sql, dialect):
    assert check_read_only(sql, dialect)


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        ("postgresql", r"select E'it\'s; drop table t'"),
        ("postgresql", "select $$; drop table t; '$$ as a"),
        ("postgresql", "select $x$ $$; insert into t $x$, 1"),
        ("postgresql", "select /* a /* b; */ drop; */ 1"),
        ("postgresql", "select a$b$c from t where a$b$c = ';'"),
        ("duckdb", "select $$; drop table t$$"),
        ("sqlite", "select [a;b], `c;d`, [insert into] from t"),
        ("sqlite", "select 1 -- a\r; still the comment\n"),
    ],
)
def test_each_dialects_own_quotes_are_understood(dialect, sql):
    assert check_read_only(sql, dialect)


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        # What one dialect takes for a string, another takes for code.
        ("sqlite", r"select 'a\'; attach 'x' --'"),
        ("postgresql", r"select 'a\'; drop table t --'"),
        ("sqlite", "select /* a /* b */ 1; attach 'x' --*/"),
        ("postgresql", "select 1 -- a\r; drop table t"),
        ("postgresql", "select a[1]; drop table t; select ']'"),
        ("postgresql", "select nameE'a\\'; drop table t --'"),
    ],
)
def test_code_cannot_hide_behind_another_dialects_quotes(dialect, sql):
    with pytest.raises(ReadOnlyError):
        check_read_only(sql, dialect)


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize(
    "sql", ["", "  ", ";", "-- nothing", "/* nothing */", "select 'open", 'select "open', "select /*"]
)
def test_an_empty_or_unclosed_query_is_explained(sql, dialect):
    with pytest.raises(SourceError, match=r"empty|not closed"):
        check_read_only(sql, dialect)
