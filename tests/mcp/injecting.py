"""A loopback in front of the gateway that adds the token: the official suite can't send one.

Everything else passes as it is, in both directions and piece by piece: it is no part of what is
tested. A `Host` or `Origin` that names this loopback becomes the gateway's; any other one stays.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

_OF_ONE_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
_NAMES = frozenset({"host", "origin"})
_NO_LIMIT = aiohttp.ClientTimeout(total=None)


@asynccontextmanager
async def injecting(gateway: str, token: Callable[[], str]) -> AsyncIterator[str]:
    """Listen while the block lasts; yield the URL that stands for the URL `gateway`."""
    async with aiohttp.ClientSession(timeout=_NO_LIMIT, auto_decompress=False) as http:
        proxy = _Proxy(http, gateway, token)
        runner = web.ServerRunner(
            web.Server(proxy.pass_on, handler_cancellation=True), shutdown_timeout=0.1
        )
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        proxy.port = runner.addresses[0][1]
        try:
            yield f"http://127.0.0.1:{proxy.port}/mcp"
        finally:
            await runner.cleanup()


class _Proxy:
    def __init__(self, http: aiohttp.ClientSession, gateway: str, token: Callable[[], str]) -> None:
        self._http = http
        self._gateway = gateway
        self._token = token
        self.port = 0

    def _renamed(self, value: str) -> str:
        """Return a name or an origin of this loopback as the gateway's own."""
        own = f":{self.port}"
        if not value.endswith(own):
            return value
        return f"{value.removesuffix(own)}:{urlsplit(self._gateway).port}"

    async def pass_on(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = [
            (name, self._renamed(value) if name.lower() in _NAMES else value)
            for name, value in request.headers.items()
            if name.lower() not in _OF_ONE_HOP | {"authorization"}
        ]
        headers.append(("Authorization", f"Bearer {self._token()}"))
        body = await request.read()
        async with self._http.request(
            request.method, self._gateway, headers=headers, data=body or None
        ) as answer:
            passed = web.StreamResponse(status=answer.status, reason=answer.reason)
            for name, value in answer.headers.items():
                if name.lower() not in _OF_ONE_HOP:
                    passed.headers.add(name, value)
            await passed.prepare(request)
            with suppress(aiohttp.ClientConnectionResetError):  # the client has hung up
                async for piece in answer.content.iter_any():
                    await passed.write(piece)
                await passed.write_eof()
            return passed
