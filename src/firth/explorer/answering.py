"""How answers leave: as JSON, written by compiled code, in which a number that is not finite is null."""

from __future__ import annotations

from typing import Any

from fastapi.responses import JSONResponse
from pydantic_core import to_json


class Json(JSONResponse):
    """A JSON answer."""

    def render(self, content: Any) -> bytes:  # noqa: ANN401 (any document)
        """Return the document as bytes."""
        return to_json(content, inf_nan_mode="null")
