"""The description of the service holds, whatever is sent: no failure, and answers of the shape that is described."""

import shutil
from pathlib import Path

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from firth.explorer.app import ROUTERS, create_app
from firth.explorer.options import ServeOptions

MAX_K = 40
OPERATIONS = sorted(
    (method, f"/api{route.path}") for router in ROUTERS for route in router.routes for method in route.methods
)
CASES = [
    pytest.param(method, path, mode, id=f"{method} {path} {mode.value}")
    for method, path in OPERATIONS
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or "{" in path  # without a parameter nothing can be wrong
]
EXAMPLES = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=[Phase.generate],
)


@pytest.fixture(scope="module")
def app(service_run: Path, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder = shutil.copytree(service_run, tmp_path_factory.mktemp("described") / "plays")  # decisions are written
    return create_app([folder], options=ServeOptions(max_k=MAX_K, allow_hosts=("testserver",)))


@pytest.fixture(scope="module")
def schema(app: FastAPI):
    loaded = schemathesis.openapi.from_asgi("/api/openapi.json", app)
    rejecting = loaded.config.checks.negative_data_rejection
    rejecting.expected_statuses = [*rejecting.expected_statuses, "413"]  # too many are too large, too
    return loaded


@pytest.mark.parametrize(("method", "path", "mode"), CASES)
def test_every_address_answers_as_it_is_described(schema, method: str, path: str, mode: GenerationMode):
    operation = schema[path][method]

    @EXAMPLES
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate()

    ask()
