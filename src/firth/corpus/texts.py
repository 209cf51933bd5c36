"""Text becomes sequences of codes, kept in the cache; and ``firth.read_text``, text to a corpus in one call.

A token is what stands between white space of ASCII, or what a pattern matches; a sequence is a line, or so many tokens.
Memory grows with the distinct tokens and not with the text, and no sequence is cut. What is kept of the vocabulary is
decided later: the whole text is encoded, so another minimum count does not read it again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import numpy as np

from firth import _kernel
from firth.arrays import Int32
from firth.corpus.cache import keep
from firth.corpus.encoded import FORMAT, Encoded
from firth.corpus.encoded_writer import EncodedWriter
from firth.corpus.phrases import join_phrases
from firth.corpus.text_options import TextOptions
from firth.corpus.text_reading import TextReading
from firth.errors import DataError, SourceError
from firth.progress import Progress, SilentProgress
from firth.sources.streams import file_state

_RULES = 1  # of how text is read; another number is another entry of the cache
_PIECE = 1 << 22  # bytes read at once
_SAMPLE = 1 << 16  # bytes at either end of a file that its entry's name depends on


def encode_text(
    paths: Sequence[Path],
    options: TextOptions | None = None,
    *,
    cache: Path | bool | None = None,
    n_jobs: int = 1,
    piece: int = _PIECE,
    progress: Progress | None = None,
) -> Encoded:
    """Return texts as sequences of codes.

    Parameters
    ----------
    paths
        Files of UTF-8, one after another; .gz, .xz and .zst are decompressed. A sequence ends where its file ends.
    options
        How the text becomes sequences.
    cache
        Folder where the result is kept for the next time; None or True: the user's; False: it is not kept.
    n_jobs
        Threads that read pieces, at most 8.
    piece
        Bytes read at once.
    progress
        Hears of the reading.

    Returns
    -------
    Encoded
        Its report counts ``files_read``, ``lines_read``, ``tokens_read``, ``tokens_rejected`` (longer than 1 MiB),
        ``invalid_bytes`` (read as U+FFFD), and with phrases how many ``phrases`` there are and how many
        ``tokens_joined`` became part of the token before them. Its examples are tokens with invalid bytes.

    Raises
    ------
    SourceNotFoundError
        If a file is missing.
    SourceError
        If a file is empty, binary, cut short, or changes while it is read; with ``strict``, if it is not UTF-8.
    DataError
        If there is no token.
    RunError
        If the disk is full.

    Notes
    -----
    Memory for the distinct tokens and a few pieces. With a ``token_pattern`` threads do not help, and a line is held
    whole. A file that was changed without a change of its size, its time, or its first and last 64 KiB is taken for the
    same.
    """
    options, paths, progress = options or TextOptions(), list(paths), progress or SilentProgress()
    name = _entry_name(paths, options)

    def make(folder: Path) -> Path:
        made = _encode(paths, options, folder, n_jobs=n_jobs, piece=piece, progress=progress)
        if _entry_name(paths, options) != name:
            raise SourceError(f"{paths[0]} changed while it was read. Read it again when nobody writes to it.")
        return made

    return keep(name, make, cache=cache)


def _entry_name(paths: list[Path], options: TextOptions) -> str:
    files = []
    for path in paths:
        size, changed = file_state(path)
        ends = hashlib.sha256()
        try:
            with path.open("rb") as file:
                ends.update(file.read(_SAMPLE))
                file.seek(max(0, size - _SAMPLE))
                ends.update(file.read(_SAMPLE))
        except OSError as error:
            raise SourceError(f"cannot read {path}: {error.strerror}. Check its permissions.") from error
        files.append([str(path.absolute()), size, changed, ends.hexdigest()])
    about = json.dumps([FORMAT, _RULES, files, asdict(options)], sort_keys=True)
    return f"text-{hashlib.sha256(about.encode()).hexdigest()[:40]}"


def _encode(
    paths: list[Path], options: TextOptions, folder: Path, *, n_jobs: int, piece: int, progress: Progress
) -> Path:
    """Return the folder below ``folder`` that holds the encoded text."""
    with ExitStack() as stack:
        names = iter(range(1 << 30))

        def new_writer() -> EncodedWriter:
            return stack.enter_context(EncodedWriter(folder / f"pass-{next(names)}"))

        writer = new_writer()
        reading = TextReading(writer, options, n_jobs=n_jobs, piece=piece)
        sizes = [file_state(path)[0] for path in paths]
        with progress.task("reading", total=sum(sizes), unit="B") as task:
            for i, path in enumerate(paths):
                reading.read(path, task, base=sum(sizes[:i]))
        if not writer.n_tokens:
            raise DataError(
                f"a text needs a token, got {reading.report['lines_read']:,} lines without one in {paths[0]}. Give a "
                "text with words" + ("." if options.token_pattern is None else ", or another token_pattern.")
            )
        table, report = reading.table, reading.report
        aliases = _lowered(table) if options.lowercase else None
        if options.phrases is not None:
            writer, counts = join_phrases(
                writer, table, options.phrases, new_writer=new_writer, aliases=aliases, progress=progress
            )
            report, aliases = report | counts, None
        writer.finish(table.keys(), report=report, examples=reading.examples, aliases=aliases, order=table.order)
        return writer.folder


def _lowered(table: _kernel.TextTable) -> Int32 | None:
    """Return the code of each key's lower-cased form, which is added if it is new; None if each is its own.

    The letters of ASCII were lower-cased with the text. White space ends all that a letter's lower case can depend on
    (a sigma's on whether it ends a word), so a key by itself is lower-cased as it would be in the text.
    """
    keys = [(code, key) for code, key in enumerate(table.keys()) if not key.isascii()]
    moved = {code: table.code(key.lower()) for code, key in keys}
    aliases = np.arange(len(table), dtype=np.int32)
    aliases[list(moved)] = list(moved.values())
    return aliases if moved else None
