"""How items are distributed in a source: a few statistics, a histogram, and whether a power law describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from firth import theme
from firth.arrays import Float64, Int64
from firth.corpus.splitting import Split
from firth.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def about(parts: Split) -> dict[str, Any]:
    """Return statistics of a source's sequences and items.

    Notes
    -----
    ``power_law_alpha`` is the exponent of the tail from ``power_law_from`` on, by maximum likelihood, where the tail
    begins being the one that fits best. ``against_exponential`` and ``against_lognormal`` are the log-likelihood ratios
    (above 0: the power law describes the tail better) with their p-values.

    References
    ----------
    Clauset, Shalizi & Newman (2009). Power-law distributions in empirical data. SIAM Review 51.
    Alstott, Bullmore & Plenz (2014). powerlaw: a Python package. PLoS ONE 9.
    """
    source, lengths = parts.sequences, _lengths(parts)
    fit = _fit(source.counts)
    exponential, lognormal = (fit.distribution_compare("power_law", other) for other in ("exponential", "lognormal"))
    return {
        "sequences": source.n_sequences,
        "trained": len(parts.trained),
        "validation": len(parts.validation),
        "test": len(parts.test),
        "items": len(source.keys),
        "tokens": source.n_tokens,
        "items_once": int((source.counts == 1).sum()),
        "most_frequent": source.keys[0],
        "most_frequent_count": int(source.counts[0]),
        "length_median": float(np.median(lengths)),
        "length_most": int(lengths.max()),
        "power_law_alpha": float(fit.power_law.alpha),
        "power_law_from": int(fit.power_law.xmin),
        "against_exponential": tuple(map(float, exponential)),
        "against_lognormal": tuple(map(float, lognormal)),
    }


def plot_distribution(parts: Split) -> Figure:
    """Return histograms of how often items occur and how long sequences are, both axes logarithmic."""
    from firth.plots import canvas

    with canvas.styled():
        figure = canvas.new_figure(theme.CHART_SIZE_IN)
        left, right = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.1, right=0.97, bottom=0.14, top=0.86, wspace=0.28)
        _histogram(left, parts.sequences.counts, "occurrences of an item", "items")
        _histogram(right, _lengths(parts), "items of a sequence", "sequences")
        canvas.write_title(figure, f"{len(parts.sequences.keys):,} items in {parts.sequences.n_sequences:,} sequences")
    return figure


def _histogram(axes: Axes, values: Int64, what: str, of: str) -> None:
    edges: Float64 = np.unique(np.geomspace(1, max(2, values.max() + 1), 30).round())
    heights, _ = np.histogram(values, bins=edges)
    axes.bar(edges[:-1], heights, width=np.diff(edges), align="edge", color=theme.CATEGORIES[0], linewidth=0)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(what)
    axes.set_ylabel(of)


def _fit(counts: Int64) -> Any:  # noqa: ANN401 (a package without types)
    try:
        import powerlaw
    except ImportError as error:
        raise MissingExtraError("the flows", "powerlaw", "flows") from error
    with np.errstate(all="ignore"):
        return powerlaw.Fit(counts, discrete=True, verbose=False)


def _lengths(parts: Split) -> Int64:
    lengths: Int64 = np.diff(parts.sequences.offsets)
    return lengths
