"""How runs are served."""

from __future__ import annotations

import ipaddress
import re
import secrets
from dataclasses import dataclass, replace
from typing import Self

from firth.errors import OptionError

PORT = 8741
LARGEST_K = 10_000
"""What ``max_k`` may be at most: the bound that the service's description states."""
_SOURCE = re.compile(
    r"(https?://)?(\*\.)?[A-Za-z0-9.-]+(:(\d{1,5}|\*))?|https?://\[[0-9A-Fa-f:.]+\](:(\d{1,5}|\*))?|'self'"
)
_MIN_TOKEN = 16


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
    allow_hosts
        Names under which the service may be asked for, beside its own address: what stands in a browser's address bar
        before the port. Others are refused, since a page elsewhere can give its name this machine's address.
    frame_ancestors
        Origins whose pages may show this one in a frame, such as ``http://localhost:8888``; none by default.
    max_k
        The most answers to one question, 1 to 10,000.
    max_body_bytes
        The largest request, >= 1.
    body_timeout_s
        How long a client may take to send a request, > 0.

    Raises
    ------
    OptionError
        If a value is outside its range.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    token: str | None = None
    allow_hosts: tuple[str, ...] = ()
    frame_ancestors: tuple[str, ...] = ()
    max_k: int = 1_000
    max_body_bytes: int = 1 << 20
    body_timeout_s: float = 30.0

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise OptionError(f"port must be from 0 to 65535, got {self.port}.")
        for name in ("max_k", "max_body_bytes"):
            if getattr(self, name) < 1:
                raise OptionError(f"{name} must be >= 1, got {getattr(self, name)}.")
        if self.max_k > LARGEST_K:
            raise OptionError(f"max_k must be at most {LARGEST_K:,}, got {self.max_k:,}.")
        if not self.body_timeout_s > 0:
            raise OptionError(f"body_timeout_s must be > 0, got {self.body_timeout_s}.")
        if self.token is not None and not _is_token(self.token):
            raise OptionError(f"a token must have at least {_MIN_TOKEN} letters, digits or any of - . _ ~.")
        for source in self.frame_ancestors:
            if not _SOURCE.fullmatch(source):
                raise OptionError(f"frame_ancestors must be origins such as http://localhost:8888, got {source!r}.")

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the service."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def with_token(self) -> Self:
        """Return the options with a token drawn where one is needed and none was given."""
        if self.is_local or self.token is not None:
            return self
        return replace(self, token=secrets.token_urlsafe(24))


def _is_token(token: str) -> bool:
    return len(token) >= _MIN_TOKEN and re.fullmatch(r"[A-Za-z0-9._~-]+", token) is not None
