"""Texts become numbers as they come, batch by batch; the texts of a batch need not be kept."""

from __future__ import annotations

import numpy as np
import polars as pl

from firth.arrays import Bool, Int32, Int64


class Numbering:
    """Texts, numbered as they come."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def of(self, texts: pl.Series) -> pl.Series:
        """Return the number of each text, int32, null for null; a text that is new gets the next one."""
        distinct = texts.drop_nulls().unique().alias("text")
        numbers = self._numbers
        known = pl.DataFrame(
            {
                "text": distinct,
                "number": pl.Series([numbers.setdefault(text, len(numbers)) for text in distinct], dtype=pl.Int32),
            }
        )
        return texts.to_frame("text").join(known, on="text", how="left", maintain_order="left")["number"]

    def texts(self) -> list[str]:
        """Return the texts by their numbers."""
        return list(self._numbers)

    def ranks(self) -> Int32:
        """Return the place of each number among the texts when they are sorted: (n_texts,) int32."""
        order = self._order()
        ranks = np.empty(len(order), dtype=np.int32)
        ranks[order] = np.arange(len(order), dtype=np.int32)
        return ranks

    def sorted(self, chosen: Bool) -> tuple[str, ...]:
        """Return the sorted texts that are chosen, (n_texts,) bool."""
        return tuple(pl.Series(self.texts(), dtype=pl.String)[self._order()[chosen]].to_list())

    def _order(self) -> Int64:
        order: Int64 = pl.Series(self.texts(), dtype=pl.String).arg_sort().to_numpy().astype(np.int64)
        return order
