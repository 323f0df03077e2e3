"""The HTTP of MCP at the run's loopback address: a client's request in, the answer out as it comes.

Who asks has been looked at before; what passes is `mcp_relay`'s.
"""

from http.server import BaseHTTPRequestHandler
from typing import Final

from valetkey.errors import ValetkeyError
from valetkey.sandbox.errors import BodyRefusedError
from valetkey.sandbox.mcp_relay import MAX_BODY, McpRelay, Relayed
from valetkey.sandbox.wire import ClientGoneError

_WRITE_SECONDS: Final = 30.0
"""For a client that does not read; what it missed is cut off."""


def read_body(request: BaseHTTPRequestHandler, *, most: int = MAX_BODY) -> bytes:
    """Return the whole body. Raises BodyRefusedError `request-malformed` or `-too-large`."""
    lengths = request.headers.get_all("Content-Length") or []
    length = lengths[0] if len(lengths) == 1 else ""
    if not (length.isascii() and length.isdigit() and len(length) <= 10):
        raise BodyRefusedError(
            "request-malformed", "a body of a known length is expected (Content-Length)"
        )
    if int(length) > most:
        raise BodyRefusedError("request-too-large", f"a request has {most} bytes at most")
    body = request.rfile.read(int(length))
    if len(body) < int(length):
        raise BodyRefusedError("request-malformed", "the body broke off")
    return body


def serve_mcp(request: BaseHTTPRequestHandler, relay: McpRelay, body: bytes | None) -> None:
    """Pass the request on and write the answer. A client that goes ends it all at once."""
    try:
        with relay.passed(
            request.command,
            request.path,
            fields=request.headers.items(),
            body=body,
            client=request.connection,
        ) as relayed:
            _write(request, relayed)
    except ClientGoneError:
        pass
    finally:
        request.close_connection = True


def _write(request: BaseHTTPRequestHandler, relayed: Relayed) -> None:
    """Write the answer piece by piece. One that is cut off ends without its last chunk."""
    is_new = request.request_version == "HTTP/1.1"
    is_chunked = relayed.length is None and is_new
    if is_new:
        request.protocol_version = "HTTP/1.1"
    request.connection.settimeout(_WRITE_SECONDS)
    request.send_response(relayed.status)
    for name, value in relayed.fields:
        request.send_header(name, value)
    if is_chunked:
        request.send_header("Transfer-Encoding", "chunked")
    elif relayed.length is not None and relayed.status != 204:
        request.send_header("Content-Length", str(relayed.length))
    request.send_header("Connection", "close")
    request.end_headers()
    try:
        for piece in relayed.pieces:
            request.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
    except ValetkeyError:
        return
    if is_chunked:
        request.wfile.write(b"0\r\n\r\n")
