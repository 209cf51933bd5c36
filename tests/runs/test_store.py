"""The runs below one folder: filtered, ordered, tagged, removed and cleaned up."""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from firth.errors import OptionError, RunError
from firth.runs import claiming
from firth.runs import folder as files
from firth.runs.cleaning import CleanOptions
from firth.runs.demo import DEMOS
from firth.runs.store import RunStore


def add(root: Path, name: str, status: str = "complete", *, hours_ago: float = 0, **more: Any) -> Path:
    """Write a run of a few bytes that was begun so long ago."""
    folder = root / name
    folder.mkdir(parents=True)
    when = (datetime.now(UTC) - timedelta(hours=hours_ago)).isoformat(timespec="seconds")
    document = {"format": 1, "name": name, "status": status, "started": when, "finished": when, "metrics": {}}
    files.write_document(folder, {**document, "recipe_name": name.split("-")[0], **more})
    (folder / files.ARRAYS).write_bytes(b"v" * 100)
    return folder


def names(runs: list[Any]) -> list[str]:
    return [run.name for run in runs]


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    root = tmp_path / "runs"
    add(root, "bands-1", hours_ago=9, metrics={"n_items": 30, "loss": 2.5})
    add(root, "bands-2", "failed", hours_ago=8)
    add(root, "words-1", hours_ago=7, metrics={"n_items": 5, "loss": 9.0, "heldout_loss": 1.5})
    add(root, "bands-10", hours_ago=6, metrics={"n_items": 20, "loss": 2.0})
    return RunStore(root)


def test_runs_are_filtered(store: RunStore):
    store.tag("words-1", ["good", "served"])
    store.tag("bands-1", ["good"])
    assert names(store.list()) == ["bands-1", "bands-2", "words-1", "bands-10"]
    assert names(store.list(name="bands")) == ["bands-1", "bands-2", "bands-10"]
    assert names(store.list(tags=["good"])) == ["bands-1", "words-1"]
    assert names(store.list(tags=["good", "served"])) == ["words-1"]
    assert names(store.list(states=["failed", "running"])) == ["bands-2"]
    assert names(store.list(name="bands", states=["complete"], tags=["good"])) == ["bands-1"]


def test_runs_are_ordered(store: RunStore):
    (store.root / "words-1" / files.HISTORY).write_bytes(b"h" * 1000)
    assert names(store.list(sort="name")) == ["bands-1", "bands-10", "bands-2", "words-1"]
    assert names(store.list(sort="items")) == ["words-1", "bands-10", "bands-1", "bands-2"]
    assert names(store.list(sort="loss")) == ["words-1", "bands-10", "bands-1", "bands-2"]
    assert names(store.list(sort="size"))[-1] == "words-1"


def test_runs_of_one_second_are_ordered_by_their_number(tmp_path: Path):
    for number in (10, 9, 2):
        add(tmp_path, f"a-{number}", started="2026-01-01T00:00:00+00:00")
    assert names(RunStore(tmp_path).list()) == ["a-2", "a-9", "a-10"]


def test_what_is_asked_for_must_exist(store: RunStore):
    with pytest.raises(OptionError, match=r"unknown state 'complet'.*'complete'"):
        store.list(states=["complet"])
    with pytest.raises(OptionError, match="unknown order 'age'"):
        store.list(sort="age")  # type: ignore[arg-type]


def test_the_latest_is_found(store: RunStore):
    add(store.root, "bands-11", "interrupted", hours_ago=1)
    assert store.latest().name == "bands-11"
    assert store.latest("words").name == "words-1"
    assert store.latest_successful("bands").name == "bands-10"
    store.tag("bands-1", ["served"])
    assert store.latest_successful(tags=["served"]).name == "bands-1"
    with pytest.raises(RunError, match="there is no complete run of 'films' in"):
        store.latest_successful("films")


def test_an_older_runs_recipe_is_told_by_its_folder(tmp_path: Path):
    add(tmp_path, "bands-3", recipe_name=None)
    assert RunStore(tmp_path).find("bands-3").recipe == "bands"


