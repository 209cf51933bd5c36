"""A flow that tries several settings of a recipe, keeps the best, and tests it once.

python -m firth.flows.modeling run --source playlists.csv
"""

from __future__ import annotations

from typing import Any

from metaflow import FlowSpec, Parameter, card, current, step

from firth.flows import cards, recipes
from firth.flows.parameters import BEFORE, RECIPE, SEED, SETTINGS, SOURCE, K, name_user


class ModelingFlow(FlowSpec):
    """Candidates, each trained and asked what comes last in validation sequences; the best is tested once.

    Artifacts: ``runs`` (the candidates, best first), ``best_settings``, ``final_vectors``, ``final_model`` (the whole
    run, packed), ``final_dataset`` (the test sequences, with what was answered), ``test_metric``.
    """

    recipe_name = Parameter(**RECIPE)
    source = Parameter(**SOURCE)
    settings = Parameter(**SETTINGS)
    knn_k = Parameter(**K)
    n_before = Parameter(**BEFORE)
    seed = Parameter(**SEED)
    grid = Parameter(name="grid", default="", help='Candidates, as JSON: [{"epochs": 10}, {"epochs": 30}].')
    suggestions = Parameter(name="suggestions", default=0, type=int, help="Instead: so many, suggested by Optuna.")

    @step
    def start(self) -> None:
        """Make sure that everything asked for can be run."""
        recipe = recipes.recipe_of(self.recipe_name, source=self.source or None, settings=self.settings)
        self.recipe = recipe.to_dict()
        self.candidates = [] if self.suggestions else recipes.grid_of(self.grid)
        for settings in self.candidates:
            recipes.candidate(recipe, settings)
        self.next(self.prepare_dataset)

    @step
    def prepare_dataset(self) -> None:
        """Read and split the source; name the candidates."""
        from firth.flows.artifacts import sequences_table
        from firth.flows.splits import split_of
        from firth.runs.recipe import Recipe

        parts = split_of(self.recipe, self.recipe_name)
        self.df_test = sequences_table(parts.sequences, parts.test, context=parts.context, split="test")
        self.source_fingerprint = parts.sequences.fingerprint
        if self.suggestions:
            recipe = Recipe.from_dict(self.recipe, name=self.recipe_name)
            self.candidates = recipes.suggestions(recipe, self.suggestions, parts=parts, seed=self.seed)
        self.next(self.generate_embeddings, foreach="candidates")

    @step
    def generate_embeddings(self) -> None:
        """Train a candidate, and ask it about the validation sequences."""
        from firth.flows.trials import tried

        self.settings_tried = self.input
        trial = tried(
            self.recipe,
            self.recipe_name,
            self.input,
            source=self.source_fingerprint,
            n_before=self.n_before,
            k=self.knn_k,
        )
        self.model, self.validation_metric, self.train_s = trial.model, trial.metric, trial.seconds
        self.next(self.join_runs)

    @card(type="blank")
    @step
    def join_runs(self, inputs: Any) -> None:  # noqa: ANN401 (Metaflow's own)
        """Keep the best candidate; the first of equally good ones."""
        from firth.flows.artifacts import FinalVectors

        self.merge_artifacts(inputs, include=["recipe", "df_test", "source_fingerprint"])
        ordered = sorted(inputs, key=lambda each: -each.validation_metric)
        best = ordered[0]
        self.runs = [
            {"settings": each.settings_tried, "validation": each.validation_metric, "seconds": each.train_s}
            for each in ordered
        ]
        self.best_settings, self.validation_metric = best.settings_tried, best.validation_metric
        self.final_model = best.model
        opened = best.model.load()
        self.final_vectors = FinalVectors(opened.vectors)
        self._show(opened)
        self.next(self.model_testing)

    @card(type="blank")
    @step
    def model_testing(self) -> None:
        """Ask the best candidate about the test sequences, once."""
        from firth.flows.artifacts import with_predictions
        from firth.flows.trials import answers

        run = self.final_model.load()
        found = answers(run, part="test", source=self.source_fingerprint, n_before=self.n_before, k=self.knn_k)
        self.final_dataset = with_predictions(self.df_test, run.vectors.keys, found.ids)
        self.test_metric = found.metric
        cards.heading(current.card, "The test, asked once")
        cards.facts(current.card, {f"HR@{self.knn_k}": self.test_metric, "questions": len(self.final_dataset)})
        self.next(self.end)

    @step
    def end(self) -> None:
        """Done."""

    def _show(self, run: Any) -> None:  # noqa: ANN401 (a Run, imported where steps run)
        """Write the card of the candidates."""
        from firth.plots.loss import plot_loss

        cards.heading(current.card, "Candidates")
        names = sorted({name for each in self.runs for name in each["settings"]})
        rows = [
            [*(each["settings"].get(name, "") for name in names), each["validation"], each["seconds"]]
            for each in self.runs
        ]
        cards.table(current.card, [*names, f"HR@{self.knn_k}", "seconds"], rows)
        cards.heading(current.card, "The best")
        if len(run.history):
            cards.picture(current.card, plot_loss(run.history), "Loss while training")
        cards.neighbors(current.card, run.vectors, run.vectors.keys[:8])


if __name__ == "__main__":
    name_user()
    ModelingFlow()
