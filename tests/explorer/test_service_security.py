"""Who may ask, under which name, and what a browser may do with the answer."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from firth.errors import OptionError
from firth.explorer.app import STATIC, create_app
from firth.explorer.options import ServeOptions
from firth.explorer.security import host_name

TOKEN = "a-token-of-enough-letters"
ASKED = "/api/runs/0/clusters"


def client_of(folder: Path, *, base_url: str = "http://127.0.0.1:8741", **options: object) -> TestClient:
    return TestClient(create_app([folder], options=ServeOptions(**options)), base_url=base_url, follow_redirects=False)


@pytest.fixture(scope="module")
def client(service_run: Path) -> TestClient:
    return client_of(service_run)


@pytest.fixture
def guarded(service_run: Path) -> TestClient:
    return client_of(service_run, token=TOKEN)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8741", "localhost:8741", "LOCALHOST", "[::1]:8741", "localhost."]
)
def test_its_own_names_are_answered(client: TestClient, host: str):
    assert client.get(ASKED, headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil.example:8741",
        "10.0.0.1",
        "127.0.0.1@evil.example",
        "evil.example#127.0.0.1",
        "127.0.0.1:port",
        "127.0.0.1/x",
        "[::1",
        "",
    ],
)
@pytest.mark.parametrize("path", [ASKED, "/healthz", "/metrics", "/", "/api/openapi.json"])
def test_another_name_is_refused(client: TestClient, host: str, path: str):
    answer = client.get(path, headers={"host": host})
    assert answer.status_code == 421
    assert answer.json()["detail"].startswith("the service is asked under its own name, got ")


def test_a_name_that_is_allowed_is_answered(service_run: Path):
    client = client_of(service_run, allow_hosts=("maps.example",))
    assert client.get(ASKED, headers={"host": "maps.example:80"}).status_code == 200
    assert client.get(ASKED, headers={"host": "other.example"}).status_code == 421


def test_where_every_address_is_listened_on_addresses_and_no_names_are_answered(service_run: Path):
    client = client_of(service_run, host="0.0.0.0", token=TOKEN)
    shown = {"authorization": f"Bearer {TOKEN}"}
    assert client.get(ASKED, headers={"host": "192.168.3.4:8741", **shown}).status_code == 200
    assert client.get(ASKED, headers={"host": "evil.example", **shown}).status_code == 421


@pytest.mark.parametrize(
    ("host", "name"), [("a.b:1", "a.b"), ("[::1]:80", "::1"), ("A", "a"), ("a:", "a"), ("a b", "a b")]
)
def test_a_name_is_read_from_a_host(host: str, name: str):
    assert host_name(host) == name


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://localhost:8741"},
        {"origin": "http://["},
        {"origin": "ftp://127.0.0.1:8741"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
        {"sec-fetch-site": "what"},
    ],
)
def test_other_sites_pages_are_refused(client: TestClient, headers: dict[str, str]):
    answer = client.get(ASKED, headers=headers)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
    assert client.post("/api/runs/0/keys", json={"ids": [0]}, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://127.0.0.1:8741"},
        {"origin": "http://127.0.0.1:8741", "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"},
        {"sec-fetch-site": "none", "sec-fetch-mode": "navigate"},
    ],
)
def test_its_own_page_is_answered(client: TestClient, headers: dict[str, str]):
    assert client.get(ASKED, headers=headers).status_code == 200


def test_links_from_elsewhere_lead_to_the_page_and_frames_only_where_they_are_allowed(service_run: Path):
    visit = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    frame = {**visit, "sec-fetch-dest": "iframe"}
    closed = client_of(service_run)
    framed = client_of(service_run, frame_ancestors=("http://localhost:8888",))
    assert closed.get("/healthz", headers=visit).status_code == 200
    assert closed.get("/healthz", headers=frame).status_code == 403
    assert framed.get("/healthz", headers=frame).status_code == 200
    assert framed.get(ASKED, headers=frame).status_code == 403
    assert closed.post("/healthz", headers=visit).status_code == 403
    assert "frame-ancestors 'none'" in closed.get("/healthz").headers["content-security-policy"]
    policy = framed.get("/healthz").headers
    assert "frame-ancestors http://localhost:8888" in policy["content-security-policy"]
    assert "x-frame-options" not in policy


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", ASKED, 200),
        ("GET", "/healthz", 200),
        ("GET", "/api/runs/0/neighbors?key=nobody", 404),
        ("GET", "/nothing", 404),
        ("DELETE", ASKED, 405),
        ("POST", "/api/runs/0/keys", 422),
    ],
)
def test_every_answer_forbids_what_no_page_of_ours_needs(client: TestClient, method: str, path: str, status: int):
    answer = client.request(method, path)
    assert answer.status_code == status
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] in ("no-store", "no-cache")
    assert "server" not in answer.headers


def test_refusals_have_the_headers_too(client: TestClient, guarded: TestClient):
    refused = [client.get(ASKED, headers={"host": "evil.example"}), guarded.get(ASKED)]
    assert [answer.status_code for answer in refused] == [421, 401]
    assert all("default-src 'none'" in answer.headers["content-security-policy"] for answer in refused)


def test_answers_are_kept_by_nobody_and_columns_only_with_a_tag(client: TestClient):
    assert client.get(ASKED).headers["cache-control"] == "no-store"
    columns = client.get("/api/runs/0/columns", params={"names": "x"})
    assert columns.headers["cache-control"] == "no-cache"
    assert columns.headers["etag"]


@pytest.mark.skipif(not STATIC.is_dir(), reason="the page is not built (make web)")
def test_the_pages_files_are_kept_as_long_as_their_names_last(client: TestClient):
    page = client.get("/")
    assert page.headers["cache-control"] == "no-cache"
    script = next(part.split('"')[0] for part in page.text.split('src="')[1:])
    answer = client.get("/" + script.lstrip("./"))
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")


def test_a_token_is_needed_for_everything_but_the_question_whether_it_is_up(guarded: TestClient):
    assert guarded.get("/healthz").status_code == 200
    for path in (ASKED, "/", "/metrics", "/api/openapi.json", "/nothing"):
        answer = guarded.get(path)
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"] == "Bearer"
        assert TOKEN not in answer.text


@pytest.mark.parametrize("given", [f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer", "Bearer ", "Bearer ünïcode"])
def test_another_token_is_refused(guarded: TestClient, given: str):
    assert guarded.get(ASKED, headers={"authorization": given.encode()}).status_code == 401


def test_a_token_in_a_header_is_taken(guarded: TestClient):
    assert guarded.get(ASKED, headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_a_token_in_the_address_becomes_a_cookie_that_scripts_and_other_sites_cannot_use(guarded: TestClient):
    welcome = guarded.get("/", params={"token": TOKEN, "view": "a b"})
    assert (welcome.status_code, welcome.headers["location"]) == (303, "/?view=a+b")
    cookie = welcome.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert TOKEN not in cookie
    assert guarded.get(ASKED).status_code == 200  # the client keeps cookies
    fresh = TestClient(guarded.app, base_url="http://127.0.0.1:8741", cookies={"firth-other": "x"})
    assert fresh.get(ASKED).status_code == 401


def test_a_wrong_token_in_the_address_sets_no_cookie(guarded: TestClient):
    answer = guarded.get("/", params={"token": f"{TOKEN}x"})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_a_token_leads_to_no_other_site(guarded: TestClient):
    answer = guarded.get(f"http://127.0.0.1:8741//evil.example/x?token={TOKEN}")
    assert answer.headers["location"] == "/evil.example/x"
    answer = guarded.get(f"http://127.0.0.1:8741/%5Cevil.example?token={TOKEN}")
    assert answer.headers["location"] == "/evil.example"


def test_elsewhere_a_token_is_drawn_where_none_is_given(service_run: Path):
    drawn = {create_app([service_run], options=ServeOptions(host="0.0.0.0")).state.options.token for _ in range(2)}
    assert len(drawn) == 2
    assert all(len(token) >= 32 for token in drawn)
    assert create_app([service_run]).state.options.token is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"token": "short"}, "a token must have at least 16"),
        ({"token": "with blanks and; signs"}, "a token must have"),
        ({"port": 65_536}, "port must be"),
        ({"max_k": 0}, "max_k must be >= 1"),
        ({"max_k": 10_001}, "max_k must be at most"),
        ({"max_body_bytes": 0}, "max_body_bytes must be"),
        ({"body_timeout_s": float("nan")}, "body_timeout_s must be"),
        ({"frame_ancestors": ("'none'; script-src *",)}, "frame_ancestors must be origins"),
        ({"frame_ancestors": ("http://a\r\nx: y",)}, "frame_ancestors must be origins"),
    ],
)
def test_options_outside_their_range_are_refused(options: dict[str, object], message: str):
    with pytest.raises(OptionError, match=message):
        ServeOptions(**options)


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("maps.example", False),
    ],
)
def test_an_address_is_local_or_needs_a_token(host: str, is_local: bool):
    options = ServeOptions(host=host)
    assert options.is_local is is_local
    assert (options.with_token().token is None) is is_local
