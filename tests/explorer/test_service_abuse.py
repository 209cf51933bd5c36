"""What nobody means well by, sent over real sockets: the service answers, tells nothing, and goes on."""

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import pytest
from real_server import Server
from service_run import HOSTILE

import firth

KEYS = "/api/runs/0/keys"
LEAKS = re.compile(rb"Traceback|site-packages|\.py\b|/tmp/|/home/|/root|/proc|uvicorn|starlette", re.IGNORECASE)


@pytest.fixture(scope="module")
def server(service_run: Path) -> Iterator[Server]:
    started = Server(service_run)
    yield started
    started.process.terminate()
    assert started.process.stdout is not None
    said = started.process.stdout.read()  # until it has gone
    started.stop()
    assert "Traceback" not in said
    assert " failed" not in said


@pytest.fixture
def ask(server: Server):
    """Ask, and see to it that nothing is told that is nobody's business: ``status, headers, body = ask(...)``."""
    address = urlsplit(server.url)
    opened = []

    def send(method: str, path: str, body: object = None, headers: dict[str, str] | None = None):
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=20)
        opened.append(connection)
        connection.putrequest(method, path, skip_host="host" in (headers or {}))
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        if isinstance(body, bytes):
            connection.putheader("content-length", str(len(body)))
        connection.endheaders(body if isinstance(body, bytes) else None)
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status < 500
        assert not LEAKS.search(content), content[:300]
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        return answer.status, answer.headers, content

    yield send
    for connection in opened:
        connection.close()


def raw(server: Server, sent: bytes) -> bytes:
    """Return the first line of what comes back for some bytes."""
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(sent)
        return connection.recv(65_536).split(b"\r\n")[0]


@pytest.mark.parametrize("key", HOSTILE, ids=lambda key: repr(key[:12]))
def test_hostile_keys_are_data(ask, service_run: Path, key: str):
    run = firth.load_run(service_run)
    query = urlencode({"key": key, "k": 3})
    status, headers, body = ask("GET", f"/api/runs/0/neighbors?{query}")
    answer = json.loads(body)
    assert (status, headers["content-type"], answer["query"]["key"]) == (200, "application/json", key)
    assert [one["key"] for one in answer["neighbors"]] == [found for found, _ in run.vectors.most_similar(key, k=3)]
    json_type = {"content-type": "application/json"}
    _, _, body = ask("POST", "/api/runs/0/items", json.dumps({"keys": [key]}).encode(), json_type)
    assert [item["key"] for item in json.loads(body)["items"]] == [key]


@pytest.mark.parametrize("key", ["\ud800", "\udcff\udcfe", "no such\0key", "<script>", "z" * 60_000])
def test_unknown_keys_are_named_shortly(ask, key: str):
    text = json.dumps({"keys": [key]}).encode()
    status, headers, body = ask("POST", "/api/runs/0/recommend", text, {"content-type": "application/json"})
    assert status in (404, 422)
    assert headers["content-type"] == "application/json"
    assert len(body) < 4_000


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2f..%2fetc%2fpasswd",
        "/assets/../../app.py",
        "/assets/%2e%2e/%2e%2e/app.py",
        "/assets/..%5c..%5capp.py",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/etc/passwd%00.html",
        "/%00",
        "/run.json",
        "/api/runs/0/../../run.json",
        "/api/runs/..%2f..%2fetc/keys",
        "/assets",
        "/.",
    ],
)
def test_no_path_leaves_the_page(ask, path: str):
    status, _, body = ask("GET", path)
    assert status in (307, 404, 422), body[:200]
    assert b"root:" not in body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"ids": [0,}',
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b'"ids"',
        b'{"ids": null}',
        b'{"ids": "0"}',
        b'{"ids": ["0"]}',
        b'{"ids": [true]}',
        b'{"ids": [0.5]}',
        b'{"ids": [-1]}',
        b'{"ids": [1e400]}',
        b'{"ids": [NaN]}',
        b'{"ids": [Infinity]}',
        b'{"ids": [' + b"9" * 5_000 + b"]}",
        b'{"ids": [[[[0]]]]}',
        b'{"ids": [0], "more": 1}',
        b'{"ids": [' + b"0," * 20_000 + b"0]}",
        b"[" * 100_000,
        b'{"ids": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"a":' * 50_000,
    ],
    ids=lambda body: repr(body[:24]),
)
def test_what_is_no_question_is_refused(ask, body: bytes):
    status, headers, told = ask("POST", KEYS, body, {"content-type": "application/json"})
    assert status in (400, 422)
    assert headers["content-type"] == "application/json"
    assert isinstance(json.loads(told)["detail"], str)
    assert len(told) < 2_000


