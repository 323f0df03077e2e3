"""A real OpenID Connect issuer for tests: its keys, its signatures, a loopback server of it."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache

from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from valetkey.identity import Issuer, IssuerUrl
from valetkey.secret import Secret

NOW = 1_800_000_000
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
_HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
_CURVES: dict[str, ec.EllipticCurve] = {
    "ES256": ec.SECP256R1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(frozen=True)
class SigningKey:
    kid: str | None
    alg: str
    private: PrivateKey

    def sign(self, message: bytes) -> bytes:
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(message)
        digest = _HASHES[self.alg[2:]]
        if isinstance(self.private, rsa.RSAPrivateKey):
            if self.alg.startswith("PS"):
                pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
                return self.private.sign(message, pss, digest)
            return self.private.sign(message, padding.PKCS1v15(), digest)
        size = (self.private.curve.key_size + 7) // 8
        r, s = decode_dss_signature(self.private.sign(message, ec.ECDSA(digest)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    def jwk(self, **changes: object) -> dict[str, object]:
        """The public key as a JWK; a change to None removes a member."""
        members: dict[str, object] = {"kid": self.kid, "use": "sig", "alg": self.alg}
        members.update(_public_members(self.private))
        members.update(changes)
        return {name: value for name, value in members.items() if value is not None}


def _public_members(private: PrivateKey) -> dict[str, str]:
    if isinstance(private, ed25519.Ed25519PrivateKey):
        raw = private.public_key().public_bytes_raw()
        return {"kty": "OKP", "crv": "Ed25519", "x": b64(raw)}
    if isinstance(private, rsa.RSAPrivateKey):
        public = private.public_key().public_numbers()
        n = public.n.to_bytes((public.n.bit_length() + 7) // 8, "big")
        return {"kty": "RSA", "n": b64(n), "e": b64(public.e.to_bytes(3, "big").lstrip(b"\0"))}
    point = private.public_key().public_numbers()
    size = (private.curve.key_size + 7) // 8
    crv = {256: "P-256", 384: "P-384", 521: "P-521"}[private.curve.key_size]
    x, y = (b64(value.to_bytes(size, "big")) for value in (point.x, point.y))
    return {"kty": "EC", "crv": crv, "x": x, "y": y}


@cache
def signing_key(
    kid: str | None = "key-1", alg: str = "ES256", *, bits: int = 2048, exponent: int = 65537
) -> SigningKey:
    """The same key for the same arguments: RSA keys take long to make."""
    if alg.startswith("ES"):
        return SigningKey(kid, alg, ec.generate_private_key(_CURVES[alg]))
    if alg.startswith("Ed"):
        return SigningKey(kid, alg, ed25519.Ed25519PrivateKey.generate())
    return SigningKey(kid, alg, rsa.generate_private_key(exponent, bits))


@dataclass
class FakeIssuer:
    """Signs whatever it is told to; `keys[0]` signs, all of `keys` are published."""

    url: str = "https://issuer.example"
    keys: list[SigningKey] = field(default_factory=lambda: [signing_key()])

    def claims(self, **changes: object) -> dict[str, object]:
        """Valid claims of a token for `valetkey` at NOW; a change to None removes a claim."""
        members: dict[str, object] = {
            "iss": self.url,
            "sub": "alice",
            "aud": "valetkey",
            "exp": NOW + 600,
            "iat": NOW - 100,
            "jti": "t-1",
        }
        members.update(changes)
        return {name: value for name, value in members.items() if value is not None}

    def sign(self, claims: Mapping[str, object], **header: object) -> Secret:
        """A token of exactly these claims; a header change to None removes a member."""
        key = self.keys[0]
        members = {"alg": key.alg, "kid": key.kid, "typ": "JWT", **header}
        present = {name: value for name, value in members.items() if value is not None}
        return self.sign_bytes(json.dumps(present).encode(), json.dumps(claims).encode())

    def sign_bytes(self, header: bytes, payload: bytes) -> Secret:
        signing_input = f"{b64(header)}.{b64(payload)}"
        return Secret(f"{signing_input}.{b64(self.keys[0].sign(signing_input.encode()))}")

    def jwks(self) -> bytes:
        return json.dumps({"keys": [key.jwk() for key in self.keys]}).encode()

    def configured(
        self,
        name: str = "cognito",
        *,
        algorithms: tuple[str, ...] = ("ES256",),
        audiences: tuple[str, ...] = ("valetkey",),
        leeway: int = 30,
        jwks_uri: str | None = None,
    ) -> Issuer:
        """This issuer as valetkey's configuration has it."""
        return Issuer(
            name, IssuerUrl(self.url), audiences, algorithms, leeway=leeway, jwks_uri=jwks_uri
        )


@dataclass
class IssuerServer:
    """Serves an issuer's documents over loopback HTTP; the switches make it misbehave."""

    issuer: FakeIssuer
    said_issuer: str | None = None
    jwks_uri: str | None = None
    delay: float = 0.0
    status: int = 200
    redirect_to: str | None = None
    encoding: str | None = None
    body: bytes | None = None
    endless: bool = False
    asked: list[str] = field(default_factory=list)
    headers_seen: list[Mapping[str, str]] = field(default_factory=list)

    def asked_for_keys(self) -> int:
        return self.asked.count("/keys")

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        self.headers_seen.append(dict(request.headers))
        await asyncio.sleep(self.delay)
        if self.redirect_to is not None:
            return web.Response(status=302, headers={"Location": self.redirect_to})
        if request.path.endswith("/.well-known/openid-configuration"):
            keys_at = self.jwks_uri or f"{self.issuer.url}/keys"
            document = {"issuer": self.said_issuer or self.issuer.url, "jwks_uri": keys_at}
            return web.json_response(document, status=self.status)
        if self.endless:
            return await self._stream(request)
        headers = {"Content-Encoding": self.encoding} if self.encoding else {}
        body = self.issuer.jwks() if self.body is None else self.body
        return web.Response(body=body, status=self.status, headers=headers)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b" " * 65_536)
        except ConnectionError:
            return response


@asynccontextmanager
async def serving(issuer: FakeIssuer | None = None) -> AsyncIterator[IssuerServer]:
    """An issuer on a free loopback port; its `url` is where it is."""
    server = IssuerServer(issuer or FakeIssuer())
    app = web.Application()
    app.router.add_get("/{tail:.*}", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.issuer.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()
