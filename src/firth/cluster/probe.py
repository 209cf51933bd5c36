"""What a machine says of itself: sent there whole, so that it runs where Firth is missing or of another version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def look(clock: Callable[[], float] | None = None) -> dict[str, Any]:
    """Return the versions of a machine, its kernel's instruction set, its code's SHA-256 and its clock.

    Parameters
    ----------
    clock
        Tells the time in seconds since 1970; None: that of the machine.
    """
    import hashlib
    import platform
    import time
    from importlib import metadata
    from pathlib import Path

    def version(package: str) -> str | None:
        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            return None

    variant, why, code = None, "", hashlib.sha256()
    try:
        import firth
        from firth import _kernel

        variant = _kernel.variant()
        package = Path(firth.__file__).parent
        for path in sorted(package.rglob("*.py")):
            code.update(str(path.relative_to(package)).encode() + b"\0" + path.read_bytes())
    except Exception as error:  # whatever keeps it from being loaded is what is to be told
        why = f"{type(error).__name__}: {error}"
    return {
        "host": platform.node(),
        "versions": {package: version(package) for package in ("firth", "numpy", "polars", "ray")},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "variant": variant,
        "why": why,
        "code": code.hexdigest(),
        "clock": (clock or time.time)(),
    }
