"""Behind nginx and Caddy with TLS, set up as docs/serving.md says: what leads where, and whose word holds."""

import datetime
import ipaddress
import os
import re
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.e2e.in_process import run
from tests.killed_writers import free_port
from tests.serving.administration import create_key
from tests.serving.mcp_clients import ERAS, message
from tests.serving.served_here import served

from evals_mcp.oauth.settings import OAuthSettings

DOCUMENTED = (Path(__file__).parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")
CLIENT = "127.0.0.3"
"""Where requests come from: another address than the proxy's."""
SIGN_IN = OAuthSettings("https://login.example/team", "https://evals.internal/evals/mcp")
LIES = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Prefix": "/evil",
    "Forwarded": "for=203.0.113.9;proto=http;host=evil.example",
}


def _documented(language: str) -> str:
    """The configuration that the documentation shows."""
    return DOCUMENTED.split(f"```{language}\n", 1)[1].split("```", 1)[0]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine with its key, signed by an authority that `ca.pem` beside it is of."""
    authority, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    folder = tmp_path_factory.mktemp("tls")
    path = folder / "evals.pem"
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    known = _signed("team-ca", authority, authority, x509.BasicConstraints(ca=True, path_length=0))
    (folder / "ca.pem").write_bytes(known)
    made = _signed("evals.internal", key, authority, address)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made + private)
    return path


def _signed(
    name: str, key: ec.EllipticCurvePrivateKey, authority: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType
) -> bytes:
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "team-ca")]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(authority, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def _nginx(folder: Path, certificate: Path, upstream: str, port: int, *, strips: bool) -> list[str]:
    """The arguments of nginx with the documented server."""
    text = _documented("nginx").replace("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;")
    text = re.sub(r"/etc/\S+\.(pem|key)", str(certificate), text)
    text = text.replace("http://127.0.0.1:8421;", f"{upstream}/;" if strips else f"{upstream};", 1)
    text = text.replace("http://127.0.0.1:8421;", f"{upstream};")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    own = "".join(f"{kind}_temp_path {folder / kind};\n" for kind in kinds)
    user = "user root;\n" if os.geteuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"{user}daemon off;\npid {folder / 'pid'};\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{own}{text}}}\n",
        encoding="utf-8",
    )
    return ["-e", "stderr", "-p", str(folder), "-c", str(configuration)]


def _caddy(folder: Path, certificate: Path, upstream: str, port: int, *, strips: bool) -> list[str]:
    """The arguments of Caddy with the documented site."""
    own = f"https://127.0.0.1:{port} {{\n    tls {certificate} {certificate}"
    text = _documented("caddyfile").replace("evals.internal {", own)
    text = text.replace("127.0.0.1:8421", upstream.removeprefix("http://"))
    text = text.replace("handle /evals", "handle_path /evals") if strips else text
    configuration = folder / "Caddyfile"
    configuration.write_text(f"{{\n    admin off\n    auto_https disable_redirects\n}}\n{text}", encoding="utf-8")
    return ["run", "--adapter", "caddyfile", "--config", str(configuration)]


@contextmanager
def _proxied(proxy: str, folder: Path, certificate: Path, upstream: str, *, strips: bool) -> Iterator[httpx.Client]:
    """A client, with a browser's cookies, of a proxy before a server."""
    program = shutil.which(proxy, path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    if program is None:
        pytest.skip(f"needs {proxy}")
    port = free_port()
    arguments = (_nginx if proxy == "nginx" else _caddy)(folder, certificate, upstream, port, strips=strips)
    command = [program, *arguments]
    environ = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    trusted = ssl.create_default_context(cafile=str(certificate.parent / "ca.pem"))
    with (folder / "log").open("w") as log, subprocess.Popen(command, env=environ, stderr=log, stdout=log) as process:
        try:
            transport = httpx.HTTPTransport(verify=trusted, local_address=CLIENT)
            with httpx.Client(transport=transport, base_url=f"https://127.0.0.1:{port}", timeout=240) as client:
                _wait_for_answer(client, process, folder / "log")
                yield client
        finally:
            process.terminate()


def _wait_for_answer(client: httpx.Client, process: "subprocess.Popen[bytes]", log: Path) -> None:
    give_up = time.monotonic() + 240
    while True:
        try:
            client.get("/evals/health").raise_for_status()
            return
        except httpx.TransportError:
            assert process.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < give_up, log.read_text(encoding="utf-8")
            time.sleep(0.1)


@pytest.mark.parametrize("strips", [False, True])
@pytest.mark.parametrize("proxy", ["nginx", "caddy"])
def test_everything_works_behind_it(
    proxy: str, strips: bool, sample_copy: Path, tmp_path: Path, certificate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whether it strips the path or not, and whatever a client says of itself."""
    address = str(sample_copy)
    secret = create_key(address, None, "ann").secret
    with (
        served(address, root_path="/evals", trusted_proxies=("127.0.0.1",), oauth=SIGN_IN) as upstream,
        _proxied(proxy, tmp_path, certificate, upstream, strips=strips) as client,
    ):
        if proxy == "nginx" and not strips:
            _use_a_command(str(client.base_url.join("/evals/v5")), secret, certificate.parent / "ca.pem")
        capsys.readouterr()
        page = _sign_in_and_browse(client, secret)
        _read_documents(client)
        _use_the_api(client, secret, page)
        _use_mcp(client, secret)
        _find_the_sign_in(client)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) > 10
    assert {line.split()[1] for line in lines} == {CLIENT}


def _use_a_command(url: str, secret: str, authority: Path) -> None:
    """Of a machine that knows the team's authority, or does not."""
    for known, told in (({"SSL_CERT_FILE": str(authority)}, "Which prompt answers"), ({}, "set SSL_CERT_FILE")):
        called = run(["call", "list_evaluations"], HUMANLOOP_BASE_URL=url, HUMANLOOP_API_KEY=secret, **known)
        assert told in called.stdout + called.stderr


def _find_the_sign_in(client: httpx.Client) -> None:
    """Where 401 says, and where clients look that insert the path after the well-known one."""
    told = client.post("/evals/mcp", json={}).headers["www-authenticate"].partition('resource_metadata="')[2]
    for path in (urlsplit(told.partition('"')[0]).path, "/.well-known/oauth-protected-resource/evals/mcp"):
        assert client.get(path).json()["resource"] == SIGN_IN.resource


def _sign_in_and_browse(client: httpx.Client, secret: str) -> str:
    """From the root path to a log, as a browser follows links; the path of the evaluation's page."""
    first = client.get("/evals", follow_redirects=True)
    assert first.url.path == "/evals/"
    assert 'type="password"' in first.text
    entered = client.post("/evals/", data={"key": secret}, headers=LIES)
    kept = entered.headers["set-cookie"].split("; ")
    assert {"Secure", "HttpOnly", "Path=/evals"} <= set(kept)
    home = urljoin(str(first.url), entered.headers["location"])
    assert home == str(first.url)
    (link,) = re.findall(r'href="(evaluations/[^"]+)"', client.get(home).text)
    page = urljoin(home, link)
    shown = client.get(page)
    assert "<title>Which prompt answers tickets</title>" in shown.text
    report = client.get(f"{page}/report.md")
    assert 'filename="Which prompt answers tickets.md"' in report.headers["content-disposition"]
    query = {"name": "compare_runs", "arguments": '{"candidates": ["v2-concise"], "evaluators": ["policy_correct"]}'}
    found = client.get(f"{page}/document", params=query).json()["document"]
    log = client.get(urljoin(home, f"logs/{found['datapoints'][0]['rows'][0]['candidate']['id']}"))
    (back, *_) = re.findall(r'href="(\.\./evaluations/[^"]+)"', log.text)
    assert urljoin(str(log.url), back) == page
    return str(httpx.URL(page).path)


def _read_documents(client: httpx.Client) -> None:
    assert "'/evals/openapi.json'" in client.get("/evals/docs").text
    document = client.get("/evals/openapi.json").json()
    assert document["servers"] == [{"url": "/evals"}]
    assert client.get("/evals/ready").status_code == 200
    assert client.get("/other").status_code in (200, 404)  # Caddy answers what it has no rule for with nothing
    assert client.get("/other").text.count("evals-mcp") == 0


def _use_the_api(client: httpx.Client, secret: str, page: str) -> None:
    """The address that the SDK prints opens the page; a redirect stays here, and a large body arrives whole."""
    headers = {"X-API-KEY": secret, **LIES}
    told = client.get(page.replace("/evals/", "/evals/v5/"), headers=headers).json()["url"]
    assert told == f"{client.base_url}".rstrip("/") + page
    assert client.get(told).status_code == 200
    slash = client.get("/evals/v5/flows/", headers=headers, follow_redirects=True)
    assert (slash.status_code, slash.url.path) == (200, "/evals/v5/flows")
    body = {"path": "large", "attributes": {"text": "x" * 3_000_000}}
    made = client.post("/evals/v5/flows", json=body, headers=headers)
    assert made.status_code == 200
    assert (
        client.get(f"/evals/v5/flows/{made.json()['id']}", headers=headers).json()["attributes"] == body["attributes"]
    )


def _use_mcp(client: httpx.Client, secret: str) -> None:
    """In both eras of the protocol, with a key alone."""
    assert client.post("/evals/mcp", json={}).status_code == 401
    for era in ERAS:
        call: dict[str, Any] = {"name": "list_evaluations", "arguments": {}}
        body, headers = message(era, "tools/call", **call)
        answer = client.post("/evals/mcp", json=body, headers={**headers, "X-API-KEY": secret})
        assert "Which prompt answers tickets" in answer.json()["result"]["content"][0]["text"]
