"""Behind a proxy: whose headers hold, what they change, and a path before the server's own."""

import re
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import anyio
import httpx
import pytest
from starlette.datastructures import Headers
from tests.serving.administration import create_key
from tests.serving.mcp_clients import message
from tests.serving.served_here import served

from evals_mcp.errors import Invalid
from evals_mcp.serving.connections import ConnectionLimits
from evals_mcp.serving.options import ServeOptions
from evals_mcp.serving.pauses import Pauses
from evals_mcp.serving.proxies import FewOfEach, Proxies, site_of
from evals_mcp.serving.root_path import checked_root_path
from evals_mcp.serving.serve import serve

_client = partial(httpx.Client, timeout=240, verify=False)
FORWARDED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "Forwarded": "for=203.0.113.8"}


@pytest.mark.parametrize(
    ("lines", "client"),
    [
        (["203.0.113.9"], "203.0.113.9"),
        (["203.0.113.9:4711"], "203.0.113.9"),
        (["[2001:db8::1]:80"], "2001:db8::1"),
        (["198.51.100.1, 203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        (["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
        (["127.0.0.1, 203.0.113.9"], "203.0.113.9"),
        (["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        (["::ffff:203.0.113.9"], "203.0.113.9"),
        (["fe80::1%x ann GET v5 200"], "fe80::1"),
        (["unknown"], None),
        (["203.0.113.9, unknown"], None),
        (["203.0.113.9, , 10.0.0.2"], "10.0.0.2"),
        (["a" * 60_000], None),
        (["203.0.113.9, " + "10.0.0.2, " * 5_000 + "10.0.0.2"], "10.0.0.2"),
        ([], None),
    ],
)
def test_the_nearest_that_is_no_proxy_is_the_client(lines: list[str], client: str | None) -> None:
    """What a client has written before that is not believed; what cannot be read says nothing."""
    proxies = Proxies(["10.0.0.0/8"])
    headers = Headers(raw=[(b"x-forwarded-for", line.encode()) for line in lines])
    assert proxies.client_of(headers) == client


def test_only_what_is_named_is_trusted() -> None:
    """Addresses and networks of both kinds; IPv4 that comes over IPv6 is IPv4."""
    proxies = Proxies(["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"])
    trusted = [host for host in ("10.1.2.3", "::ffff:10.1.2.3", "2001:db8::9", "192.0.2.7") if proxies.trusts(host)]
    assert len(trusted) == 4
    assert not any(proxies.trusts(host) for host in ("127.0.0.1", "192.0.2.8", "::1", "", "localhost", "unix:"))
    assert not Proxies([])
    for wrong in ("*", "0.0.0.0/0", "::/0", "localhost", "10.0.0.1/8", "10.0.0", ""):
        with pytest.raises(Invalid, match=r"proxy|everybody"):
            Proxies([wrong])


def test_an_ipv6_network_is_one_client_and_its_neighbour_another() -> None:
    """Whoever has one address of a /64 has all of it, and nothing of the next."""
    sites = [site_of(host) for host in ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2%eth0", "2001:db8:0:2::1")]
    assert sites == ["2001:db8:0:1::/64", "2001:db8:0:1::/64", "2001:db8:0:2::/64"]
    assert [site_of(host) for host in ("::ffff:192.0.2.1", "192.0.2.1", "unix:")] == ["192.0.2.1", "192.0.2.1", "unix:"]


def test_headers_of_others_change_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither from this machine by default, nor beside a trusted network: not the address, the scheme or the cookie."""
    database = str(tmp_path / "evals.db")
    secret = create_key(database, None, "ann").secret
    for trusted in ((), ("10.0.0.0/8",)):
        with served(database, trusted_proxies=trusted) as url:
            entered = httpx.post(f"{url}/", data={"key": secret}, headers=FORWARDED, timeout=240, verify=False)
            assert "Secure" not in entered.headers["set-cookie"]
            answer = _evaluation(url, secret, **FORWARDED)
            assert answer["url"].startswith(url)
        assert "203.0.113" not in capsys.readouterr().err


def _evaluation(url: str, secret: str, **headers: str) -> Any:
    """An evaluation as the API answers it."""
    sent = {"X-API-KEY": secret, **headers}
    body = {"file": {"path": "f"}, "evaluators": []}
    with _client(base_url=f"{url}/v5", headers=sent) as client:
        client.post("/flows", json={"path": "f", "attributes": {"a": 1}}).raise_for_status()
        return client.post("/evaluations", json=body).raise_for_status().json()


def test_a_trusted_proxy_speaks_for_its_clients(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Their address is in the log, cookies stay within TLS, and addresses that people open begin as theirs."""
    database = str(tmp_path / "evals.db")
    secret = create_key(database, None, "ann").secret
    with served(database, trusted_proxies=("127.0.0.1", "::1")) as url:
        entered = httpx.post(f"{url}/", data={"key": secret}, headers=FORWARDED, timeout=240, verify=False)
        assert "Secure" in entered.headers["set-cookie"].split("; ")
        made = _evaluation(url, secret, Host="evals.example", **FORWARDED)
        assert made["url"] == f"https://evals.example/evaluations/{made['id']}"
        nearest = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https, http"}
        assert _evaluation(url, secret, Host="evals.example", **nearest)["url"].startswith("http://evals.example/")
        odd = {"X-Forwarded-For": "1.2.3.4 GET /secret 200", "X-Forwarded-Proto": "javascript"}
        assert _evaluation(url, secret, Host="evals.example", **odd)["url"].startswith("http://evals.example/")
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in lines] == ["203.0.113.9"] * 5 + ["127.0.0.1"] * 2


def test_clients_of_a_proxy_share_no_limit(tmp_path: Path) -> None:
    """Connections of a trusted proxy may be as many as there may be in all."""
    limits = ConnectionLimits(40, 2)
    database = str(tmp_path / "evals.db")
    create_key(database, None, "ann")
    for trusted, most in (((), 2), (("127.0.0.1",), 20)):
        with served(database, limits=limits, trusted_proxies=trusted) as url:
            with _client(base_url=url) as first:
                assert first.get("/health").status_code == 200
                others = [_client(base_url=url) for _ in range(19)]
                assert all(other.get("/health").status_code == 200 for other in others)
                kept = [client for client in (first, *others) if _is_kept(client)]
                for other in others:
                    other.close()
            assert len(kept) == most


def _is_kept(client: httpx.Client) -> bool:
    """Whether the connection that a client used is still there."""
    (connection,) = client._transport._pool.connections  # type: ignore[attr-defined]
    return not connection.has_expired()


@pytest.mark.anyio
async def test_a_client_has_so_many_requests_at_once() -> None:
    """The next one gets 503, others go on, and afterwards there is room again."""
    waiting: list[str] = []
    go = anyio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        waiting.append(scope["client"][0])
        await go.wait()

    answers: list[int] = []

    async def send(sent: Any) -> None:
        if sent["type"] == "http.response.start":
            answers.append(sent["status"])

    few = FewOfEach(app, 2)

    async def ask(client: str) -> None:
        await few({"type": "http", "client": (client, 0)}, None, send)  # type: ignore[arg-type]

    async with anyio.create_task_group() as tasks:
        for client in ("a", "a", "a", "b", *(f"2001:db8::{number}" for number in range(3))):
            tasks.start_soon(ask, client)
        await anyio.wait_all_tasks_blocked()
        go.set()
    assert (sorted(waiting), answers) == (["2001:db8::0", "2001:db8::1", "a", "a", "b"], [503, 503])
    await ask("a")
    assert waiting[-1] == "a"


@pytest.mark.parametrize("trusted", [(), ("127.0.0.1",)])
def test_a_server_without_keys_answers_no_client_of_a_proxy_elsewhere(tmp_path: Path, trusted: tuple[str, ...]) -> None:
    """Whether the proxy is trusted or not, and whatever it calls this machine."""
    elsewhere = (
        {"X-Forwarded-For": "203.0.113.9"},
        {"X-Forwarded-For": "127.0.0.1, 203.0.113.9"},
        {"X-Forwarded-For": "unknown"},
        {"X-Forwarded-For": ""},
        {"Forwarded": "for=203.0.113.9;proto=https"},
        {"Forwarded": 'for="[2001:db8::1]:80"'},
        {"Forwarded": "proto=https"},
        {"X-Real-IP": "203.0.113.9"},
        {"True-Client-IP": "203.0.113.9"},
        {"X-Forwarded-Host": "evals.example"},
        {"Host": "evals.example", "X-Forwarded-For": "127.0.0.1"},
    )
    here: tuple[dict[str, str], ...] = ({}, {"X-Forwarded-For": "127.0.0.1:99"}, {"Forwarded": 'for="[::1]"'})
    with served(str(tmp_path / "evals.db"), trusted_proxies=trusted) as url, _client() as client:
        assert {client.get(f"{url}/v5/flows", headers=headers).status_code for headers in elsewhere} == {403}
        assert {client.get(f"{url}/v5/flows", headers=headers).status_code for headers in here} == {200}


@pytest.mark.parametrize("prefix", ["/evals", ""])
def test_a_path_before_the_server_whether_the_proxy_strips_it_or_not(sample_copy: Path, prefix: str) -> None:
    """Documents, pages, files, cookies, redirects, MCP and the address that the SDK prints."""
    address = str(sample_copy)
    secret = create_key(address, None, "ann").secret
    key = {"X-API-KEY": secret}
    with served(address, root_path="/evals/") as url, _client() as client:
        at = f"{url}{prefix}"
        assert client.get(f"{at}/ready").status_code == 200
        assert "'/evals/openapi.json'" in client.get(f"{at}/docs").text
        slash = client.get(f"{at}/v5/flows/", headers=key)
        assert (slash.status_code, slash.headers["location"]) == (307, f"{url}/evals/v5/flows")
        entered = client.post(f"{at}/", data={"key": secret})
        assert urljoin(f"{url}/evals/", entered.headers["location"]) == f"{url}/evals/"
        assert "Path=/evals" in entered.headers["set-cookie"].split("; ")
        cookie = {"Cookie": f"evals_mcp_pages={entered.cookies['evals_mcp_pages']}"}
        (page,) = re.findall(r'href="(evaluations/[^"]+)"', client.get(f"{at}/", headers=cookie).text)
        assert client.get(f"{at}/{page}/report.md", headers=cookie).status_code == 200
        gone = client.get(f"{at}/evaluations/none/report.md", headers=cookie)
        (back,) = re.findall(r'href="(\.[^"]+)"', gone.text)
        assert urljoin(f"{url}/evals/evaluations/none/report.md", back) == f"{url}/evals/"
        told = client.get(f"{at}/v5/{page}", headers=key).json()
        assert told["url"] == f"{url}/evals/{page}"
        out = client.post(f"{at}/sign-out", headers=cookie).headers["set-cookie"]
        assert "Path=/evals" in out.split("; ")
        body, headers = message("legacy", "tools/list")
        assert client.post(f"{at}/mcp", json=body, headers={**headers, **key}).json()["result"]["tools"]
        there = client.get(f"{url}/evals?text=a")
        assert (there.status_code, urljoin(f"{url}/evals", there.headers["location"])) == (308, f"{url}/evals/?text=a")
        for other in (f"{at}{prefix or '/x'}/docs", f"{url}/evalsx/docs"):
            assert client.get(other).status_code == 401


def test_a_root_path_is_one_that_can_be_told_from_our_own() -> None:
    """It has no dots that lead upwards, no query, and does not begin as the API or a page does."""
    assert [checked_root_path(path) for path in ("", "/", "/evals", "/a/b-c.d/")] == ["", "", "/evals", "/a/b-c.d"]
    for wrong in ("evals", "//a", "/a/../b", "/a b", "/a?b", "/ä", "/%41", "/v5", "/mcp/x", "/docs", "https://a/b"):
        with pytest.raises(Invalid, match="root path"):
            checked_root_path(wrong)
        with pytest.raises(Invalid, match="root path"):
            serve(ServeOptions("never opened", root_path=wrong))


def test_who_ends_again_and_again_is_started_ever_later() -> None:
    """At once after the first end, then after pauses that double up to ten seconds, until one lives."""
    pauses = Pauses()
    ends = [pauses.after_end(100.0, 99.0 if number % 2 else None) for number in range(9)]
    assert ends == [0, 0.25, 0.5, 1, 2, 4, 8, 10, 10]
    assert pauses.until == 110
    assert pauses.after_end(200.0, 190.0) == 0
    assert pauses.after_end(201.0, 200.5) == 0.25


def test_the_address_of_a_server_has_no_path(tmp_path: Path) -> None:
    """The first line names the socket: which path a proxy has before it, only the proxy knows."""
    with served(str(tmp_path / "evals.db"), root_path="/evals") as url:
        assert urlsplit(url).path == ""
