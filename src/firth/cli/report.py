"""What a run reports when it ends, and whenever it is asked: one screen, from its ``run.json`` alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from firth.cli.clusters import clusters_sentence
from firth.cli.confidence import confidence_lines
from firth.cli.report_lineage import lineage_lines
from firth.cli.report_merges import merge_lines
from firth.cli.report_training import training_lines
from firth.cli.tags import tag_lines
from firth.cli.terminal import answers, clusters_table, duration
from firth.progress import si

_NO_EDGES = (
    ("nodes_isolated", "nodes without an edge left out"),
    ("dead_ends", "nodes that no edge leads away from"),
    ("self_loops", "self-loops"),
    ("edges_merged", "edges that came again"),
    ("rows_of_weight_0", "edges of weight 0"),
    ("rows_without_node", "rows without a node"),
    ("rows_without_weight", "rows without a weight"),
    ("edges_dropped", "edges of dropped items"),
)
_LOST = (
    ("rows_without_key", "rows without an item"),
    ("rows_without_sequence", "rows without a sequence"),
    ("rows_without_order", "rows without an order"),
    ("rows_without_items", "rows without items"),
    ("entries_without_key", "entries without an item"),
    ("rows_of_equal_order", "rows of equal order"),
    ("tokens_rejected", "tokens too long"),
    ("invalid_bytes", "bytes that are not UTF-8"),
)
_COLORS = {"complete": "green", "running": "cyan", "interrupted": "yellow"}


def print_report(folder: Path, document: Mapping[str, Any]) -> None:
    """Print what made a run, what was measured, and where its files are."""
    from firth.runs.folder import state

    out, how = answers(), state(document)
    color = _COLORS.get(how, "red")
    out.print()
    out.print(f"[bold]{escape(document['name'])}[/]  [{color}]{how}[/]")
    if document["error"]:
        out.print(f"[{color}]{escape(document['error'])}[/]", soft_wrap=True)
    out.print()
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", min_width=11)
    grid.add_column(overflow="fold")
    for name, text in _lines(folder, document):
        grid.add_row(name, text)
    out.print(grid)
    if document["clusters"]:
        out.print()
        out.print(clusters_table(document["clusters"], n_examples=3))
    out.print()


def map_lines(about: Mapping[str, Any]) -> Iterator[str]:
    """Yield how a map was made and how far it can be trusted."""
    yield ", ".join(_map_parts(about))
    for near in about.get("quality", []):
        judged = f" of {about['n_judged']:,} items" if near is about["quality"][0] else ""
        yield (
            f"{near['k']} nearest{judged}: trustworthiness [bold]{near['trustworthiness']:.3f}[/], "
            f"{near['neighbor_preservation']:.0%} kept"
        )
    if about.get("likeness") is not None:
        yield f"{about['likeness']:.0%} like the map of {escape(about['grown_from'])} that it grew from"


def _map_parts(about: Mapping[str, Any]) -> Iterator[str]:
    yield escape(about["engine"])
    if about["perplexity"] is not None:
        given = about["perplexity"]
        yield "perplexity " + " and ".join(f"{each:g}" for each in (given if isinstance(given, list) else [given]))
    if about.get("ending") == "converged":
        yield f"no gain after {about['n_iter']} steps"
    if about["kl"] is not None and about["kl"] == about["kl"]:
        yield f"KL {about['kl']:.3f}"
    if about.get("recall") is not None:
        yield f"{about['recall']:.1%} of neighbors found"
    yield duration(about["seconds"])


def agreement_sentence(agreement: Mapping[str, Any]) -> str:
    """Return how an attribute agrees among neighbours, beside what chance would give."""
    name, k = escape(agreement["name"]), agreement["k"]
    values = f"[bold]{agreement['value']:.2f}[/] (chance {agreement['chance']:.2f})"
    if agreement["kind"] == "category":
        return f"{name} in common among the {k} nearest: {values}"
    return f"difference of {name} to the {k} nearest: {values}"


def _lines(folder: Path, document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    metrics, corpus = document["metrics"], document["corpus"]
    if "n_items" in metrics:
        yield "items", _items(metrics["n_items"], corpus)
    yield from merge_lines(document)
    if corpus:
        yield from _contexts(corpus)
    yield from training_lines(document)
    for place, agreement in enumerate(metrics.get("agreement", [])):
        yield "" if place else "agreement", agreement_sentence(agreement)
    yield from _tags_and_clusters(metrics)
    if "confidence" in metrics:
        for place, line in enumerate(confidence_lines(metrics["confidence"])):
            yield "" if place else "confidence", line
    if "map" in metrics:
        for place, line in enumerate(map_lines(metrics["map"])):
            yield "" if place else "map", line
    yield from lineage_lines(document)
    timings = document["timings_s"]
    if timings:
        yield "time", ", ".join(f"{name} {duration(seconds)}" for name, seconds in timings.items())
    yield "folder", escape(str(folder))
    for place, plot in enumerate(document["plots"]):
        yield "" if place else "plots", escape(str(folder / plot))


def _tags_and_clusters(metrics: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "tags" in metrics:
        for place, line in enumerate(tag_lines(metrics["tags"])):
            yield "" if place else "tags", line
    if "clusters" in metrics:
        yield "clusters", clusters_sentence(metrics["clusters"], metrics["n_items"])


def _items(n_items: int, corpus: Mapping[str, Any] | None) -> str:
    report = corpus["report"] if corpus else {}
    if not report.get("items_dropped"):
        return f"{n_items:,}"
    dropped, occurrences = report["items_dropped"], report["occurrences_dropped"]
    return f"{n_items:,}, without {dropped:,} rarer ones, which occur {occurrences:,} times"


def _contexts(corpus: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for place, (name, context) in enumerate(corpus["report"]["contexts"].items()):
        weight = corpus["weights"].get(name, 0)
        parts = _parts(context)
        parts.insert(0, f"weight {weight:g}" if weight else "trains nothing")
        yield "" if place else "contexts", f"{escape(name)}: " + ", ".join(parts)
    report = corpus["report"]
    if report.get("rows_rejected"):
        yield (
            "",
            f"{report['rows_rejected']:,} rows could not be read, such as {escape(report['rejected_examples'][0])}",
        )


def _parts(context: Mapping[str, int]) -> list[str]:
    if "edges" in context:
        return _graph_parts(context)
    return _sequence_parts(context) if "sequences" in context else _group_parts(context)


def _graph_parts(context: Mapping[str, int]) -> list[str]:
    parts = [
        f"{context['edges']:,} {'weighted ' if context['is_weighted'] else ''}edges between {context['nodes']:,} nodes",
        f"{context['largest_degree']:,} neighbours at most",
    ]
    if context["components"] > 1:
        parts.append(f"{context['components']:,} parts, {context['largest_component']:,} nodes in the largest")
    return parts + [f"{context[key]:,} {text}" for key, text in _NO_EDGES if context.get(key)]


def _group_parts(context: Mapping[str, int]) -> list[str]:
    parts = [f"{context['n_groups']:,} groups", f"{si(context['n_pairs'])} pairs of items"]
    if context["n_single_member_groups"]:
        parts.append(f"{context['n_single_member_groups']:,} of one left out")
    if context["rows_missing"]:
        parts.append(f"{context['rows_missing']:,} of {context['rows_read']:,} rows without a value")
    return parts


def _sequence_parts(context: Mapping[str, int]) -> list[str]:
    parts = [
        f"{context['sequences']:,} sequences",
        f"{si(context['tokens'])} items in them",
        f"{context['longest_sequence']:,} in the longest",
    ]
    if context["sequences_short"]:
        parts.append(f"{context['sequences_short']:,} of fewer than two give no pairs")
    if context["tokens_dropped"]:
        parts.append(f"{si(context['tokens_dropped'])} places of dropped items")
    parts += [f"{context[key]:,} {text}" for key, text in _LOST if context.get(key)]
    return parts
