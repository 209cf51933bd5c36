"""The data flow and the analysis flow, and candidates that Optuna suggests."""

import json

from flow_runs import MODEL, SETTINGS, Flows


def asked(flows, flow: str, what: str):
    code = f"import json; from metaflow import Flow; data = Flow({flow!r}).latest_successful_run.data\n"
    return json.loads(flows.ask(f"{code}print(json.dumps({what}))"))


def test_the_data_flow_splits_and_counts(flows):
    flows.run("data", "run", "--source", "plays.csv", "--set", json.dumps(SETTINGS))
    sizes, names, about = asked(
        flows,
        "DataFlow",
        "[[len(data.df_train), len(data.df_validate), len(data.df_test), len(data.df_dataset)],"
        " [list(part['playlist_id']) for part in (data.df_train, data.df_validate, data.df_test)], data.statistics]",
    )
    assert sizes == [192, 24, 24, 240]
    assert len({name for part in names for name in part}) == 240, "no playlist is in two parts"
    assert (about["sequences"], about["tokens"], about["items"]) == (240, 2880, 60)
    assert about["power_law_alpha"] > 1


def test_the_analysis_flow_looks_at_the_latest_model(flows):
    flows.run("analysis", "run", "--clusters", "4", "--perplexity", "5")
    nearest, clusters, judged, size = asked(
        flows,
        "AnalysisFlow",
        "[data.nearest, data.clusters, data.map_quality['trustworthiness'], data.final_model.size_bytes]",
    )
    own, models = asked(
        flows, "ModelingFlow", "[data.final_vectors.most_similar('artist 0 - item 00'), len(data.runs)]"
    )
    assert nearest["artist 0 - item 00"] == own
    assert (len(clusters), sum(each["size"] for each in clusters), models) == (4, 60, 2)
    assert 0.5 < judged <= 1
    assert size > 60 * 16 * 4


def test_suggested_candidates_begin_with_the_recipe_s_own(tmp_path):
    flows = Flows(tmp_path)
    suggested = [*MODEL[: MODEL.index("--grid")], "--knn-k", "10", "--suggestions", "2"]
    flows.run("modeling", "run", *suggested)
    runs = asked(flows, "ModelingFlow", "[each['settings'] for each in data.runs]")
    assert len(runs) == 2
    assert any(each["train.epochs"] == SETTINGS["train.epochs"] for each in runs)
    assert all(each.keys() == runs[0].keys() for each in runs)
