"""The modeling flow: candidates, the best of them, the test, its cards, and its artifacts as a notebook uses them."""

import json
import re
from shutil import which

import pytest
from flow_runs import SETTINGS

from firth.evaluation.lasts import last_items
from firth.flows import recipes
from firth.flows.splits import split_of
from firth.runs.execute import run_recipe

READ = "from metaflow import Flow; data = Flow('ModelingFlow').latest_successful_run.data\n"


def test_the_best_candidate_by_validation_is_kept(flows):
    said = json.loads(
        flows.ask(
            READ + "import json; print(json.dumps([data.runs, data.best_settings, data.validation_metric,"
            " data.final_vectors.vector_size]))"
        )
    )
    runs, best, metric, size = said
    assert [each["validation"] for each in runs] == sorted((each["validation"] for each in runs), reverse=True)
    assert {json.dumps(each["settings"], sort_keys=True) for each in runs} == {
        json.dumps({"train.vector_size": 8}),
        json.dumps({"train.negative": 3, "train.vector_size": 16}, sort_keys=True),
    }
    assert runs[0]["settings"] == best
    assert runs[0]["validation"] == metric
    assert size == best["train.vector_size"]


def test_the_test_is_the_library_s_own_answer_to_the_same_question(flows, tmp_path, monkeypatch):
    best, metric, tests = json.loads(
        flows.ask(
            READ + "import json; print(json.dumps([data.best_settings, data.test_metric,"
            " data.final_dataset[['playlist_id', 'predictions', 'hit']].values.tolist()]))"
        )
    )
    monkeypatch.chdir(flows.folder)
    recipe = recipes.recipe_of("playlists", source="plays.csv", settings=json.dumps(SETTINGS))
    run = run_recipe(recipes.candidate(recipe, best), out=tmp_path / "run")
    parts = split_of(run.document["recipe"], "playlists")
    questions = last_items(parts.sequences, parts.test, n_before=3)
    hits = []
    for query, target, (playlist, predictions, hit) in zip(questions.queries, questions.targets, tests, strict=True):
        asked = [questions.keys[code] for code in query]
        own = [key for key, _ in run.recommender.recommend(asked, k=10).found]
        assert predictions == own, playlist
        hits.append(questions.keys[target] in own)
        assert hit == hits[-1]
    assert metric == pytest.approx(sum(hits) / len(hits))
    assert 0.2 < metric < 1  # planted company: chance is 10 of 60 items


def test_what_is_tested_was_not_trained(flows):
    ids, names, split = json.loads(
        flows.ask(
            READ + "import json; d = data.final_dataset; print(json.dumps([d.index.tolist(),"
            " d['playlist_id'].tolist(), sorted(set(d['split']))]))"
        )
    )
    assert split == ["test"]
    assert len(set(ids)) == len(ids) == 24  # a tenth of 240
    assert all(re.fullmatch(r"listened-\d+", name) for name in names)


NOTEBOOK = """
from collections import Counter
from random import choice
from metaflow import Flow
from sklearn.manifold import TSNE
import numpy as np

def newest_success(name):
    for each in Flow(name).runs():
        if each.successful:
            return each

run = newest_success("ModelingFlow")
model, dataset = run.data.final_vectors, run.data.final_dataset
print(dataset.head(3))
assert len(dataset) == 24
track = choice(list(model.index_to_key))
assert model[track][:5].shape == (5,)
nearest = model.most_similar(track, topn=3)
assert len(nearest) == 3 and track not in dict(nearest)
counts = Counter(song for sequence in dataset["track_sequence"] for song in sequence)
top = [song for song, _ in counts.most_common(30)]
tracks = [each for each in model.index_to_key if each in top]
assert len(tracks) == 30
categories = dict.fromkeys(tracks, "unknown")
names = set(dataset["playlist_id"].apply(lambda name: name.split("-")[1].lower().strip()))
assert len(names) == 24
for word in ("1", "2"):
    for sequence in dataset[dataset["playlist_id"].str.contains(word)]["track_sequence"]:
        for song in sequence:
            if categories.get(song) == "unknown":
                categories[song] = word
assert {"1", "2"} <= set(categories.values())
matrix = np.array([model[each] for each in tracks])
assert TSNE(n_components=2, perplexity=5, init="random", learning_rate="auto").fit_transform(matrix).shape == (30, 2)
wv = model.to_gensim()
assert wv.index_to_key == model.index_to_key
assert [key for key, _ in wv.most_similar(track, topn=3)] == [key for key, _ in nearest]
"""


def test_a_notebook_of_the_artifacts_runs_line_by_line(flows):
    said = flows.ask(NOTEBOOK)
    assert "listened-" in said


def test_the_model_that_is_kept_is_a_whole_run(flows):
    said = flows.ask(
        READ + "run = data.final_model.load()\n"
        "print((run.vectors.matrix == data.final_vectors.vectors).all(), run.status, run.folder.name)"
    )
    assert said.split() == ["True", "complete", "playlists"]


def test_cards_show_the_candidates_and_the_test(flows):
    chromium = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := which(name))), None)
    if chromium is None:
        pytest.skip("no Chromium is installed (Debian's package chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        for step, wanted in {"join_runs": "train.vector_size", "model_testing": "HR@10"}.items():
            (card,) = (flows.folder / ".metaflow" / "mf.cards" / "ModelingFlow").rglob(f"{step}/**/*.html")
            page.goto(card.as_uri())
            page.get_by_text(wanted).wait_for()
            assert page.locator("img").count() == (1 if step == "join_runs" else 0)
        browser.close()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--grid", "[]"], "grid must be a list of settings"),
        (["--grid", '[{"epoch": 3}]'], "Closest: 'train.epochs'"),
        (["--set", "{"], "set must be JSON"),
        (["--recipe", "playlist"], "Closest: 'playlists'"),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is_read(flows, arguments, said):
    process = flows.start("modeling", "run", "--source", "absent.csv", *arguments)
    output, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert said in output
