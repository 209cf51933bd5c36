"""The report of a run: what it says of its corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from firth.cli.report import print_report
from firth.corpus.contexts import Groups, Sequences
from firth.corpus.corpus import Corpus
from firth.corpus.reading import read_table

PLAYS = {
    "playlist": ["p", "p", "p", "p", "q", "q", "r", None, "s", "s"],
    "position": [1, 2, 2, 3, 1, 2, 1, 1, None, 2],
    "track": ["a", "b", "a", "rare", "b", "a", "b", "a", "a", None],
}


def said(corpus: Corpus, capsys: pytest.CaptureFixture[str]) -> str:
    document: dict[str, Any] = {
        "name": "plays", "status": "complete", "error": None, "metrics": {"n_items": len(corpus)}, "training": None,
        "clusters": None, "timings_s": {}, "plots": [], "instruction_set": None,
        "corpus": {
            "weights": {context.name: context.weight for context in corpus.contexts},
            "report": corpus.report.to_dict(),
        },
    }  # fmt: skip
    print_report(Path("runs/plays"), document)
    return " ".join(capsys.readouterr().out.split())


def test_the_report_tells_what_became_of_sequences(capsys):
    listened = Sequences("playlist", order="position", item="track", weight=6)
    corpus = read_table(
        pl.DataFrame(PLAYS),
        contexts={"listened": listened, "position": Groups("position", item="track")},
        min_count=3,
    )
    words = said(corpus, capsys)
    assert "items 2, without 1 rarer ones, which occur 2 times" in words
    assert "listened: weight 6, 3 sequences, 7 items in them, 4 in the longest" in words
    assert "1 of fewer than two give no pairs, 1 places of dropped items" in words
    assert "1 rows without an item, 1 rows without a sequence, 1 rows without an order, 1 rows of equal order" in words
    assert "position: weight 1, 2 groups, 2 pairs of items" in words


def test_the_report_tells_of_rows_that_could_not_be_read(capsys, tmp_path: Path):
    (tmp_path / "t.csv").write_text("sequence,item\np,a\nshort\np,b\n")
    words = said(read_table(tmp_path / "t.csv", contexts={"c": Sequences()}), capsys)
    assert "items 2 contexts" in words
    assert "1 rows could not be read, such as line 3 has 1 field instead of 2: 'short'" in words
