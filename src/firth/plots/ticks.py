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
_STEPS = [1.0, 2.0, 2.5, 5.0, 10.0]
_LOG_STEPS = [1.0, 2.0, 3.0, 5.0, 10.0]
_FINE_STEPS = [1.0, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10]  # where wide numbers leave room for few
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
    places : (n_ticks,) float64, ascending, within the scale, in its own units.
    texts : one per place.
    """
    present = values.values[values.present]
    if present.min() == present.max():
        return present[:1], _texts(values, present[:1])
    lone = np.array([values.ends[0] + (values.ends[1] - values.ends[0]) / 2])
    for steps in (_LOG_STEPS if values.is_log else _STEPS, _FINE_STEPS):
        for n_ticks in range(_MOST, 0, -1):
            places = _places(values, n_ticks, steps)
            places = places[(places >= values.ends[0]) & (places <= values.ends[1])]
            texts = _texts(values, places)
            if len(places) > 1 and len(set(texts)) == len(texts) and fits(places, texts):
                return places, texts
            lone = places if len(places) == 1 else lone
    return lone, _texts(values, lone)


def _places(values: Numbers, n_ticks: int, steps: list[float]) -> Float64:
    low, high = values.ends
    if values.is_date:
        return canvas.date_ticks(low, high, n_ticks)
    present = values.values[values.present]
    is_whole = values.is_log or (high - low >= 1 and bool((present == np.rint(present)).all()))
    locator = canvas.MaxNLocator(n_ticks, integer=is_whole, steps=steps, min_n_ticks=1)
    return np.asarray(locator.tick_values(low, high), dtype=np.float64)


def _texts(values: Numbers, places: Float64) -> list[str]:
    if values.is_date:
        return _dates(places)
    if values.is_log:
        return [_power_text(round(place)) for place in places.tolist()]
    return _linear_texts(places)


def _dates(places: Float64) -> list[str]:
    """Return dates with the parts in which they differ, and all larger ones."""
    moments = [np.datetime64(round(place * 86_400), "s") for place in places.tolist()]
    for unit in "YMD":
        if all(moment == moment.astype(f"datetime64[{unit}]") for moment in moments):
            return [str(moment.astype(f"datetime64[{unit}]")) for moment in moments]
    return [str(moment).replace("T", " ").removesuffix(":00") for moment in moments]


def _power_text(exponent: int) -> str:
    if -4 <= exponent < 6:
        return f"{10.0**exponent:,.{max(0, -exponent)}f}"
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
