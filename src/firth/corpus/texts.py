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
from itertools import accumulate
from os import PathLike
from pathlib import Path
from typing import Literal

import numpy as np

from firth import _kernel
from firth.arrays import Int32
from firth.corpus.assemble import check_contexts
from firth.corpus.cache import keep
from firth.corpus.contexts import Context, Sequences
from firth.corpus.corpus import Corpus
from firth.corpus.encoded import FORMAT, Encoded
from firth.corpus.encoded_writer import EncodedWriter
from firth.corpus.intake import Intake
from firth.corpus.phrases import PhraseOptions, join_phrases, phrase_options
from firth.corpus.text_files import TextFile
from firth.corpus.text_options import TextOptions
from firth.corpus.text_pieces import TextReader
from firth.corpus.text_reading import TextReading
from firth.corpus.vocabulary_options import VocabularyOptions
from firth.errors import DataError, OptionError, SourceError
from firth.progress import Progress, SilentProgress
from firth.sources.origin import origin_of_files
from firth.sources.remote import Location, RemoteFile, locate
from firth.threads import n_threads

_RULES = 1  # of how text is read; another number is another entry of the cache
_PIECE = 1 << 22  # bytes read at once


def read_text(
    path: str | PathLike[str] | RemoteFile | Sequence[str | PathLike[str] | RemoteFile],
    *,
    name: str = "text",
    min_count: int = 5,
    max_items: int | None = None,
    unknown: str | None = None,
    lowercase: bool = False,
    token_pattern: str | None = None,
    tokens_per_sequence: int | None = None,
    phrases: PhraseOptions | bool | float = False,
    window: int | tuple[int, int] | None = None,
    strict: bool = False,
    cache: str | PathLike[str] | bool = True,
    n_jobs: int | Literal["auto"] = "auto",
    reader: TextReader | None = None,
    progress: Progress | None = None,
) -> Corpus:
    """Return the corpus of a text: its tokens, in the order of their lines.

    Parameters
    ----------
    path
        File of UTF-8, alone or followed by .gz, .xz or .zst, or its URL (``s3://``, ``https://``, ...); or several,
        which are read one after another.
    name
        Of the context.
    min_count
        Tokens that occur less often are dropped.
    max_items
        At most so many items are kept, the most frequent; None: all.
    unknown
        Key of one more item that dropped tokens are read as; None: they are skipped.
    lowercase
        Whether tokens are lower-cased, by Unicode's rules.
    token_pattern
        Regular expression whose matches are the tokens of a line, or what its group matches if it has one. It is
        applied after lower-casing. None: tokens stand between white space of ASCII.
    tokens_per_sequence
        A sequence is so many tokens, across lines; None: a line is one, however long. No sequence is ever cut.
    phrases
        Whether two tokens that stand together more often than chance become one, as in ``new_york``: True, a
        threshold, or :class:`~firth.PhraseOptions`.
    window
        How far apart two items of a pair may be: a number of places to either side, or (before, after). None: as the
        training's own option says.
    strict
        Whether a byte that is not UTF-8 is an error; otherwise it is read as U+FFFD, and counted.
    cache
        Whether the encoded text is kept on disk, so that it is not read again until it changes: a folder, True for
        ``$XDG_CACHE_HOME/firth`` or ``~/.cache/firth``, or False.
    n_jobs
        Threads; at most 8 are used. "auto": one per core. They have no part in the result.
    reader
        Has the text read elsewhere, such as :class:`firth.cluster.encoding.ClusterReader`; None: in this process. It
        has no part in the result.
    progress
        Hears of the reading.

    Raises
    ------
    OptionError
        If an option is outside its range.
    SourceError
        If a file is missing (``SourceNotFoundError``), empty, binary, cut short, or changes while it is read; with
        ``strict``, if it is not UTF-8.
    DataError
        If there is no token, or none occurs ``min_count`` times.

    Notes
    -----
    Memory grows with the distinct tokens, not with the text: its codes lie memory-mapped on disk, 4 bytes a token. The
    whole text is encoded, so another ``min_count`` does not read it again. A file that was changed without a change of
    its size, its time, or its first and last 64 KiB is taken for the same.

    Examples
    --------
    >>> import firth
    >>> corpus = firth.read_text("wikipedia.txt.xz", lowercase=True, phrases=True)  # doctest: +SKIP
    """
    paths = [locate(each) for each in ([path] if isinstance(path, str | PathLike | RemoteFile) else path)]
    if not paths:
        raise OptionError("path must name at least one text, got none.")
    vocabulary = VocabularyOptions(min_count=min_count, max_items=max_items, unknown=unknown)
    contexts: dict[str, Context] = {name: Sequences(window=window)}
    check_contexts(contexts)
    options = TextOptions(
        lowercase=lowercase,
        token_pattern=token_pattern,
        tokens_per_sequence=tokens_per_sequence,
        phrases=phrase_options(phrases),
        strict=strict,
    )
    kept = cache if isinstance(cache, bool) else Path(cache)
    origin = origin_of_files(paths)
    encoded = encode_text(paths, options, cache=kept, n_jobs=n_threads(n_jobs), reader=reader, progress=progress)
    return Intake(contexts, {name: encoded}, origin=origin).corpus(vocabulary)


