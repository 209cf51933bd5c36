"""The numbers at a scale: few enough to fit, and each whole, with no factor or offset written elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from firth.arrays import Float64
from firth.plots import canvas
from firth.plots.colors import Numbers

_MOST = 7
_PLAIN = (1e-4, 1e7)  # sizes that are written without a power of ten
_MOST_DECIMALS = 12
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def ticks(values: Numbers, *, fits: Callable[[Float64, Sequence[str]], bool]) -> tuple[Float64, list[str]]:
    """Return where a scale is marked, and with what, as densely as fits.

    Parameters
    ----------
    values
        The scale.
    fits
        Whether there is room for these texts at these places.

    Returns
    -------
    places : (n_ticks,) float64, ascending, within the scale.
    texts : one per place.
    """
    present = values.values[values.present]
    if present.min() == present.max():
        return present[:1], _texts(values, present[:1])
    places, texts = np.zeros(0), list[str]()
    for n_ticks in range(_MOST, 0, -1):
        places = _places(values, n_ticks)
        places = places[(places >= values.low) & (places <= values.high)]
        texts = _texts(values, places)
        if len(places) and len(set(texts)) == len(texts) and fits(places, texts):
            return places, texts
    middle = np.array([(values.low + values.high) / 2])
    return (places, texts) if len(places) == 1 else (middle, _texts(values, middle))


def _places(values: Numbers, n_ticks: int) -> Float64:
    locator: canvas.LogLocator | canvas.MaxNLocator
    if values.is_date:
        return canvas.date_ticks(values.low, values.high, n_ticks)
    if values.is_log:
        locator = canvas.LogLocator(numticks=n_ticks)
    else:
        present = values.values[values.present]
        locator = canvas.MaxNLocator(n_ticks, integer=bool((present == np.rint(present)).all()), min_n_ticks=1)
    return np.asarray(locator.tick_values(values.low, values.high), dtype=np.float64)


def _texts(values: Numbers, places: Float64) -> list[str]:
    if values.is_date:
        return _dates(places)
    if values.is_log:
        return [_log_text(place) for place in places.tolist()]
    return _linear_texts(places)


def _dates(places: Float64) -> list[str]:
    """Return dates with the parts in which they differ, and all larger ones."""
    moments = [np.datetime64(round(place * 86_400), "s") for place in places.tolist()]
    for unit in "YMD":
        if all(moment == moment.astype(f"datetime64[{unit}]") for moment in moments):
            return [str(moment.astype(f"datetime64[{unit}]")) for moment in moments]
    return [str(moment).replace("T", " ").removesuffix(":00") for moment in moments]


def _log_text(place: float) -> str:
    exponent = int(np.floor(np.log10(place) + 1e-9))
    if -4 <= exponent < 6:
        return f"{place:,.{max(0, -exponent)}f}"
    return f"10{str(exponent).translate(_SUPERSCRIPT)}"


def _linear_texts(places: Float64) -> list[str]:
    largest = float(np.abs(places).max(initial=0.0))
    exponent = 0
    if largest and not _PLAIN[0] <= largest < _PLAIN[1]:
        exponent = int(np.floor(np.log10(largest)))
    scaled = places / 10.0**exponent if exponent > -300 else places * 10.0**-exponent
    step = float(np.diff(scaled).min()) if len(scaled) > 1 else abs(float(scaled[0])) if len(scaled) else 1.0
    decimals = next((n for n in range(_MOST_DECIMALS) if _is_whole(step * 10**n)), _MOST_DECIMALS)
    power = f"·10{str(exponent).translate(_SUPERSCRIPT)}" if exponent else ""
    texts = [f"{value:,.{decimals}f}" for value in scaled.tolist()]
    return ["0" if not float(text.replace(",", "")) else text.replace("-", "−") + power for text in texts]


def _is_whole(value: float) -> bool:
    return abs(value) >= 0.5 and abs(value - round(value)) < 1e-3 * max(1.0, abs(value))
