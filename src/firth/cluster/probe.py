"""What a machine says of itself: sent there whole, so that it runs where Firth is missing or of another version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def look(clock: Callable[[], float] | None = None) -> dict[str, Any]:
    """Return the versions of a machine, its kernel's instruction set and its clock, as plain values.

    Parameters
    ----------
    clock
        Tells the time in seconds since 1970; None: that of the machine.
    """
    import platform
    import time
    from importlib import metadata

    def version(package: str) -> str | None:
        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            return None

    variant, why = None, ""
    try:
        from firth import _kernel

        variant = _kernel.variant()
    except Exception as error:  # whatever keeps it from being loaded is what is to be told
        why = f"{type(error).__name__}: {error}"
    return {
        "host": platform.node(),
        "versions": {package: version(package) for package in ("firth", "numpy", "polars", "ray")},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "variant": variant,
        "why": why,
        "clock": (clock or time.time)(),
    }
