"""The service's description of itself: FastAPI's, with what holds for every address and with the limits in force."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from firth.explorer.options import ServeOptions
from firth.explorer.schemas import Detail, refusals

_ABOUT = """\
What `firth neighbors`, `recommend`, `arithmetic`, `clusters`, `evaluate` and `duplicates` answer with `--json`, and \
what a page needs beside it. All answers are computed in the vectors, over all items.
"""


def describe_api(app: FastAPI, options: ServeOptions) -> dict[str, Any]:
    """Return the description of an application's addresses.

    Parameters
    ----------
    app
        The application, with all its routes.
    options
        The limits in force.
    """
    from fastapi.openapi.utils import get_openapi

    document = get_openapi(title=app.title, version=app.version, description=_ABOUT, routes=app.routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):  # ours say {"detail": text}
        schemas.pop(name, None)
    schemas["Detail"] = Detail.model_json_schema()
    for path, operation in _operations(document):
        _add_refusals(operation, of_run="{run}" in path, needs_token=options.token is not None)
    for schema in _named(document, "k"):
        schema["maximum"] = options.max_k
    if options.token is not None:
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}]
    return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            yield path, operation


def _add_refusals(operation: dict[str, Any], *, of_run: bool, needs_token: bool) -> None:
    """Describe the refusals that any address may answer with, and every refusal in the same form."""
    statuses = [403, 421, *([401] if needs_token else []), *([400, 404] if of_run else [])]
    if "requestBody" in operation:
        statuses += [400, 408, 413]
    if "422" in operation["responses"]:
        operation["responses"].pop("422")
        statuses.append(422)
    for status, about in refusals(*statuses).items():
        schema = {"$ref": "#/components/schemas/Detail"}
        described = {"description": about["description"], "content": {"application/json": {"schema": schema}}}
        operation["responses"].setdefault(str(status), described)


def _named(part: object, name: str) -> Iterator[dict[str, Any]]:
    """Yield the schemas of every parameter and property of a name."""
    if isinstance(part, dict):
        if part.get("name") == name and isinstance(part.get("schema"), dict) and "in" in part:
            yield part["schema"]
        properties = part.get("properties")
        if isinstance(properties, dict) and "maximum" in properties.get(name, {}):
            yield properties[name]
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from _named(inner, name)
