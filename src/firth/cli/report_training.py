"""What a run's report says of its training: what it went on from, its options, its pace, its losses, its probes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.markup import escape

from firth.cli.terminal import duration
from firth.progress import si

_N_INTERVALS = 40


def training_lines(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the lines of a report on training, each with its heading."""
    metrics, training = document["metrics"], document["training"]
    if document.get("start"):
        yield "start", _start(document["start"])
    if training:
        is_ordered = any(
            "sequences" in context or "edges" in context
            for context in document["corpus"]["report"]["contexts"].values()
        )
        yield "training", _options(training["options"], document["instruction_set"], is_ordered=is_ordered)
        if "n_pairs" in metrics:
            yield "", _pace(metrics)
        if metrics.get("is_stopped_early"):
            yield "", _stop(metrics["n_intervals"], training["options"]["patience"])
    if metrics.get("loss") is not None:
        yield "loss", _losses(metrics)
        for name, losses in metrics.get("context_losses", {}).items():
            if losses["loss"] is not None:
                yield "", f"{escape(name)}: {_losses(losses)}"
    for place, line in enumerate(metrics.get("probes", [])):
        yield "" if place else "probes", escape(line)


def _start(start: Mapping[str, Any]) -> str:
    parts = [
        f"{start['n_known']:,} known" + (", which stay as they are" if start["freeze"] else ""),
        f"{start['n_new']:,} new",
        f"{start['n_kept']:,} kept from before",
    ]
    if not start["has_outputs"]:
        parts.append("outputs begin at zero, as there were none")
    return (f"{escape(start['run'])}: " if start["run"] else "") + "; ".join(parts)


def _options(options: Mapping[str, Any], instruction_set: str | None, *, is_ordered: bool) -> str:
    parts = [options["objective"] + (", tied" if options.get("tied") else ""), f"{options['vector_size']} dimensions"]
    if is_ordered:
        window = options["window"]
        reach = f"{window[0]} before and {window[1]} after" if isinstance(window, list) else str(window)
        parts += [f"window {reach}", f"sample {options['sample']:g}"]
    parts += [
        "1 negative" if options["negative"] == 1 else f"{options['negative']} negatives",
        f"learning rate {options['learning_rate']:g}",
        f"seed {options['seed']}",
    ]
    return ", ".join(parts) + (f", kernel {instruction_set}" if instruction_set else "")


def _pace(metrics: Mapping[str, Any]) -> str:
    parts = [f"{metrics['n_pairs']:,} pairs in {duration(metrics['train_s'])}"]
    if metrics["pairs_per_s"]:
        parts.append(f"{si(metrics['pairs_per_s'])} pairs/s")
    if metrics.get("tokens_per_s"):
        parts.append(f"{si(metrics['tokens_per_s'])} tokens/s")
    return ", ".join(parts)


def _stop(n_intervals: int, patience: int) -> str:
    where = f"interval {n_intervals} of {_N_INTERVALS}"
    return f"stopped early, after {where}: the held-out loss had not fallen for {patience}"


def _losses(losses: Mapping[str, Any]) -> str:
    heldout = losses.get("heldout_loss")
    return f"{losses['loss']:.3f}" + ("" if heldout is None else f", on held-out pairs {heldout:.3f}")