@pytest.mark.parametrize("k", ["0", "-1", "1001", "1e3", "NaN", "9" * 400, "", "ten", "1;drop", "%00"])
def test_k_has_limits(ask, k: str):
    status, _, told = ask("GET", f"/api/runs/0/neighbors?key=item+41&k={k}")
    assert status == 422
    assert "k" in json.loads(told)["detail"]


def test_a_request_that_is_too_large_is_refused_before_it_is_read(ask):
    headers = {"content-type": "application/json", "content-length": str(1 << 40)}
    status, answered, told = ask("POST", KEYS, None, headers)
    assert (status, answered["connection"]) == (413, "close")
    assert "at most 1,048,576 bytes" in json.loads(told)["detail"]


def test_a_request_in_pieces_is_refused_once_it_is_too_large(server: Server):
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        head = f"POST {KEYS} HTTP/1.1\r\nhost: {address.netloc}\r\ncontent-type: application/json\r\n"
        connection.sendall(f"{head}transfer-encoding: chunked\r\n\r\n".encode())
        piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        answer = b""
        connection.settimeout(0.05)
        for _ in range(40):
            try:
                connection.sendall(piece)
                answer = connection.recv(65_536)
            except TimeoutError:
                continue
            except OSError:
                break
            if answer:
                break
        assert answer.startswith(b"HTTP/1.1 413 "), answer[:100]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", b"421"),
        (b"GET /healthz HTTP/1.1\r\n\r\n", b"4"),
        (b"GET http://evil.example/healthz HTTP/1.1\r\nhost: evil.example\r\n\r\n", b"421"),
        (b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: -1\r\n\r\n", b"4"),
        (b"POST /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n", b"4"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),
        (b"GET / HTTP/9.9\r\n\r\n", b"4"),
        (b"CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example\r\n\r\n", b"4"),
        (b"TRACE /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n", b"405"),
    ],
)
def test_what_is_hardly_http_is_refused(server: Server, sent: bytes, status: bytes):
    assert raw(server, sent).split(b" ")[1].startswith(status)


def test_clients_that_are_slow_hold_up_nobody(server: Server, ask):
    address = urlsplit(server.url)
    slow = [socket.create_connection((address.hostname, address.port), timeout=20) for _ in range(50)]
    for number, connection in enumerate(slow):
        head = f"POST {KEYS} HTTP/1.1\r\nhost: {address.netloc}\r\ncontent-type: application/json\r\n"
        connection.sendall(f"{head}content-length: 15\r\n\r\n".encode() if number % 2 else head.encode())
    status, _, body = ask("GET", f"/api/runs/0/neighbors?key={quote('item 41')}")
    assert status == 200
    slow[1].sendall(b'{"ids": [1, 0]}')
    assert slow[1].recv(4096).startswith(b"HTTP/1.1 200 ")
    for connection in slow:
        connection.close()
    assert json.loads(body)["neighbors"]


def test_ctrl_c_ends_a_server_in_peace(service_run: Path):
    server = Server(service_run)
    with socket.create_connection(("127.0.0.1", urlsplit(server.url).port), timeout=20) as idle:
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(timeout=20) == 0
        assert idle.recv(10) == b""
    assert server.process.stdout is not None
    rest = server.process.stdout.read()
    server.process.stdout.close()
    assert "serving " in "".join(server.said)
    assert "Ctrl-C ends it" in rest
    assert "Traceback" not in rest


def test_a_port_that_is_taken_is_an_error_that_says_so(server: Server, service_run: Path):
    port = urlsplit(server.url).port
    command = [sys.executable, "-m", "firth", "serve", str(service_run), "--port", str(port)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    said = " ".join(done.stderr.split())
    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use. Choose another with --port" in said
