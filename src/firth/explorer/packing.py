"""Data that a page carries: sections of bytes, compressed, as text that no HTML parser can take for anything else.

A section's text is base64, so that nothing of an item's key can end the element that holds it. Numbers of several bytes
are stored plane by plane, all first bytes, then all second ones, which compresses to about two thirds.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

_LEVEL = 6  # 9 takes three times as long for 1 % less


class Pack:
    """Named sections, and what a page reads them by.

    The section of number 0 is the manifest, which says the number and the kind of every other.
    """

    def __init__(self) -> None:
        self._sections: dict[str, tuple[str, str]] = {}  # kind and text by name

    def add_json(self, name: str, value: Any) -> None:  # noqa: ANN401 (JSON is any of several types)
        """Add what JSON can say."""
        self._sections[name] = ("json", _text(_json(value)))

    def add_bytes(self, name: str, data: bytes) -> None:
        """Add bytes as they are."""
        self._sections[name] = ("bytes", _text(data))

    def add_array(self, name: str, array: npt.NDArray[Any]) -> None:
        """Add numbers: float32, or whole ones of 8, 16 or 32 bits."""
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).reshape(-1)
        planes = little.view(np.uint8).reshape(-1, array.itemsize).T
        self._sections[name] = (array.dtype.name, _text(planes.tobytes()))

    def add(self, other: Pack) -> None:
        """Add the sections of another."""
        self._sections.update(other._sections)

    @property
    def n_bytes(self) -> int:
        """How much the page holds of it."""
        return sum(len(text) for _, text in self._sections.values())

    def texts(self, manifest: Mapping[str, Any]) -> Iterator[str]:
        """Yield the text of each section, that of the manifest first.

        Parameters
        ----------
        manifest
            What else the page has to know at once.
        """
        kinds = {name: {"at": at, "kind": kind} for at, (name, (kind, _)) in enumerate(self._sections.items(), start=1)}
        yield _text(_json({**manifest, "sections": kinds}))
        yield from (text for _, text in self._sections.values())


def _json(value: Any) -> bytes:  # noqa: ANN401 (as above)
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _text(data: bytes) -> str:
    return base64.b64encode(gzip.compress(data, _LEVEL, mtime=0)).decode("ascii")
