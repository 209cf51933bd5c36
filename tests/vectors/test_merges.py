"""The table of duplicates: what is written is read again, and what an editor may break is told with its line."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth.corpus.build import take_in
from firth.corpus.contexts import Groups, Sequences
from firth.corpus.intake import Intake
from firth.errors import DataError, FirthError, RunError, SourceError, SourceNotFoundError
from firth.vectors.duplicates import DuplicateGroup, DuplicatePair
from firth.vectors.merge_table import read_merges, write_merges
from firth.vectors.merges import Merges, merge_report, merged_intake, merges_of

HEAD = "group,keep,key,count,cosine,similarity,merge\n"


def group(*keys: str, is_near: bool = True) -> DuplicateGroup:
    pairs = [DuplicatePair(keys[0], key, 0.91, 1, 2, 95.0, ("spelling",)) for key in keys[1:]]
    return DuplicateGroup(keys, tuple(range(9, 9 - len(keys), -1)), tuple(pairs), is_near)


def table(folder: Path, text: str, *, head: str = HEAD) -> Path:
    path = folder / "merge.csv"
    path.write_text(head + text, encoding="utf-8")
    return path


def intake_of(lists: list[list[str]]) -> Intake:
    frame = pl.DataFrame([{"list": str(i), "song": song} for i, each in enumerate(lists) for song in each])
    contexts = {"played": Sequences("list", item="song"), "artist": Groups("song", item="song", weight=0)}
    return take_in({"played": frame, "artist": frame}, contexts)


def test_the_table_is_one_line_per_item(tmp_path: Path):
    write_merges(
        [group("a", "b, c"), group("d", "e")], tmp_path / "m.csv", namesakes=[group("a", "f"), group("g", "h")]
    )
    assert (tmp_path / "m.csv").read_text(encoding="utf-8") == HEAD + (
        "1,a,a,9,,,yes\n"
        '1,a,"b, c",8,0.910,95.0,yes\n'
        "1,a,f,8,0.910,95.0,no\n"  # of one name with a, in other company
        "2,d,d,9,,,yes\n"
        "2,d,e,8,0.910,95.0,yes\n"
        "3,g,g,9,,,no\n"
        "3,g,h,8,0.910,95.0,no\n"
    )
    assert read_merges(tmp_path / "m.csv").names == {"b, c": "a", "e": "d"}


KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(str.strip)


@given(st.lists(KEYS, min_size=2, unique=True))
def test_any_keys_come_back(tmp_path_factory: pytest.TempPathFactory, keys: list[str]):
    path = tmp_path_factory.mktemp("keys") / "merge.csv"
    write_merges([group(*keys)], path)
    assert read_merges(path).names == merges_of([group(*keys)]).names == dict.fromkeys(keys[1:], keys[0])


def test_an_edited_table_is_not_written_over(tmp_path: Path):
    path = table(tmp_path, "edited")
    with pytest.raises(RunError, match=r"merge\.csv is there already and may have been edited"):
        write_merges([group("a", "b")], path)
    assert path.read_text(encoding="utf-8").endswith("edited")
    write_merges([group("a", "b")], path, replace=True)
    assert read_merges(path).names == {"b": "a"}


def test_what_an_editor_may_do(tmp_path: Path):
    text = (
        "\ufeffmerge,key,group,keep\r\nYES,a,one,new name\r\n yes ,b,one,new name\r\n\r\nNo,c,one,\r\nyes,d,two,d\r\n"
    )
    assert read_merges(table(tmp_path, text, head="")).names == {"a": "new name", "b": "new name"}


def test_keys_may_span_lines_and_messages_count_them(tmp_path: Path):
    with pytest.raises(DataError, match=r"merge\.csv, line 4: merge must be yes or no, got 'maybe'"):
        read_merges(table(tmp_path, '1,a,"a\nb",,,,yes\n1,a,c,,,,maybe\n'))


BAD = [
    ("", "", SourceError, "is empty; its first line must be group,keep,key"),
    ("group,keep,key,merge,remark\n", "", SourceError, "line 1: unknown column 'remark'. Closest: "),
    ("group,key,merge\n", "", SourceError, "line 1: it needs the columns group, keep, key, merge, and lacks keep"),
    ("group,keep,key,key,merge\n", "", SourceError, "line 1: a column stands there twice"),
    ("group;keep;key;merge\n", "", SourceError, "separated by semicolons; save it with commas"),
    (HEAD, "1,a,a,9,,,yes\n1,a,b, c,8,,,yes\n", SourceError, "line 3: it must have 7 fields, got 8"),
    (HEAD, '1,a,"b,8,,,yes\n', SourceError, "line 2: unexpected end of data"),
    (HEAD, "1,a,b,8,,,ja\n", DataError, "line 2: merge must be yes or no, got 'ja'"),
    (HEAD, ",a,b,8,,,yes\n", DataError, "line 2: group must not be empty"),
    (HEAD, "1,a,,8,,,no\n", DataError, "line 2: key must not be empty"),
    (HEAD, "1,a,a,,,,yes\n1,,b,8,,,yes\n", DataError, "line 3: keep must name the item to merge 'b' into, got none"),
    (
        HEAD,
        "1,a,b,,,,yes\n2,c,b,,,,no\n",
        DataError,
        "line 3: 'b' stands in line 2 already; a key belongs to one group",
    ),
    (HEAD, "1,a,b,,,,yes\n1,c,d,,,,yes\n", DataError, "line 3: group 1 keeps 'c' here but 'a' in line 2"),
    (HEAD, "1,b,a,,,,yes\n2,a,b,,,,yes\n", DataError, "line 2: 'a' is merged into 'b' and, in line 3, the other way"),
    (HEAD, "1,b,a,,,,yes\n2,c,b,,,,yes\n", DataError, "line 2: 'a' is merged into 'b', which line 3 merges into 'c'"),
    (HEAD, "1,b,a,,,,yes\n2,c,b,,,,yes\n3,a,c,,,,yes\n", DataError, "line 2: 'a' is merged into 'b', which line 3"),
    (
        HEAD,
        "1,a,a,,,,no\n1,a,b,,,,yes\n",
        DataError,
        "line 3: 'b' is merged into 'a', whose own line 2 says merge = no",
    ),
]


@pytest.mark.parametrize(("head", "text", "error", "message"), BAD, ids=[message for *_, message in BAD])
def test_what_an_editor_may_break(tmp_path: Path, head: str, text: str, error: type[FirthError], message: str):
    with pytest.raises(error) as caught:
        read_merges(table(tmp_path, text, head=head))
    assert message in str(caught.value)


def test_a_table_that_cannot_be_read(tmp_path: Path):
    with pytest.raises(SourceNotFoundError, match="firth duplicates RUN --out writes one"):
        read_merges(tmp_path / "none.csv")
    with pytest.raises(SourceError, match="cannot read"):
        read_merges(tmp_path)
    (tmp_path / "latin.csv").write_bytes("group,keep,key,merge\n1,Beyoncé,b,yes\n".encode("latin-1"))
    with pytest.raises(SourceError, match="not UTF-8 text: save it as CSV in UTF-8"):
        read_merges(tmp_path / "latin.csv")


def test_merged_items_are_one_and_counts_add_up():
    intake = intake_of([["a", "b", "A"], ["c", "a"], ["A", "A"]])
    merges = Merges({"A": "a", "gone": "a", "c": "new"}, {"gone": "merge.csv, line 4"})
    before, after = intake.corpus(), merged_intake(intake, merges).corpus()
    assert dict(zip(after.vocabulary.keys, after.counts.tolist(), strict=True)) == {"a": 10, "b": 2, "new": 2}
    assert after.counts.sum() == before.counts.sum()
    report = merge_report(intake, merges)
    assert (report.n_merged, report.n_kept, report.occurrences, report.n_unknown, report.n_new) == (2, 2, 8, 1, 1)
    assert report.examples == ("'gone' (merge.csv, line 4)", "new name 'new'")
