"""For those who watch over the service: whether it is up."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Whether the service is up")
async def healthz() -> dict[str, Any]:
    """Return that it is."""
    return {"status": "ok"}
