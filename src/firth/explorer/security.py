"""Who may ask, and what a browser may do with the answers: the outermost layer of the service.

A service on 127.0.0.1 is within reach of every page that its user's browser shows. Three rules keep those out: the
name it is asked under must be its own, since a page elsewhere can give its own name this machine's address; a request
that says it comes from another site's page is refused; and answers forbid to be framed, sniffed, kept or extended by
scripts. Where other machines can ask, a token is needed too.

References
----------
Jackson et al. (2007). Protecting browsers from DNS rebinding attacks. CCS '07.
W3C. Fetch Metadata Request Headers; Content Security Policy Level 3.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from firth.explorer.errors import detail
from firth.explorer.options import ServeOptions

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_OPEN = frozenset({"/healthz"})  # answered without a token
_KEPT = "public, max-age=31536000, immutable"  # files whose names hold what they hold
_COOKIE_AGE_S = 30 * 24 * 3600


class Guard:
    """Refuses who may not ask, and sets the headers of every answer.

    Parameters
    ----------
    app
        Who answers the others.
    options
        The address, the token, and who else may ask.
    """

    def __init__(self, app: ASGIApp, options: ServeOptions) -> None:
        self._app = app
        self._options = options
        self._hosts = own_names(options)
        self._takes_addresses = _is_wildcard(options.host)
        self._headers = answer_headers(options)
        self._token = None if options.token is None else _Token(options.token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers:
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", _kept(scope["path"], message["status"]))
            await send(message)

        await (refusal or self._app)(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        """Return the answer to a request that may not be asked; None for one that may."""
        headers = Headers(scope=scope)
        names = headers.getlist("host")
        if len(names) != 1 or not self._is_own(names[0]):
            shown = names[0][:80] if names else ""
            return detail(
                f"the service is asked under its own name, got {shown!r}; firth serve --allow-host NAME adds one.",
                421,
            )
        if _is_foreign(scope, headers, names[0], may_frame=bool(self._options.frame_ancestors)):
            return detail("the service is asked by its own page only, got a request of another site's.", 403)
        if self._token is None or scope["path"] in _OPEN:
            return None
        return self._token.refusal(scope, headers)

    def _is_own(self, host: str) -> bool:
        name = host_name(host)
        if name is None:
            return False
        return name in self._hosts or (self._takes_addresses and _is_address(name))


class _Token:
    """What a client has to show: in a header, in the address once, or in the cookie that this sets."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        # Neither name nor value is the token: browsers send cookies to every port of a host.
        self._cookie = "firth-" + self._keyed(b"name")[:12]
        self._value = self._keyed(b"cookie")

    def refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """Return the answer to a client that shows none or another; None for one that shows it."""
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._is_token(given.strip()):
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        shown = [value for name, value in query if name == "token"]
        if shown and scope["method"] in ("GET", "HEAD") and self._is_token(shown[-1]):
            return self._welcome(scope, [(name, value) for name, value in query if name != "token"])
        if any(hmac.compare_digest(value.encode(), self._value.encode()) for value in self._cookies(headers)):
            return None
        told = {"www-authenticate": "Bearer"}
        return detail("a token is needed: open the address that firth serve printed, which holds it.", 401, told)

    def _welcome(self, scope: Scope, rest: list[tuple[str, str]]) -> Response:
        """Return the answer that keeps the token in a cookie, and asks again without it in the address."""
        path = "/" + quote(scope["path"].lstrip("/\\"))  # never //host, which is another site
        answer = RedirectResponse(path + (f"?{urlencode(rest)}" if rest else ""), 303)
        answer.set_cookie(
            self._cookie,
            self._value,
            max_age=_COOKIE_AGE_S,
            httponly=True,
            samesite="strict",
            secure=scope["scheme"] == "https",
        )
        return answer

    def _cookies(self, headers: Headers) -> list[str]:
        found = []
        for line in headers.getlist("cookie"):
            try:
                cookie = SimpleCookie(line)
            except CookieError:
                continue
            if self._cookie in cookie:
                found.append(cookie[self._cookie].value)
        return found

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), self._token)

    def _keyed(self, purpose: bytes) -> str:
        return hmac.new(self._token, purpose, hashlib.sha256).hexdigest()


def own_names(options: ServeOptions) -> frozenset[str]:
    """Return the names under which a service is asked: its address, this machine's if it is that, what is added."""
    names = {options.host.lower(), *(name.lower().rstrip(".") for name in options.allow_hosts)}
    if options.is_local or _is_wildcard(options.host):
        names |= _LOCAL
    if _is_wildcard(options.host):
        names.add(socket.gethostname().lower())
    return frozenset(names)


def host_name(host: str) -> str | None:
    """Return the name in a Host header, without port and brackets, in lower case; None for what is no name."""
    try:
        parts = urlsplit(f"//{host}")
        parts.port  # noqa: B018 (raises for one that is no number)
    except ValueError:
        return None
    if parts.hostname is None or parts.netloc != host or "@" in host or parts.path or parts.query or parts.fragment:
        return None
    return parts.hostname.lower().rstrip(".")


def answer_headers(options: ServeOptions) -> list[tuple[str, str]]:
    """Return the headers that every answer has."""
    ancestors = " ".join(options.frame_ancestors) or "'none'"
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data: blob:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": ancestors,
    }
    headers = [
        ("content-security-policy", "; ".join(f"{name} {value}" for name, value in policy.items())),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ]
    return headers if options.frame_ancestors else [*headers, ("x-frame-options", "DENY")]


def _is_foreign(scope: Scope, headers: Headers, host: str, *, may_frame: bool) -> bool:
    """Return whether another site's page makes this request.

    A person may follow a link from elsewhere to the page, and a page that is allowed to may show it in a frame; what is
    asked for by scripts, images or forms of another site, no person asked for.
    """
    origin = headers.get("origin")
    if origin is not None and origin.lower() not in {f"{scheme}://{host}".lower() for scheme in ("http", "https")}:
        return True
    if headers.get("sec-fetch-site", "none") in ("same-origin", "none"):
        return False
    wanted = {"document", "iframe", "frame"} if may_frame else {"document"}
    is_visit = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") in wanted
    return not (is_visit and scope["method"] in ("GET", "HEAD") and not scope["path"].startswith("/api/"))


def _kept(path: str, status: int) -> str:
    """Return how long an answer may be kept that does not say so itself."""
    if status == 200 and path.startswith("/assets/"):
        return _KEPT
    return "no-store" if path.startswith("/api/") or status >= 300 else "no-cache"


def _is_wildcard(host: str) -> bool:
    return host in ("", "0.0.0.0", "::")


def _is_address(name: str) -> bool:
    """Return whether a name is an address, which no other site can have as its name."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
