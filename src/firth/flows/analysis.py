"""A flow that looks at what was trained: neighbours, duplicates, tags, clusters and a map.

python -m firth.flows.analysis run
"""

from __future__ import annotations

from typing import Any

from metaflow import FlowSpec, Parameter, card, current, step

from firth.flows import cards
from firth.flows.parameters import RUN, name_user


class AnalysisFlow(FlowSpec):
    """The latest model, or a run folder, looked at from four sides at once.

    Artifacts: ``final_model`` (the run with clusters and map, packed), ``nearest``, ``duplicates``, ``tag_quality``,
    ``clusters``, ``map_quality``.
    """

    run_folder = Parameter(**RUN)
    n_clusters = Parameter(name="clusters", default=12, type=int, help="How many clusters to make.")
    perplexity = Parameter(name="perplexity", default=30.0, type=float, help="Of the map.")
    n_labels = Parameter(name="label", default=300, type=int, help="So many items are labelled where there is room.")

    @step
    def start(self) -> None:
        """Find the model."""
        from firth.flows.models import model_of

        self.model = model_of(self.run_folder)
        self.next(self.find_neighbors, self.find_duplicates, self.draw_map)

    @card(type="blank")
    @step
    def find_neighbors(self) -> None:
        """List what is nearest to the most frequent items, and how well neighbours tell tags."""
        run = self.model.load()
        keys = run.vectors.keys[:50]
        self.nearest = {key: run.vectors.most_similar(key, k=10) for key in keys}
        self.tag_quality = run.tag_quality().to_dict() if "tags" in run.attributes.columns else None
        cards.heading(current.card, "Neighbours of the most frequent items")
        cards.neighbors(current.card, run.vectors, keys[:20])
        self.next(self.join)

    @card(type="blank")
    @step
    def find_duplicates(self) -> None:
        """List items that are one thing under several keys."""
        from firth.vectors.duplicates import find_duplicates

        groups = find_duplicates(self.model.load().vectors)
        self.duplicates = [list(group.keys) for group in groups]
        cards.heading(current.card, f"{len(groups)} groups of duplicates")
        cards.table(current.card, ["kept", "others"], [[keys[0], ", ".join(keys[1:])] for keys in self.duplicates[:50]])
        self.next(self.join)

    @card(type="blank")
    @step
    def draw_map(self) -> None:
        """Cluster, place on a plane, and draw."""
        import tempfile
        from pathlib import Path

        from firth.flows.artifacts import PackedRun

        opened = self.model.load()
        run = opened.cluster(min(self.n_clusters, len(opened.vectors))).map(perplexity=self.perplexity)
        self.clusters = [cluster.to_dict() for cluster in run.clusters]
        self.map_quality = run.metrics["map"]
        cards.heading(current.card, "Clusters")
        rows = [[each["name"], each["size"], ", ".join(each["examples"][:4])] for each in self.clusters]
        cards.table(current.card, ["cluster", "items", "examples"], rows)
        cards.heading(current.card, "Map")
        cards.picture(current.card, run.plot(label=self.n_labels), "Every item, by cluster")
        with tempfile.TemporaryDirectory(prefix="firth-") as folder:
            self.final_model = PackedRun.of(run.save(Path(folder) / run.name))
        self.next(self.join)

    @step
    def join(self, inputs: Any) -> None:  # noqa: ANN401 (Metaflow's own)
        """Bring everything together."""
        self.merge_artifacts(inputs)
        self.next(self.end)

    @step
    def end(self) -> None:
        """Done."""


if __name__ == "__main__":
    name_user()
    AnalysisFlow()