def test_tags_come_and_go_beside_a_run_that_is_being_made(tmp_path: Path):
    folder = add(tmp_path, "a-1", "running", process=files.owner())
    before = (folder / files.DOCUMENT).read_bytes()
    store = RunStore(tmp_path)
    assert store.tag("a-1", ["b", "a", "b"]) == ("a", "b")
    assert store.tag(folder, ["c"], remove=["a", "z"]) == ("b", "c")
    assert store.find("a-1").tags == ("b", "c")
    assert (folder / files.DOCUMENT).read_bytes() == before


@pytest.mark.parametrize("tag", ["", "two words", "a,b", "x" * 65, 'say "x"'])
def test_a_tag_is_one_word(store: RunStore, tag: str):
    with pytest.raises(OptionError, match="a tag must be"):
        store.tag("bands-1", ["fine", tag])
    assert store.find("bands-1").tags == ()


def test_a_run_is_removed_and_nothing_else(store: RunStore):
    store.remove("bands-1", store.root / "words-1", "bands-1")
    assert names(store.list()) == ["bands-2", "bands-10"]
    assert {path.name for path in store.root.iterdir()} == {"bands-2", "bands-10"}


def test_either_all_are_removed_or_none(store: RunStore):
    add(store.root, "bands-12", "running", process=files.owner())
    with pytest.raises(RunError, match=f"is still being made, by process {os.getpid()}"):
        store.remove("bands-1", "bands-12")
    assert "bands-1" in names(store.list())


def test_what_is_not_a_run_is_not_removed(store: RunStore):
    (store.root / "notes").mkdir()
    (store.root / "bands-1" / "letter.txt").write_text("dear", encoding="utf-8")
    (store.root / "link").symlink_to(store.root / "words-1")
    for run, why in (("notes", "is not a run"), ("bands-1", r"holds more than a run \(letter.txt\)"), ("link", "link")):
        with pytest.raises(RunError, match=why):
            store.remove(store.root / run)
    assert (store.root / "bands-1" / "letter.txt").exists()
    assert (store.root / "words-1" / files.DOCUMENT).exists()


def test_a_demonstrations_data_goes_with_its_run(tmp_path: Path):
    assert {f"{name}.sqlite" for name, demo in DEMOS.items() if demo.write} == files.PACKAGED
    folder = add(tmp_path, "movielens-1")
    (folder / "movielens.sqlite").write_bytes(b"data")
    RunStore(tmp_path).remove("movielens-1")
    assert list(tmp_path.iterdir()) == []


