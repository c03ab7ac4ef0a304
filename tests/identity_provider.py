"""An identity provider on this machine, as teams have one: metadata, keys, and sign-in with a code and PKCE (S256)."""

import base64
import functools
import hashlib
import json
import secrets
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

RESOURCE = "https://evals.example/team/mcp"
PATH = "/realms/team"


@functools.cache
def private_key(name: str) -> Any:
    """A private key, the same each time; its name begins with its kind."""
    if name.startswith("rsa"):
        return rsa.generate_private_key(public_exponent=65537, key_size=1024 if name == "rsa-short" else 2048)
    return ed25519.Ed25519PrivateKey.generate() if name.startswith("ed") else ec.generate_private_key(ec.SECP256R1())


def public_key(name: str, **more: Any) -> dict[str, Any]:
    """The public half, as a provider publishes it."""
    public = private_key(name).public_key()
    kinds: dict[str, Any] = {"rsa": RSAAlgorithm, "ed": OKPAlgorithm, "ec": ECAlgorithm}
    (algorithm,) = [made for start, made in kinds.items() if name.startswith(start)]
    return {**algorithm.to_jwk(public, as_dict=True), "kid": name, "use": "sig", **more}


def signed(
    claims: dict[str, Any], key: str = "ec", algorithm: str = "ES256", *, signer: str | None = None, **headers: Any
) -> str:
    """A token that a key signs: the one that its header names, or another (`signer`)."""
    pem = private_key(signer or key).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with warnings.catch_warnings(action="ignore"):  # some keys are too short
        return jwt.encode(claims, pem, algorithm, {"kid": key, "typ": "at+jwt", **headers})


class IdentityProvider:
    """What it publishes and issues, which a test may change; `asked` has the paths that were asked for."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.issuer = origin + PATH
        self.metadata: dict[str, Any] = {
            "issuer": self.issuer,
            "jwks_uri": f"{origin}/keys",
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "registration_endpoint": f"{self.issuer}/register",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["evals:read", "evals:write"],
        }
        self.keys: Any = {"keys": [public_key("ec")]}
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.person: dict[str, Any] = {"sub": "u-1", "email": "zoe@team.example"}
        self.granted: tuple[str, ...] = ("evals:read", "evals:write")
        self.asked: list[str] = []
        self._clients: dict[str, list[str]] = {}
        self._codes: dict[str, dict[str, str]] = {}

    def claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of a token for `RESOURCE`, with changes; None leaves one out."""
        now = int(time.time())
        usual = {"iss": self.issuer, "aud": RESOURCE, "iat": now, "nbf": now, "exp": now + 300}
        claims = {**usual, **self.person, "scope": " ".join(self.granted), **changes}
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, **changes: Any) -> str:
        """A good token, but for the changes of its claims."""
        return signed(self.claims(**changes))

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """The answer to a request."""
        parts = urlsplit(path)
        self.asked.append(parts.path)
        if parts.path in self.answers:
            return self.answers[parts.path]
        if parts.path == f"/.well-known/oauth-authorization-server{PATH}":
            return _json(200, self.metadata)
        if parts.path == "/keys":
            return _json(200, self.keys)
        if parts.path == f"{PATH}/register" and method == "POST":
            return self._register(json.loads(body))
        if parts.path == f"{PATH}/authorize":
            return self._authorize(_only(parts.query))
        if parts.path == f"{PATH}/token" and method == "POST":
            return self._issue(_only(body.decode()))
        return _json(404, {})

    def _register(self, asked: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        client = secrets.token_hex(8)
        self._clients[client] = asked["redirect_uris"]
        return _json(201, {**asked, "client_id": client, "token_endpoint_auth_method": "none"})

    def _authorize(self, asked: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        assert asked["redirect_uri"] in self._clients[asked["client_id"]]
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        code = secrets.token_hex(8)
        self._codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"]})
        return 302, {"Location": f"{asked['redirect_uri']}?{back}"}, b""

    def _issue(self, asked: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        code = self._codes.pop(asked["code"])
        digest = hashlib.sha256(asked["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == code["code_challenge"]
        assert asked["resource"] == code["resource"]
        scope = " ".join(word for word in code["scope"].split() if word in self.granted)
        token = signed(self.claims(aud=asked["resource"], scope=scope))
        return _json(200, {"access_token": token, "token_type": "Bearer", "expires_in": 300, "scope": scope})


def _only(query: str) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(query, strict_parsing=True).items()}


def _json(status: int, document: Any) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/json"}, json.dumps(document).encode()


@contextmanager
def identity_provider() -> Iterator[IdentityProvider]:
    """A provider that answers over HTTP until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply(b"")

        def do_POST(self) -> None:
            self._reply(self.rfile.read(int(self.headers["Content-Length"])))

        def _reply(self, body: bytes) -> None:
            status, headers, content = provider.answer(self.command, self.path, body)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider = IdentityProvider(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
