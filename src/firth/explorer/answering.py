"""How answers leave: as JSON, written by compiled code, in which a number that is not finite is null."""

from __future__ import annotations

from typing import Any

from fastapi import Response
from pydantic_core import to_json


class Json(Response):
    """A JSON answer."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:  # noqa: ANN401 (any document)
        """Return the document as bytes."""
        return to_json(content, inf_nan_mode="null")