def test_a_removal_that_is_cut_short_leaves_nothing_half_there(store: RunStore, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(claiming.shutil, "rmtree", lambda *_, **__: None)  # killed right after the renaming
    store.remove("bands-1")
    monkeypatch.undo()
    assert "bands-1" not in names(store.list())
    with pytest.raises(RunError, match="no run 'bands-1'"):
        store.find("bands-1")
    plan = store.clean()
    assert [removal.why for removal in plan.removals] == ["a removal that was cut short"]
    assert plan.freed_bytes > 100
    store.clean(dry_run=False)
    assert {path.name for path in store.root.iterdir()} == {"bands-2", "words-1", "bands-10"}


def test_a_clean_up_shows_what_would_go_and_touches_nothing(store: RunStore):
    plan = store.clean(CleanOptions(older_than_s=3600))
    assert [(removal.path.name, removal.why) for removal in plan.removals] == [("bands-2", "failed 8 h ago")]
    assert plan.freed_bytes == plan.removals[0].size_bytes > 100
    assert len(store.list()) == 4


def test_unfinished_runs_go_when_they_are_old_enough(store: RunStore):
    assert store.clean(CleanOptions(older_than_s=9 * 3600)).removals == ()
    add(store.root, "bands-12", "running", process=files.owner(), hours_ago=99)
    done = store.clean(CleanOptions(older_than_s=0), dry_run=False)
    assert [removal.path.name for removal in done.removals] == ["bands-2"]
    assert names(store.list()) == ["bands-12", "bands-1", "words-1", "bands-10"]


def test_the_last_of_each_recipe_stay(store: RunStore):
    add(store.root, "bands-11", hours_ago=5)
    store.tag("bands-1", ["served"])
    options = CleanOptions(keep_last=1, keep_tags=["served"])
    assert [removal.path.name for removal in store.clean(options).removals] == ["bands-10"]
    assert [removal.path.name for removal in store.clean(CleanOptions(keep_last=1)).removals] == ["bands-1", "bands-10"]
    assert [removal.path.name for removal in store.clean(CleanOptions(keep_last=3)).removals] == []
    assert len(store.clean(CleanOptions(keep_last=0)).removals) == 4


def test_a_run_that_changed_since_the_plan_stays(store: RunStore):
    plan = store.clean(CleanOptions(older_than_s=0))
    document = files.read_document(store.root / "bands-2")
    files.write_document(store.root / "bands-2", {**document, "status": "complete"})
    done = plan.carried_out()
    assert done.removals == ()
    assert done.freed_bytes == 0
    assert "is complete now" in done.kept[0]
    assert (store.root / "bands-2").is_dir()


def test_another_run_that_took_the_name_since_the_plan_stays(store: RunStore):
    plan = store.clean(CleanOptions(older_than_s=0))
    store.remove("bands-2")
    add(store.root, "bands-2", "failed", hours_ago=7.5)
    assert "is another run now" in plan.carried_out().kept[0]
    assert (store.root / "bands-2").is_dir()


def _aged(path: Path, hours: float) -> Path:
    when = time.time() - hours * 3600
    os.utime(path, (when, when))
    return path


def test_what_killed_processes_left_goes_and_what_lives_stays(store: RunStore):
    old, new = (store.root / "bands-1" / f".items.parquet.{digit * 16}.partial" for digit in "01")
    for path in (old, new):
        path.write_bytes(b"half")
    _aged(old, 2)
    for name in ("empty-1", "empty-2"):
        (store.root / name).mkdir()
    _aged(store.root / "empty-1", 25)
    done = store.clean(dry_run=False)
    assert {removal.path.name for removal in done.removals} == {old.name, "empty-1"}
    assert not old.exists()
    assert new.exists()
    assert (store.root / "empty-2").is_dir()


def test_options_are_checked():
    with pytest.raises(OptionError, match="older_than_s must be >= 0"):
        CleanOptions(older_than_s=-1)
    with pytest.raises(OptionError, match="keep_last must be >= 0"):
        CleanOptions(keep_last=-1)


def test_two_processes_do_not_begin_in_one_folder(tmp_path: Path):
    claiming.claim(tmp_path / "a")
    claiming.claim(tmp_path / "a")  # both find it empty
    document = {"format": 1, "status": "running", "process": files.owner()}
    claiming.begin(tmp_path / "a", document, is_resumed=False)
    with pytest.raises(RunError, match="is being made by another process"):
        claiming.begin(tmp_path / "a", document, is_resumed=False)


def test_a_run_that_was_removed_is_not_gone_on_with(tmp_path: Path):
    with pytest.raises(RunError, match="was removed, so there is nothing to go on with"):
        claiming.begin(tmp_path, {"format": 1, "status": "running"}, is_resumed=True)


def test_a_replaced_run_leaves_through_a_link_too(tmp_path: Path):
    folder = add(tmp_path, "a-1")
    (tmp_path / "link").symlink_to(folder)
    claiming.claim(tmp_path / "link", replace=True)
    assert folder.is_dir()
    assert list(folder.iterdir()) == []
    assert (tmp_path / "link").is_symlink()


def test_tags_that_are_damaged_are_none(store: RunStore):
    path = store.root / "bands-1" / files.TAGS
    for content in ("{", '{"a": 1}', json.dumps([1, None])):
        path.write_text(content, encoding="utf-8")
        assert store.find("bands-1").tags == ()
