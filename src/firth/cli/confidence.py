"""How sure a run is of its neighbours: measured by other trainings, shown beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firth.cli.arguments import ClusterOption, JobsOption, JsonOption, RunArgument, open_cluster, open_run, trials_on
from firth.cli.terminal import answers, duration, print_json

if TYPE_CHECKING:
    from firth.runs.run import Run

CONFIDENCE_EXAMPLE = "Example: firth confidence runs/playlists-1 --members 10"

_DIFFERENT = {"seed": "with other seeds", "bootstrap": "with other seeds, on sequences drawn anew"}


class By(StrEnum):
    """What differs in the other trainings."""

    seed = "seed"
    bootstrap = "bootstrap"


def confidence(
    run: RunArgument,
    members: Annotated[
        int,
        typer.Option(
            "--members", min=2, metavar="M", help="How many other trainings; each takes as long as the run's."
        ),
    ] = 5,
    by: Annotated[
        By, typer.Option("--by", help="What differs: the seed; or also the sequences, drawn with replacement.")
    ] = By.seed,
    k: Annotated[int, typer.Option("-k", "--k", min=1, metavar="K", help="How many nearest are compared.")] = 10,
    n_jobs: JobsOption = None,
    cluster: ClusterOption = None,
    json: JsonOption = False,
) -> None:
    """Measure how often neighbours recur in other trainings, and store it in the run.

    The run's data is read again and trained on M times more. What comes of it is the rate at which each neighbour would
    be there again in one training more; `firth neighbors RUN KEY --confidence` shows it. It tells how far a list is
    the data's and not the seed's, and nothing of whether it is right.
    """
    from firth.progress import BarProgress

    opened = open_run(run)
    with open_cluster(cluster) as workers:
        made = opened.confidence(
            members=members,
            by=by.value,
            k=k,
            progress=BarProgress(),
            n_jobs=n_jobs or "auto",
            mapper=trials_on(workers),
        ).save()
    if json:
        print_json({"run": made.folder, "confidence": made.metrics["confidence"]})
        return
    for line in confidence_lines(made.metrics["confidence"]):
        answers().print(line)
    answers().print(f"[dim]stored in {made.folder}[/]", soft_wrap=True)


def confidence_lines(about: Mapping[str, Any]) -> Iterator[str]:
    """Yield how many neighbours recur over all items, and how many items are unstable."""
    trainings = f"{about['members']} other trainings {_DIFFERENT[about['by']]}, {duration(about['seconds'])}"
    if about["mean"] is None:
        yield f"not known of any item, by {trainings}"
        return
    yield f"[bold]{about['mean']:.0%}[/] of the {about['k']} nearest recur, by {trainings}"
    yield f"{about['unstable']:.0%} of the items are unstable: fewer than half of their nearest are expected to recur"
    if about["n_unknown"]:
        yield f"not known of {about['n_unknown']:,} items, which no sample had"


class Shown:
    """The confidence of one item's neighbours, as an answer shows it.

    Parameters
    ----------
    run
        A run that knows it.
    key
        The item.
    found
        Its neighbours, as they are shown.

    Raises
    ------
    RunError
        If the run does not know it.
    """

    def __init__(self, run: Run, key: str, found: list[tuple[str, float]]) -> None:
        from firth.runs.answers import NeighborConfidence

        self.known = NeighborConfidence.of(run, key, [other for other, _ in found])
        self.n_beyond = max(0, len(found) - int(self.known.about["k"]))

    @property
    def cells(self) -> list[str]:
        """The cells of the column ``recurs``, one per neighbour."""
        return ["[dim]-[/]" if rate is None else f"{rate:.2f}" for rate in self.known.rates]

    def lines(self) -> Iterator[str]:
        """Yield what is to be said below the neighbours."""
        k, members = self.known.about["k"], self.known.about["members"]
        if self.known.item is None:
            yield "[yellow]not known: no sample of the sequences had this item[/]"
            return
        if self.known.is_unstable:
            yield (
                f"[yellow]unstable: only {self.known.item * k:.1f} of its {k} nearest are expected in another "
                "training; the rest would be others[/]"
            )
        yield (
            f"[dim]recurs: the rate at which it is among the {k} nearest in another training, by {members} trainings "
            f"{_DIFFERENT[self.known.about['by']]}[/]"
        )
        if self.n_beyond:
            yield (
                f"[dim]not known beyond the {k} nearest; firth confidence RUN -k {k + self.n_beyond} measures more[/]"
            )
