"""How runs are served."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from firth.errors import OptionError

PORT = 8741


@dataclass(frozen=True, kw_only=True)
class ServeOptions:
    """How runs are served.

    Parameters
    ----------
    host
        The address to listen on.
    port
        0 to 65,535; 0: one that is free.
    token
        What a client has to show. None: none is needed on this machine's own addresses, and one is drawn elsewhere.
    max_k
        The most answers to one question, >= 1.
    max_body_bytes
        The largest request, >= 1.

    Raises
    ------
    OptionError
        If a value is outside its range.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    token: str | None = None
    max_k: int = 1_000
    max_body_bytes: int = 1 << 20

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise OptionError(f"port must be from 0 to 65535, got {self.port}.")
        for name in ("max_k", "max_body_bytes"):
            if getattr(self, name) < 1:
                raise OptionError(f"{name} must be >= 1, got {getattr(self, name)}.")
        if self.token is not None and len(self.token) < 16:
            raise OptionError("a token must have at least 16 characters.")

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the service."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False
