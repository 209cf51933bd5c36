"""What the service counts of itself, in the form that Prometheus reads: a registry of its own for each application."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from firth.explorer.shelf import Shelf

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})


class Metrics:
    """Counts of requests, by the route's template and never by what was asked, and of the kernel's batches.

    Parameters
    ----------
    shelf
        The runs that are served.
    """

    def __init__(self, shelf: Shelf) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self._requests = Counter(
            "firth_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "firth_request_seconds",
            "From a request to the end of its answer.",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._batches = Histogram(
            "firth_batch_questions",
            "Questions answered by one call of the kernel.",
            buckets=_SIZES,
            registry=self.registry,
        )
        self.registry.register(_Runs(shelf))

    def batch(self, size: int) -> None:
        """Count a batch of questions."""
        self._batches.observe(size)

    def request(self, scope: Scope, status: int, seconds: float) -> None:
        """Count a request."""
        route = route_of(scope)
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Return what was counted, as Prometheus reads it."""
        return generate_latest(self.registry)


class Counted:
    """Counts the requests that go through to an application.

    Parameters
    ----------
    app
        Who answers them.
    metrics
        Where they are counted.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and count it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 499  # nobody was there any more to be answered

        async def counting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, counting)
        finally:
            self._metrics.request(scope, status, time.perf_counter() - began)


class _Runs(Collector):
    """The runs that are served, as they are when they are asked for."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def collect(self) -> list[GaugeMetricFamily]:
        """Return how many items each run has, and how often runs were read again."""
        items = GaugeMetricFamily("firth_items", "Items of a run.", labels=["run", "generation"])
        for index, state in enumerate(self._shelf.known()):
            if state is not None:
                items.add_metric([str(index), state.generation], len(state.run.vectors))
        reloads = GaugeMetricFamily("firth_reloads", "How often a run was read again.", value=self._shelf.n_reloads)
        return [items, reloads]


def route_of(scope: Scope) -> str:
    """Return the template of the route that answered: of few values, whatever is asked for."""
    path = getattr(scope.get("route"), "path", None)
    if not isinstance(path, str):
        return "page or unknown"
    # From some version on FastAPI's routes say their path without the prefix of what includes them.
    return f"/api{path}" if scope["path"].startswith("/api/") and not path.startswith("/api/") else path
