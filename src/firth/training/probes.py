"""What a history says of probe items, as lines for people and as keys again.

A line is ``eight -> six, five, two``. Keys may hold an arrow or a comma of their own, so that a line is only read with
the vocabulary at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

_ARROW, _COMMA = " -> ", ", "


def probe_line(key: str, neighbors: Sequence[str]) -> str:
    """Return the line of a probe item and its neighbours, the nearest first."""
    return f"{key}{_ARROW}{_COMMA.join(neighbors)}"


def read_probe(line: str, is_key: Callable[[str], bool]) -> tuple[str, list[str]]:
    """Return the probe item of a line, and its neighbours.

    Parameters
    ----------
    line
        What :func:`probe_line` returned.
    is_key
        Whether a text is an item's key.

    Notes
    -----
    A line of keys that are not known is cut at its first arrow and its commas.

    Examples
    --------
    >>> read_probe("Net, The -> Babe, Gattaca", {"Net, The", "Babe", "Gattaca"}.__contains__)
    ('Net, The', ['Babe', 'Gattaca'])
    """
    start = line.find(_ARROW)
    while start >= 0:  # arrows may overlap, where keys begin or end with one
        key, rest = line[:start], line[start + len(_ARROW) :]
        neighbors = _joined(rest.split(_COMMA), is_key) if rest else []
        if is_key(key) and neighbors is not None:
            return key, neighbors
        start = line.find(_ARROW, start + 1)
    key, _, rest = line.partition(_ARROW)
    return key, rest.split(_COMMA) if rest else []


def _joined(parts: list[str], is_key: Callable[[str], bool]) -> list[str] | None:
    """Return parts of a line put together to keys, the longest first; None if they cannot be."""
    if not parts:
        return []
    for n in range(len(parts), 0, -1):
        key = _COMMA.join(parts[:n])
        others = _joined(parts[n:], is_key) if is_key(key) else None
        if others is not None:
            return [key, *others]
    return None