def encode_text(
    paths: Sequence[Location],
    options: TextOptions | None = None,
    *,
    cache: Path | bool = True,
    n_jobs: int = 1,
    piece: int = _PIECE,
    reader: TextReader | None = None,
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
        Folder where the result is kept for the next time; True: the user's; False: it is not kept.
    n_jobs
        Threads that read pieces, at most 8.
    piece
        Bytes read at once.
    reader
        Has the texts read and tokenised elsewhere; what it gives is joined here. None: in this process.
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
    options, progress = options or TextOptions(), progress or SilentProgress()
    files = [TextFile.of(path) for path in paths]
    name = _entry_name(files, options)
    if not all(file.has_state for file in files):
        cache = False  # nobody says whether such a file has changed

    def make(folder: Path) -> Path:
        made = _encode(files, options, folder, n_jobs=n_jobs, piece=piece, reader=reader, progress=progress)
        if _entry_name([TextFile.of(path) for path in paths], options) != name:
            raise SourceError(f"{paths[0]} changed while it was read. Read it again when nobody writes to it.")
        return made

    return keep(name, make, cache=cache)


def _entry_name(files: list[TextFile], options: TextOptions) -> str:
    about = json.dumps([FORMAT, _RULES, [file.name for file in files], asdict(options)], sort_keys=True)
    return f"text-{hashlib.sha256(about.encode()).hexdigest()[:40]}"


def _encode(
    files: list[TextFile],
    options: TextOptions,
    folder: Path,
    *,
    n_jobs: int,
    piece: int,
    reader: TextReader | None,
    progress: Progress,
) -> Path:
    """Return the folder below ``folder`` that holds the encoded text."""
    with ExitStack() as stack:
        names = iter(range(1 << 30))

        def new_writer() -> EncodedWriter:
            return stack.enter_context(EncodedWriter(folder / f"pass-{next(names)}"))

        writer = new_writer()
        reading = TextReading(writer, options, n_jobs=n_jobs, piece=piece)
        bases = [0, *accumulate(file.size_bytes for file in files)]
        with progress.task("reading", total=bases[-1], unit="B") as task:
            if reader is None:
                for file, base in zip(files, bases, strict=False):
                    reading.read(file.path, task, base=base)
            else:
                for each in reader.pieces(files, options):
                    reading.take(files[each.number].path, each, task, base=bases[each.number])
        if not writer.n_tokens:
            n_lines = reading.report["lines_read"]
            raise DataError(
                f"a text needs a token, got {n_lines:,} lines without one in {files[0].path}. Give a "
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
