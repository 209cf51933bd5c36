"""What a report says of where a run comes from: its source's fingerprint, and the code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.markup import escape

from firth.progress import si

_SHOWN = 12  # digits of a digest


def lineage_lines(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what a run's document says of its source and of the code that made it; nothing for earlier versions."""
    lineage = document.get("lineage") or {}
    source, code = lineage.get("source") or {}, lineage.get("code") or {}
    if source:
        fingerprint = source.get("fingerprint")
        yield "source", _source(source) + (f", {fingerprint[:_SHOWN]}" if fingerprint else "")
    if code:
        commit = f", commit {code['commit'][:_SHOWN]}" if code.get("commit") else ""
        changed = " with changes" if code.get("is_modified") else ""
        yield "made by", f"firth {escape(code['firth'])}{commit}{changed}"


def _source(source: Mapping[str, Any]) -> str:
    if source["kind"] == "database":
        rows = sum(query["rows"] for query in source["queries"])
        where = Path(source["file"]["path"]).name if source.get("file") else source["uri"]
        return f"{escape(where)}, {len(source['queries'])} queries, {rows:,} rows"
    if source["kind"] == "files":
        names = ", ".join(escape(Path(file["path"]).name) for file in source["files"][:2])
        more = f" and {source['n_files'] - 2:,} more" if source["n_files"] > 2 else ""
        return f"{names}{more}, {si(source['size_bytes'])}B"
    return "was in memory: not known where from"
