"""What counts as this machine."""

import pytest

from evals_mcp.api.middleware.local_only import LocalOnly, is_loopback

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1"])
def test_loopback_hosts(host: str) -> None:
    """Names and addresses that only this machine reaches."""
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "0.0.0.0", "::", "192.168.0.1", "localhost.example", "example.com", "127.0.0.1.example"]
)
def test_other_hosts(host: str) -> None:
    """Names that anybody may own, and addresses that others reach."""
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"host": "localhost"}, 200),
        ({"host": "127.0.0.1:8421"}, 200),
        ({"host": "[::1]:8421"}, 200),
        ({"host": "localhost", "origin": "http://localhost:3000"}, 200),
        ({"host": "example.com"}, 403),
        ({"host": "[::1"}, 403),
        ({}, 403),
        ({"host": "localhost", "origin": "null"}, 403),
        ({"host": "localhost", "origin": "http://example.com"}, 403),
        ({"host": "localhost@example.com"}, 403),
        ({"host": "localhost", "x-real-ip": "127.0.0.1", "x-forwarded-host": "localhost:8080"}, 200),
        ({"host": "localhost", "x-real-ip": "203.0.113.9"}, 403),
        ({"host": "localhost", "x-forwarded-host": "localhost, example.com"}, 403),
        *(
            ({"host": "localhost", name: "203.0.113.9"}, 403)
            for name in ("x-forwarded-for", "x-client-ip", "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip")
        ),
    ],
)
async def test_requests_are_told_by_host_and_origin(headers: dict[str, str], expected: int) -> None:
    """Anything that does not name this machine is refused."""
    statuses: list[int] = []

    async def application(scope: object, receive: object, send: object) -> None:
        statuses.append(200)

    async def receive() -> dict[str, object]:
        raise AssertionError

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            assert isinstance(message["status"], int)
            statuses.append(message["status"])

    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    await LocalOnly(application)({"type": "http", "headers": encoded}, receive, send)  # type: ignore[arg-type]
    assert statuses == [expected]
