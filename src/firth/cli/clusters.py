"""The clusters of a run: which there are, how far apart they lie, and whether they come out again."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firth.cli.arguments import JobsOption, JsonOption, RunArgument, SeedOption, open_run
from firth.cli.errors import note
from firth.cli.terminal import answers, clusters_table, print_json

if TYPE_CHECKING:
    from firth.evaluation import ClusterQuality
    from firth.runs.run import Run

CLUSTERS_EXAMPLE = "Example: firth clusters runs/bands-1 -n 12 --quality"


class ClusterMethod(StrEnum):
    """How clusters are made."""

    kmeans = "kmeans"
    hdbscan = "hdbscan"


def clusters(
    run: RunArgument,
    n: Annotated[
        int | None,
        typer.Option(
            "-n",
            "--n",
            min=2,
            metavar="N",
            help="Make N for this answer; the run keeps its own.",
            show_default=False,
        ),
    ] = None,
    method: Annotated[
        ClusterMethod,
        typer.Option("--method", help="hdbscan: as many as there are, for this answer (extra 'clusters')."),
    ] = ClusterMethod.kmeans,
    min_cluster_size: Annotated[
        int | None,
        typer.Option("--min-cluster-size", min=2, metavar="N", help="hdbscan: fewer are none.", show_default="25"),
    ] = None,
    n_components: Annotated[
        int | None,
        typer.Option(
            "--n-components", min=1, metavar="N", help="hdbscan: of N principal components.", show_default="the vectors"
        ),
    ] = None,
    quality: Annotated[
        bool, typer.Option("--quality", help="Say how far apart they lie, and whether they come out again.")
    ] = False,
    seed: SeedOption = None,
    n_jobs: JobsOption = None,
    json: JsonOption = False,
) -> None:
    """Show the clusters.

    Each has a name, after what it holds more than the rest, a size, and the items nearest to its middle.

    With --quality: the silhouette is above 0 where items are nearer to their own cluster than to any other. Stability
    is the share that a cluster has in common with the most similar one of five other tries, on average: other seeds of
    k-means, 80 % of the items for HDBSCAN. The adjusted Rand index says it of all together: 1 alike, 0 by chance.
    """
    from firth.errors import OptionError
    from firth.progress import BarProgress

    _check_usage(method, n=n, min_cluster_size=min_cluster_size, n_components=n_components)
    opened = open_run(run)
    if n is not None:
        opened = opened.cluster(n, seed=seed, n_jobs=n_jobs or "auto")
    elif method is ClusterMethod.hdbscan:
        size = 25 if min_cluster_size is None else min_cluster_size
        opened = opened.cluster(
            method="hdbscan", min_cluster_size=size, n_components=n_components, seed=seed, n_jobs=n_jobs or "auto"
        )
    if "cluster" not in opened.items.columns:
        raise OptionError(f"{opened.name} has no clusters of its own: say how many to make with -n.")
    found = opened.cluster_quality(progress=BarProgress(), n_jobs=n_jobs or "auto") if quality else None
    if json:
        from firth.runs.answers import clusters_document

        document = clusters_document(opened.folder, opened.clusters)
        print_json({**document, **({"quality": found.to_dict()} if found else {})})
        return
    _print(opened, found)


def clusters_sentence(about: Mapping[str, Any], n_items: int) -> str:
    """Return what a run's report says of its clusters as a whole."""
    parts = [f"{about['n']:,} by {'k-means' if about['method'] == 'kmeans' else 'HDBSCAN'}"]
    if about["silhouette"] is not None:
        parts.append(f"silhouette [bold]{about['silhouette']:.2f}[/]")
    if about["n_noise"]:
        parts.append(f"{about['n_noise']:,} items ({about['n_noise'] / n_items:.0%}) in none")
    return ", ".join(parts)


def _check_usage(method: ClusterMethod, *, n: int | None, **of_hdbscan: int | None) -> None:
    """Raise if options are given that do not go together."""
    if method is ClusterMethod.hdbscan and n is not None:
        raise typer.BadParameter("goes with kmeans; hdbscan finds as many as there are.", param_hint="-n")
    for name, value in of_hdbscan.items():
        if method is ClusterMethod.kmeans and value is not None:
            raise typer.BadParameter("goes with --method hdbscan.", param_hint=f"--{name.replace('_', '-')}")


def _print(run: Run, found: ClusterQuality | None) -> None:
    documents = [cluster.to_dict() for cluster in run.clusters]
    columns = None
    if found is not None:
        columns = {
            "silhouette": [_decimal(one.silhouette) for one in found.clusters],
            "stability": [_decimal(one.stability) for one in found.clusters],
        }
    out = answers()
    if documents:
        out.print(clusters_table(documents, further=columns))
    n_noise = int((run.items["cluster"] < 0).sum())
    if n_noise:
        out.print(f"[dim]{n_noise:,} of {len(run.items):,} items ({n_noise / len(run.items):.0%}) are in no cluster[/]")
    if not documents:
        note("HDBSCAN found no cluster: a smaller --min-cluster-size, or --n-components 10, may.")
    if found is None or not documents:
        return
    silhouette, rand = _decimal(found.silhouette), _decimal(found.adjusted_rand)
    out.print(
        f"silhouette [bold]{silhouette}[/]; adjusted Rand index [bold]{rand}[/] with {found.n_repeats} other tries "
        "(chance 0)"
    )
    weak = [run.clusters[one.cluster].name for one in found.clusters if one.is_weak]
    if weak:
        note(f"not to be relied on (silhouette not above 0, or stability below 0.6): {', '.join(weak)}.")


def _decimal(number: float) -> str:
    return "-" if number != number else f"{number:.2f}"
