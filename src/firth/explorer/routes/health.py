"""For those who watch over the service: whether it is up, and what it counts."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from firth.explorer.metrics import Metrics

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Whether the service is up")
async def healthz() -> dict[str, Any]:
    """Return that it is."""
    return {"status": "ok"}


@router.get(
    "/metrics",
    summary="What the service counts of itself, for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "The counts."}},
)
def metrics(request: Request) -> Response:
    """Return requests by route and status, their times, sizes of batches, items, and how often runs were read again."""
    counted: Metrics = request.app.state.metrics
    return Response(counted.text(), media_type=CONTENT_TYPE_LATEST)
