"""A flow that reads a source, splits its sequences, and says what it holds.

python -m firth.flows.data run --source playlists.csv
"""

from __future__ import annotations

from metaflow import FlowSpec, Parameter, card, current, step

from firth.flows import cards, recipes
from firth.flows.parameters import RECIPE, SETTINGS, SOURCE, name_user


class DataFlow(FlowSpec):
    """Source -> sequences, split into training, validation and test; how items are distributed.

    Artifacts: ``df_dataset``, ``df_train``, ``df_validate``, ``df_test`` (tables of sequences), ``statistics``.
    """

    recipe_name = Parameter(**RECIPE)
    source = Parameter(**SOURCE)
    settings = Parameter(**SETTINGS)

    @step
    def start(self) -> None:
        """Make sure that the recipe can be run."""
        self.recipe = recipes.recipe_of(self.recipe_name, source=self.source or None, settings=self.settings).to_dict()
        self.next(self.prepare_dataset)

    @card(type="blank")
    @step
    def prepare_dataset(self) -> None:
        """Read, split, and count."""
        import numpy as np

        from firth.flows.artifacts import sequences_table
        from firth.flows.distribution import about, plot_distribution
        from firth.flows.splits import split_of

        parts = split_of(self.recipe, self.recipe_name)
        chosen = {"train": parts.trained, "validation": parts.validation, "test": parts.test}
        tables = {
            name: sequences_table(parts.sequences, numbers, context=parts.context, split=name)
            for name, numbers in chosen.items()
        }
        self.df_train, self.df_validate, self.df_test = tables["train"], tables["validation"], tables["test"]
        everything = np.arange(parts.sequences.n_sequences)
        self.df_dataset = sequences_table(parts.sequences, everything, context=parts.context, split="all")
        self.statistics = about(parts)
        cards.heading(current.card, "What was read")
        cards.facts(current.card, self.statistics)
        cards.picture(current.card, plot_distribution(parts), "How often items occur, and how long sequences are")
        self.next(self.end)

    @step
    def end(self) -> None:
        """Done."""


if __name__ == "__main__":
    name_user()
    DataFlow()
