"""Decisions on duplicates: what is written is read again, beside what was there, and nothing broken is written over."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firth.errors import DataError, RunError
from firth.vectors.duplicates import DuplicateGroup, DuplicatePair
from firth.vectors.merge_decisions import Decision, read_decisions, write_decisions
from firth.vectors.merge_table import read_merges, write_merges

HEAD = "group,keep,key,count,cosine,similarity,merge\n"


def yes(keep: str, *others: str, apart: tuple[str, ...] = ()) -> Decision:
    return Decision(keep=keep, keys=(keep, *others), apart=apart, merge=True)


def no(*keys: str) -> Decision:
    return Decision(keep=keys[0], keys=keys, merge=False)


def group(*keys: str) -> DuplicateGroup:
    pairs = [DuplicatePair(keys[0], key, 0.91, 1, 2, 95.0, ("spelling",)) for key in keys[1:]]
    return DuplicateGroup(keys, tuple(range(9, 9 - len(keys), -1)), tuple(pairs))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "merge.csv"


def test_there_are_no_decisions_before_the_first(path: Path):
    assert read_decisions(path) == []


def test_decisions_are_lines_of_the_table(path: Path):
    found = [group("a", "b, c", "f"), group("d", "e")]
    write_decisions(path, [yes("b, c", "a", apart=("f",)), no("d", "e")], counts={"a": 9, "b, c": 8}, found=found)
    assert path.read_text(encoding="utf-8") == HEAD + (
        '1,"b, c","b, c",8,,,yes\n'
        '1,"b, c",a,9,0.910,95.0,yes\n'
        '1,"b, c",f,,0.910,95.0,no\n'
        "2,d,d,,,,no\n"
        "2,d,e,,0.910,95.0,no\n"
    )
    assert read_merges(path).names == {"a": "b, c"}
    assert read_decisions(path) == [yes("b, c", "a", apart=("f",)), no("d", "e")]


def test_a_decision_takes_the_place_of_the_one_before(path: Path):
    write_decisions(path, [yes("a", "b", "c"), no("d", "e"), yes("g", "h")])
    now = write_decisions(path, [yes("c", "a", apart=("b",)), yes("e", "d")])
    assert now == read_decisions(path) == [yes("c", "a", apart=("b",)), yes("e", "d"), yes("g", "h")]
    assert [line[0] for line in path.read_text(encoding="utf-8").splitlines()[1:]] == list("1112233")


def test_a_decision_is_taken_back(path: Path):
    write_decisions(path, [yes("a", "b"), no("d", "e")])
    taken = Decision(keep="a", keys=("a", "b"), merge=None)
    assert write_decisions(path, [taken]) == [no("d", "e")]
    assert write_decisions(path, [taken, Decision(keep="", keys=("d", "e"), merge=None)]) == []
    assert path.read_text(encoding="utf-8") == HEAD


def test_groups_that_are_decided_anew_in_other_parts(path: Path):
    write_decisions(path, [yes("a", "b", "c"), yes("d", "e")])
    assert write_decisions(path, [no("c"), yes("d", "e")]) == [yes("a", "b"), no("c"), yes("d", "e")]
    assert write_decisions(path, [yes("a", "b", "d", "e")]) == [yes("a", "b", "d", "e"), no("c")]


def test_what_the_command_writes_and_hands_edit_stays(path: Path):
    write_merges([group("a", "b"), group("c", "d")], path, namesakes=[group("e", "f")])
    text = path.read_text(encoding="utf-8").replace("1,a,", "first,new name,")
    path.write_text("\ufeff" + text, encoding="utf-8")
    new_name = Decision(keep="new name", keys=("a", "b"), merge=True)
    assert read_decisions(path) == [new_name, yes("c", "d"), no("e", "f")]
    write_decisions(path, [no("c", "d"), yes("x", "y")])
    assert path.read_text(encoding="utf-8") == HEAD + (
        "first,new name,a,9,,,yes\n"
        "first,new name,b,8,0.910,95.0,yes\n"
        "2,c,c,9,,,no\n"
        "2,c,d,8,0.910,95.0,no\n"
        "3,e,e,9,,,no\n"
        "3,e,f,8,0.910,95.0,no\n"
        "4,x,x,,,,yes\n"
        "4,x,y,,,,yes\n"
    )


BAD = [
    ([Decision(keep="c", keys=("a", "b"), merge=True)], "keep must be one of the group's keys, got 'c'"),
    ([Decision(keep="a", keys=("a",), merge=True)], "two keys at least are merged, got 1"),
    ([yes("a", "b", "a")], "a key belongs to a group once, got 'a' twice"),
    ([yes("a", "b", apart=("b",))], "a key belongs to a group once, got 'b' twice"),
    ([yes("a", " ")], "a key of a group must not be blank"),
    ([yes("a", "b"), no("c", "a")], "a key belongs to one group, got 'a' in two"),
    ([no("s")], "line 3 merges 't' into 's', which would not be kept now; decide on both in one group"),
    ([yes("a", "s")], "line 3 merges 't' into 's', which would not be kept now"),
]


@pytest.mark.parametrize(("decisions", "message"), BAD, ids=[message for _, message in BAD])
def test_contradictions_are_refused_and_nothing_is_written(path: Path, decisions: list[Decision], message: str):
    write_decisions(path, [yes("s", "t", "u")])
    before = path.read_bytes()
    with pytest.raises(DataError) as caught:
        write_decisions(path, decisions)
    assert message in str(caught.value)
    assert path.read_bytes() == before


def test_a_broken_table_is_not_written_over(path: Path):
    path.write_text(HEAD + "1,a,b,,,,maybe\n", encoding="utf-8")
    for touch in (read_decisions, lambda it: write_decisions(it, [yes("c", "d")])):
        with pytest.raises(DataError, match=r"line 2: merge must be yes or no, got 'maybe'"):
            touch(path)
    assert path.read_text(encoding="utf-8") == HEAD + "1,a,b,,,,maybe\n"


def test_a_folder_that_is_gone(tmp_path: Path):
    with pytest.raises(RunError, match="cannot open"):
        write_decisions(tmp_path / "gone" / "merge.csv", [yes("a", "b")])


def test_writers_at_the_same_time_lose_nothing(path: Path):
    made = [yes(f"{number}", f"{number}'") for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda decision: write_decisions(path, [decision]), made))
    assert sorted(read_decisions(path), key=lambda decision: int(decision.keep)) == made
    assert [entry.name for entry in path.parent.iterdir()] == ["merge.csv"]


KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6).filter(str.strip)


@settings(max_examples=40)
@given(st.data(), st.lists(KEYS, min_size=4, unique=True))
def test_any_decisions_come_back(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, keys: list[str]):
    path = tmp_path_factory.mktemp("keys") / "merge.csv"
    for _ in range(3):
        cut = data.draw(st.integers(2, len(keys) - 2))
        order = data.draw(st.permutations(keys))
        made = [yes(*order[:cut]), data.draw(st.sampled_from([no(*order[cut:]), yes(*order[cut:])]))]
        assert sorted(write_decisions(path, made), key=str) == sorted(read_decisions(path), key=str)
        assert sorted(read_decisions(path), key=str) == sorted(made, key=str)
        expected = {key: each.keep for each in made if each.merge for key in each.keys if key != each.keep}
        assert read_merges(path).names == expected
