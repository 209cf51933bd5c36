"""The page that carries its data: opened from disk in a real browser, it answers as the run does and asks nobody."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose

import firth
from firth.errors import OptionError, RunError
from firth.explorer.page import make_page, write_page
from firth.sources.planted import groups, playlists
from firth.vectors.folding import fold_one
from firth.vectors.search import KeySearch

HOSTILE = [
    "</script><script>globalThis.broken = 1</script>",
    '<img src=x onerror="globalThis.broken = 1">',
    "--><!--<script>",
    "line\u2028separators\u2029\r\n",
    "\u202eright to left",
    "'\"`${globalThis.broken = 1}",
    "__proto__",
    "Béla Bartók",
    "ключ",
    "x" * 10_000,
]


@pytest.fixture(scope="module")
def run() -> firth.Run:
    """Return a run with everything that a page shows, whose keys are hostile."""
    rows = groups(n_items=150, n_groups=4, noise=0.2, seed=3)
    names = dict(zip(sorted(rows["item"].unique())[: len(HOSTILE)], HOSTILE, strict=True))
    rows = rows.with_columns(pl.col("item").replace(names))
    contexts = {
        "group": firth.Groups("group", item="item"),
        "score": firth.Groups("score", item="item", aggregate="mean", round=0),
    }
    corpus = firth.read_table(rows, contexts=contexts)
    trained = firth.train(corpus, vector_size=12, pairs=40_000)
    made = trained.cluster(4).map(perplexity=10, n_iter=260).confidence(members=2, k=6, corpus=corpus)
    return replace(made, document={**made.document, "name": "</title><b>planted"})


@pytest.fixture(scope="module")
def file(run: firth.Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(run, tmp_path_factory.mktemp("page") / "planted.html", k=8)


@pytest.fixture
def opened(look):
    """Open a page, and see to it that it asks for nothing but what lies beside it: ``page = opened(path)``."""
    asked = []

    def open_page(path: Path, **options: object):
        page = look("about:blank", **options)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        page.get_by_text("What is exact?").wait_for()
        open_page.allowed = (path.as_uri(), path.with_name(f"{path.stem}_files").as_uri() + "/")
        return page

    yield open_page
    assert [url for url in asked if not url.startswith(("blob:", "data:", *open_page.allowed))] == []


def ask(page, method: str, *arguments: object):
    return page.evaluate("([method, given]) => firth[method](0, ...given)", [method, list(arguments)])


def test_a_page_from_disk_answers_as_the_run_does(run: firth.Run, file: Path, opened):
    page = opened(file)
    assert page.title() == "</title><b>planted · Firth"
    for key in HOSTILE:
        exact = run.vectors.most_similar(key, k=8)
        found = ask(page, "neighbors", key, 8)["neighbors"]
        assert [each["key"] for each in found] == [other for other, _ in exact]
        assert_allclose([each["cosine"] for each in found], [cosine for _, cosine in exact], atol=2e-5)
        more = ask(page, "neighbors", key, 30)["neighbors"]
        assert more[:8] == found
        further = [cosine for _, cosine in run.vectors.most_similar(key, k=30)]
        assert_allclose([each["cosine"] for each in more], further, atol=1e-4)
        assert found[0]["group"] == run.items["group"][found[0]["id"]].to_list()
    plus, minus = [HOSTILE[0], "ключ"], [HOSTILE[4]]
    summed = ask(page, "arithmetic", plus, minus, 10)["neighbors"]
    assert [each["key"] for each in summed] == [
        key for key, _ in run.vectors.most_similar(plus=plus, minus=minus, k=10)
    ]
    found = ask(page, "recommend", [HOSTILE[1], "nobody"], 10)
    exact = run.recommender.recommend([HOSTILE[1]], k=10).found
    assert [each["key"] for each in found["recommendations"]] == [key for key, _ in exact]
    assert_allclose([each["prediction"] for each in found["recommendations"]], [value for _, value in exact], atol=1e-3)
    assert found["answered"] == {"by": "items", "groups": [], "unknown": ["nobody"]}
    assert page.evaluate("globalThis.broken") is None


def test_a_page_from_disk_is_used_by_keyboard(run: firth.Run, file: Path, opened):
    page = opened(file)
    page.get_by_label("Map of </title><b>planted").first.wait_for()
    page.keyboard.press("/")
    page.keyboard.type("bela brato", delay=5)
    page.get_by_role("listbox", name="Items that were found").get_by_role("option").first.wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Béla Bartók").first.wait_for()
    near = page.get_by_role("list", name="Most like it")
    near.locator("[data-row]").nth(9).wait_for()
    exact = run.vectors.most_similar("Béla Bartók", k=10)
    assert shown(near) == [key.strip() for key, _ in exact]
    page.get_by_role("tab", name="Arithmetic").click()
    page.get_by_role("combobox", name="Sum of items").fill("ключ - Béla Bartók")
    summed = page.get_by_role("list", name="What comes of it")
    summed.locator("[data-row]").nth(9).wait_for()
    exact = run.vectors.most_similar(plus=["ключ"], minus=["Béla Bartók"], k=10)
    assert shown(summed) == [key.strip() for key, _ in exact]
    page.get_by_role("tab", name="Clusters").click()
    page.get_by_text(run.clusters[0].name).first.wait_for()
    page.wait_for_url("**#*clusters*")
    page.reload()  # the address holds what is shown
    page.get_by_role("tab", name="Clusters", selected=True).wait_for()
    page.get_by_role("tab", name="Item", exact=True).click()
    page.get_by_role("heading", name="Béla Bartók").first.wait_for()
    assert page.evaluate("globalThis.broken") is None


def shown(items) -> list[str]:
    return [text.strip() for text in items.locator("[data-row]").all_text_contents()]


def test_a_page_from_disk_knows_items_clusters_and_columns(run: firth.Run, file: Path, opened):
    page = opened(file)
    items = ask(page, "items", [HOSTILE[0], "nobody", "__proto__"])
    rows = [run.items.row(by_predicate=pl.col("key") == key, named=True) for key in (HOSTILE[0], "__proto__")]
    assert [(item["key"], item["count"], item["group"]) for item in items] == [
        (row["key"], row["count"], row["group"]) for row in rows
    ]
    assert items[0]["score"] == rows[0]["score"]
    members = [ask(page, "members", cluster.cluster, 0, 3) for cluster in run.clusters]
    assert [answer["total"] for answer in members] == [cluster.size for cluster in run.clusters]
    assert [[item["key"] for item in answer["items"]] for answer in members] == [
        list(cluster.examples[:3]) for cluster in run.clusters
    ]
    xs = page.evaluate("firth.columns(0, ['x']).then((columns) => Array.from(columns.get('x').values))")
    assert_allclose(xs, run.items["x"].to_numpy())
    answer = ask(page, "neighbors", run.vectors.keys[20], 8)
    table = run.neighbor_confidence.row(20, named=True)
    assert [each["recurs"] for each in answer["neighbors"][:6]] == pytest.approx(table["rates"])
    assert [each["recurs"] for each in answer["neighbors"][6:]] == [None, None]
    assert answer["confidence"]["item"] == pytest.approx(run.items["confidence"][20])
    why = ask(page, "why", *run.vectors.keys[:2])
    assert why["cosine"] == pytest.approx(run.vectors.similarity(*run.vectors.keys[:2]), abs=1e-4)
    assert set(why["shared"].get("group", [])) == set(run.items["group"][0]) & set(run.items["group"][1])


TYPED = [
    *("bela bartok", "BART", "bela bratok", "ela", "Ключ", "клуч", "</script", "  ", "item 1", "tiem 1", "1 item", "i"),
    *("pro", "proot", "x", "scirpt broken", "separators", "left rihgt", "item 0x1", "!", "it", "itme 0", "em 14"),
]


def test_a_page_from_disk_finds_the_keys_that_the_service_finds(run: firth.Run, file: Path, opened):
    page = opened(file)
    search = KeySearch(run.vectors.keys)
    for text in TYPED:
        found = [(match["id"], match["key"], match["how"]) for match in ask(page, "search", text, 7)]
        assert found == [(match.id, match.key, match.how) for match in search.find(text, k=7)], text
    assert [match["how"] for match in ask(page, "search", "bela bratok", 3)] == ["typo"]


def test_a_page_folds_texts_as_the_service_does(tmp_path: Path, opened):
    letters = [chr(point) for point in [*range(0x20, 0x3000), *range(0xA000, 0xA100), *range(0xAC00, 0xAC20), 0x1F3B8]]
    keys = ["".join(letters[start : start + 5]) + f" {start} R.E.M. Don't" for start in range(0, len(letters), 5)]
    vectors = firth.Vectors(keys, np.ones((len(keys), 2)))
    items = pl.DataFrame({"key": keys, "count": [1] * len(keys)})
    page = opened(
        write_page(replace(imported_run(tmp_path), vectors=vectors, items=items), tmp_path / "folded.html", k=1)
    )
    search = KeySearch(keys)
    for key in keys[:: len(keys) // 60] + keys[30:60]:
        for text in (key, key.upper(), fold_one(key)):
            found = [(match["id"], match["how"]) for match in ask(page, "search", text, 1)]
            assert found == [(match.id, match.how) for match in search.find(text, k=1)], ascii(text)


@pytest.mark.parametrize("name", ["a large one.html", "folder"])
def test_above_the_limit_the_data_lies_beside_the_page(run: firth.Run, tmp_path: Path, name: str, opened):
    path = write_page(run, tmp_path / name, k=5, max_file_bytes=1_000)
    assert path == tmp_path / ("folder/index.html" if name == "folder" else name)
    assert path.stat().st_size < 1_000_000
    assert {each.suffix for each in path.with_name(f"{path.stem}_files").iterdir()} == {".js"}
    page = opened(path)
    key = run.vectors.keys[3]
    found = [each["key"] for each in ask(page, "arithmetic", [key], [], 10)["neighbors"]]
    assert found == [other for other, _ in run.vectors.most_similar(key, k=10)]
    assert [match["key"] for match in ask(page, "search", "bela", 5)] == ["Béla Bartók"]


def test_a_folder_with_a_page_is_no_run_of_its_own(tmp_path: Path):
    run = imported_run(tmp_path)
    with pytest.raises(RunError, match="is a run's folder"):
        write_page(run, run.folder)


def test_counts_join_the_predictions_of_a_page_as_of_its_run(tmp_path: Path, opened):
    table = tmp_path / "plays.parquet"
    playlists(n_items=60, n_playlists=200, length=8, seed=4).write_parquet(table)
    tables = {
        "source": {"path": str(table)},
        "contexts": {"listened": {"kind": "sequences", "sequence": "playlist", "order": "position"}},
        "train": {"vector_size": 8, "epochs": 3, "lane_size": 64},
        "recommend": {"blend": 0.5, "decay": 0.7},
        "map": {"enabled": False},
    }
    run = firth.run_recipe(firth.Recipe.from_dict(tables, name="plays"), out=tmp_path / "plays")
    page = opened(write_page(run, tmp_path / "plays.html"))
    asked = [run.vectors.keys[place] for place in (2, 31, 2, 17)]
    found = ask(page, "recommend", asked, 10)["recommendations"]
    exact = run.recommender.recommend(asked, k=10).found
    assert [each["key"] for each in found] == [key for key, _ in exact]
    assert_allclose([each["prediction"] for each in found], [value for _, value in exact], atol=1e-3)
    together = ask(page, "why", asked[0], exact[0][0])["together"]
    assert together == pytest.approx(run.recommender.counts.value(*run.vectors.vocabulary.ids([asked[0], exact[0][0]])))


def test_without_vectors_a_page_says_what_it_cannot(run: firth.Run, tmp_path: Path, opened):
    path = tmp_path / "small.html"
    path.write_text(make_page(run, k=5, max_file_bytes=1_000, form="file").html(), encoding="utf-8")
    page = opened(path)
    assert page.evaluate("['neighbors', 'arithmetic', 'recommend', 'why'].map((each) => firth.can(each))") == [
        True,
        False,
        False,
        False,
    ]
    page.get_by_text("What is exact?").click()
    assert page.get_by_text("would make this page too large").is_visible()


@pytest.mark.parametrize("n_items", [0, 1, 3, 17])
def test_few_items_make_a_page(n_items: int, tmp_path: Path):
    vectors = firth.Vectors([f"item {i}" for i in range(n_items)], np.eye(max(1, n_items), 5)[:n_items])
    run = replace(
        imported_run(tmp_path), vectors=vectors, items=pl.DataFrame({"key": vectors.keys, "count": [1] * n_items})
    )
    page = make_page(run)
    assert page.about["neighbors"]["k"] == max(0, min(25, n_items - 1))
    assert page.about["vectors"]["sums"] == (None if n_items < 4 else 1.0)
    assert "recommend" not in page.about["vectors"]


def imported_run(folder: Path) -> firth.Run:
    table = folder / "one.parquet"
    pl.DataFrame({"key": ["one"], "vector": [[1.0, 0.0]]}).write_parquet(table)
    return firth.import_vectors(table, out=folder / "one")


def test_a_page_has_the_same_bytes_for_any_number_of_threads(run: firth.Run):
    assert make_page(run, n_jobs=1).html() == make_page(run, n_jobs=3).html()


def test_nothing_of_a_key_is_in_the_html(file: Path):
    text = file.read_text(encoding="utf-8")
    assert "broken" not in text
    assert "Bart" not in text
    assert "<b>planted" not in text
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert "connect-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]
    assert len(re.findall(r"<script", text)) == len(re.findall(r"</script>", text))


def test_the_agreement_is_measured(run: firth.Run):
    about = make_page(run).about["vectors"]
    assert about["bits"] == 16
    assert about["sums"] > 0.99
    assert about["recommend"]["agreement"] > 0.99
    json.dumps(about, allow_nan=False)


@pytest.mark.parametrize(
    ("options", "message"), [({"k": 0}, "k must be >= 1"), ({"max_file_bytes": -1}, "max_file_bytes must")]
)
def test_options_out_of_range_are_refused(run: firth.Run, options: dict[str, int], message: str):
    with pytest.raises(OptionError, match=message):
        make_page(run, **options)


def test_a_folder_that_cannot_be_made_is_an_error(run: firth.Run, tmp_path: Path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(RunError, match="cannot make"):
        write_page(run, tmp_path / "taken")
