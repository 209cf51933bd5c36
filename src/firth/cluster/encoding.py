"""Texts tokenised by the workers of a cluster, each from the file itself, and joined in order by whoever asked.

A worker opens the text where it runs: through its own file system, or by the URL. What it found lies in Ray's object
store until it is taken; so few pieces are under way at once that they fit, and what does not is written to disk by Ray.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Protocol

from firth.cluster.connection import Cluster
from firth.cluster.outcomes import Outcome, outcome, result
from firth.corpus.text_files import TextFile
from firth.corpus.text_options import TextOptions
from firth.corpus.text_pieces import Part, TextPiece, parts_of, read_part
from firth.errors import ClusterError, OptionError, SourceNotFoundError

PIECE_BYTES = 16 << 20  # of text; its codes and keys take about as much
_AHEAD = 2  # parts under way for each worker: one that is read, one that waits to be taken
_N_RETRIES = 3


class ClusterReader:
    """A reader of texts whose parts are read by the workers of a cluster; see :func:`firth.read_text`, ``reader=``.

    Parameters
    ----------
    cluster
        Where; open while texts are read.
    piece_bytes
        Bytes of text of a part, >= 1. They have no part in the result.
    n_ahead
        Parts under way for each worker, >= 1.

    Raises
    ------
    OptionError
        If a number is below 1.

    Notes
    -----
    A compressed text is one part, as it cannot be entered in its midst: its reader keeps two pieces ahead. A part whose
    worker is killed is read again.
    """

    def __init__(self, cluster: Cluster, *, piece_bytes: int = PIECE_BYTES, n_ahead: int = _AHEAD) -> None:
        for name, value in (("piece_bytes", piece_bytes), ("n_ahead", n_ahead)):
            if type(value) is not int or value < 1:
                raise OptionError(f"{name} must be a whole number >= 1, got {value!r}.")
        self._cluster, self._piece_bytes = cluster, piece_bytes
        self._n_under_way = n_ahead * cluster.n_workers

    def pieces(self, files: Sequence[TextFile], options: TextOptions) -> Iterator[TextPiece]:
        """Yield the pieces of all texts in their order.

        Raises
        ------
        SourceNotFoundError
            If a worker does not see a file; the message names the machine.
        SourceError
            If a worker sees another file, cannot read it, or it is no text.
        ClusterError
            If a part was lost with its worker more often than it is read again.
        """
        parts = chain.from_iterable(parts_of(file, number, self._piece_bytes) for number, file in enumerate(files))
        under_way: deque[_UnderWay] = deque()
        try:
            for part in parts:
                under_way.append(self._begin(part, options))
                if len(under_way) >= self._n_under_way:
                    yield from under_way[0].pieces()
                    under_way.popleft()
            while under_way:
                yield from under_way[0].pieces()
                under_way.popleft()
        finally:
            for each in under_way:
                each.cancel()

    def _begin(self, part: Part, options: TextOptions) -> _UnderWay:
        if part.file.is_compressed:
            return _Packed(self._cluster, part, options, self._piece_bytes)
        return _Plain(self._cluster, part, options)


class _UnderWay(Protocol):
    """A part that is being read."""

    def pieces(self) -> Iterator[TextPiece]: ...
    def cancel(self) -> None: ...


class _Plain:
    """A part that is one piece: a task of Ray, which makes it again if its worker dies."""

    def __init__(self, cluster: Cluster, part: Part, options: TextOptions) -> None:
        self._cluster, self._name = cluster, _name(part)
        task = cluster.ray.remote(_piece).options(num_cpus=1, max_retries=_N_RETRIES)
        self._reference = task.remote(part, options)

    def pieces(self) -> Iterator[TextPiece]:
        """Yield the piece."""
        reference, self._reference = self._reference, None
        yield _read(self._cluster, reference, self._name)

    def cancel(self) -> None:
        """Have nobody read what is not awaited any more."""
        if self._reference is not None:
            self._cluster.ray.cancel(self._reference)


class _Packed:
    """A compressed text: an actor that is asked for piece after piece, two ahead, and begins again if it dies."""

    def __init__(self, cluster: Cluster, part: Part, options: TextOptions, most: int) -> None:
        self._cluster, self._arguments, self._name = cluster, (part, options, most), _name(part)
        self._n_taken = 0
        self._waiting: deque[Any] = deque()
        self._actor: Any = None
        self._start()

    def pieces(self) -> Iterator[TextPiece]:
        """Yield the pieces."""
        n_left = _N_RETRIES
        while True:
            reference = self._waiting.popleft()
            try:
                piece = _read(self._cluster, reference, self._name)
            except ClusterError:
                if not n_left or not self._is_lost(reference):
                    raise
                n_left -= 1
                self._start()
                continue
            self._n_taken += 1
            if piece.is_last:
                self.cancel()
                yield piece
                return
            self._waiting.append(self._actor.next.remote(self._n_taken + len(self._waiting)))
            yield piece

    def cancel(self) -> None:
        """End the actor."""
        if self._actor is not None:
            self._cluster.ray.kill(self._actor)
            self._actor = None

    def _start(self) -> None:
        self.cancel()
        # It holds no CPU: it waits most of the time, and one that began later must not keep an earlier one waiting.
        actor = self._cluster.ray.remote(_PackedReader).options(num_cpus=0, scheduling_strategy="SPREAD")
        self._actor = actor.remote(*self._arguments)
        self._waiting = deque(self._actor.next.remote(self._n_taken + place) for place in range(_AHEAD))

    def _is_lost(self, reference: Any) -> bool:  # noqa: ANN401
        try:
            self._cluster.ray.get(reference)
        except self._cluster.ray.exceptions.RayTaskError:
            return False
        except self._cluster.ray.exceptions.RayError:
            return True
        return False


class _PackedReader:
    """On a worker: the pieces of a compressed text, one after another."""

    def __init__(self, part: Part, options: TextOptions, most: int) -> None:
        self._pieces = read_part(part, options, most=most)
        self._n_read = 0

    def next(self, number: int) -> Outcome:
        """Return piece ``number``, those before it passed over where nobody asked for them; None after the last."""
        return outcome(self._next, number)

    def _next(self, number: int) -> TextPiece | None:
        piece = None
        while self._n_read <= number:
            piece = next(self._pieces, None)
            self._n_read += 1
        return piece


def _piece(part: Part, options: TextOptions) -> Outcome:
    return outcome(_whole, part, options)


def _whole(part: Part, options: TextOptions) -> TextPiece:
    (piece,) = read_part(part, options)
    return piece


def _read(cluster: Cluster, reference: Any, name: str) -> TextPiece:  # noqa: ANN401 (Ray's)
    try:
        piece: TextPiece = result(cluster, reference, name)
    except SourceNotFoundError as error:
        raise SourceNotFoundError(
            f"{error} Every machine must see a text that it reads: put it on a shared file system, give its URL "
            "(s3://...), or leave that machine out."
        ) from error
    return piece


def _name(part: Part) -> str:
    if part.start == 0 and part.end is None:
        return f"reading {part.file.path}"
    return f"reading {part.file.path} from byte {part.start:,}"
