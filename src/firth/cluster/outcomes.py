"""What came of work on another machine: its result, or an error of Firth's, which goes back as what it was.

Errors are not pickled, since some are made of other parts than their message.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from firth import errors
from firth.cluster.connection import Cluster
from firth.errors import ClusterError, FirthError, MissingExtraError, UnknownItemError

Outcome = tuple[str | None, Any, str]
"""The kind of error (None: none), what came of it or the error's message, and the machine."""


def outcome(function: Callable[..., Any], *arguments: Any) -> Outcome:  # noqa: ANN401
    """Return, on a worker, what came of a call."""
    import ray

    node = ray.get_runtime_context().get_node_id()
    try:
        return None, function(*arguments), node
    except FirthError as error:
        return type(error).__name__, str(error), node


def result(cluster: Cluster, reference: Any, name: str) -> Any:  # noqa: ANN401
    """Return what came of a call.

    Parameters
    ----------
    cluster
        Where it was made.
    reference
        Ray's, of an :data:`Outcome`.
    name
        What the call is, for messages.

    Raises
    ------
    FirthError
        What was raised there, with the call's name and its machine.
    ClusterError
        If the call was lost with its worker, or failed in a way that is no error of Firth's.
    """
    exceptions = cluster.ray.exceptions
    try:
        kind, found, node = cluster.ray.get(reference)
    except exceptions.RayTaskError as error:
        raise ClusterError(f"{name} failed on a worker: {_last_line(error)}.") from error
    except exceptions.RayError as error:
        raise ClusterError(
            f"{name} was lost with its worker, and was made again as often as is allowed ({type(error).__name__}). See "
            "whether a machine's memory is full, and Ray's logs there."
        ) from error
    if kind is None:
        return found
    raise _again(kind, f"{name}, on {cluster.name_of(node)}: {found}")


def _again(kind: str, message: str) -> FirthError:
    """Return an error as it was raised on a worker, with a longer message."""
    known = getattr(errors, kind, FirthError)
    assert issubclass(known, FirthError)
    if known is UnknownItemError:  # made of a key
        error: FirthError = UnknownItemError("")
    elif known is MissingExtraError:  # made of a package's name
        error = MissingExtraError("", "", "")
    else:
        return known(message)
    error.args = (message,)
    return error


def _last_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
