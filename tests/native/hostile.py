"""What a hostile or broken broker may answer, by the code that it must end in."""

GOOD = (
    b'{"AccessKeyId": "ASIA1", "SecretAccessKey": "s", "Token": "t",'
    b' "Expiration": "2026-11-21T13:00:00Z"}'
)
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
_DEEP = b'{"x": ' + b"[" * 63 + b"]" * 63 + b"}"
_TOO_DEEP = b'{"x": ' + b"[" * 64 + b"]" * 64 + b"}"
_ONE_CHUNK = b"%x\r\n%b" % (len(GOOD), GOOD)
_CHUNKS = _ONE_CHUNK + b"\r\n0\r\n\r\n"
_LENGTH = b"Content-Length: %d" % len(GOOD)
_SOUND = GOOD[:-1] + b", "


def _twice(first: bytes, second: bytes) -> bytes:
    return OK + b"%b\r\n%b\r\n\r\n" % (first, second) + GOOD


BODIES = {
    GOOD: "",
    b" \t\r\n" + GOOD + b"\n": "",
    GOOD.replace(b'"s"', b'"\\\\ \\ud83d\\u0041\\uD83D\\uD83D\\uDE00 \\b\\f\\n\\r\\t\x7f"'): "",
    _SOUND + b'"x": ' + b"9" * 4300 + b"}": "",
    b'{"x": {"y": 1, "Token": "n"}, "y": 2, ' + GOOD[1:]: "",
    GOOD.replace(b'"s"', b'"\\ud83d\\ue000 \\ud83d\\udfff"'): "",
    b'{"x": ' + GOOD + b"}": "broker-answer-unreadable",
    b'{"x": ' + GOOD + b', "code": "nested"}': "broker-answer-unreadable",
    _SOUND + b'"x": -0.5e+9, "y": [{}, [], null, true, false]}': "",
    _SOUND + _DEEP[1:]: "",
    _SOUND + b'"": 1, "\\u0000": 2, "\x7f": 3}': "",
    GOOD.replace(b'"s"', b'"\\ud83d\\ude00 \\ud83d \\ude00\xf0\x9f\x98\x80\xc3\xa4\\/\\"\x7f"'): "",
    _SOUND + _TOO_DEEP[1:]: "broker-answer-unreadable",
    _SOUND + b'"x": ' + b"9" * 4301 + b"}": "broker-answer-unreadable",
    b"": "broker-answer-unreadable",
    b"{}": "broker-answer-unreadable",
    b"[]": "broker-answer-unreadable",
    b'"x"': "broker-answer-unreadable",
    b"{": "broker-answer-unreadable",
    b'{"': "broker-answer-unreadable",
    b'{"a"': "broker-answer-unreadable",
    b'{"a":': "broker-answer-unreadable",
    b'{"a":"\\': "broker-answer-unreadable",
    b'{"a":"\\u': "broker-answer-unreadable",
    b'{"a":"\\ud83d\\u': "broker-answer-unreadable",
    b'{"a":"\\ud83d\\u12': "broker-answer-unreadable",
    b'{"a":tru': "broker-answer-unreadable",
    b'{"a":-': "broker-answer-unreadable",
    b'{"a":1.': "broker-answer-unreadable",
    b'{"a":1e': "broker-answer-unreadable",
    b"[" * 60_000: "broker-answer-unreadable",
    b'{"a":' * 10_000: "broker-answer-unreadable",
    b"\xff": "broker-answer-unreadable",
    b"\xf0\x9f\x98": "broker-answer-unreadable",
    b"\xef\xbb\xbf" + GOOD: "broker-answer-unreadable",
    GOOD + b"x": "broker-answer-unreadable",
    GOOD + GOOD: "broker-answer-unreadable",
    GOOD + b"\0": "broker-answer-unreadable",
    GOOD.replace(b'"s"', b'"\xed\xa0\x80"'): "broker-answer-unreadable",
    GOOD.replace(b'"s"', b'"\xc0\x80"'): "broker-answer-unreadable",
    GOOD.replace(b'"s"', b'"\xf4\x90\x80\x80"'): "broker-answer-unreadable",
    GOOD.replace(b'"s"', b'"\n"'): "broker-answer-unreadable",
    GOOD.replace(b'"s"', b'"\\x41"'): "broker-answer-unreadable",
    GOOD.replace(b'"s"', b'"\\\0"'): "broker-answer-unreadable",
    GOOD.replace(b'"s"', b'""'): "broker-answer-unreadable",
    GOOD.replace(b'"s"', b"5"): "broker-answer-unreadable",
    GOOD.replace(b'"s"', b'["s"]'): "broker-answer-unreadable",
    GOOD.replace(b'"s"', b"NaN"): "broker-answer-unreadable",
    GOOD.replace(b'"s"', b"-Infinity"): "broker-answer-unreadable",
    GOOD.replace(b'"s"', b"01"): "broker-answer-unreadable",
    GOOD.replace(b'"s",', b'"s",,'): "broker-answer-unreadable",
    GOOD[:-1] + b",}": "broker-answer-unreadable",
    _SOUND + b'"Token": "u"}': "broker-answer-unreadable",
    _SOUND + b'"\\u0054oken": "u"}': "broker-answer-unreadable",
    _SOUND + b'"x": {"\\ud800": 1, "\\uD800": 2}}': "broker-answer-unreadable",
}

ANSWERS = {
    OK + b"\r\n" + GOOD: "",
    OK + b"CONTENT-length:\t%03d \t\r\n\r\n" % len(GOOD) + GOOD: "",
    OK + b"Content-Length: %d\xa0\r\n\r\n" % len(GOOD) + GOOD: "broker-answer-unreadable",
    OK + b"Content-Length: \x1c%d\r\n\r\n" % len(GOOD) + GOOD: "broker-answer-unreadable",
    CHUNKED + b"%x;x=y\r\n%b\r\n0\r\n\r\nrest" % (len(GOOD), GOOD): "",
    CHUNKED + b"%x\v\r\n%b\r\n0\r\n\r\n" % (len(GOOD), GOOD): "broker-answer-unreadable",
    CHUNKED + b" 0a \r\n%b\r\n%X\r\n%b\r\n00\r\n\r\n" % (GOOD[:10], len(GOOD) - 10, GOOD[10:]): "",
    b"HTTP/1.0 200\r\n\r\n" + GOOD: "",
    b"HTTP/1.0 200 \r\n\r\n" + GOOD: "",
    b"HTTP/1.0 2000\r\n\r\n" + GOOD: "broker-answer-unreadable",
    b"HTTP/1.1 200OK\r\n\r\n" + GOOD: "broker-answer-unreadable",
    b"HTTP/1.1 200\tOK\r\n\r\n" + GOOD: "broker-answer-unreadable",
    _twice(b"Content-Length: 1", _LENGTH): "broker-answer-unreadable",
    _twice(_LENGTH, b"Content-Length: 1"): "broker-answer-unreadable",
    _twice(_LENGTH, _LENGTH.upper()): "broker-answer-unreadable",
    _twice(_LENGTH, b"Transfer-Encoding: identity"): "broker-answer-unreadable",
    _twice(b"Transfer-Encoding: gzip", _LENGTH): "broker-answer-unreadable",
    CHUNKED[:-2] + _LENGTH + b"\r\n\r\n" + _CHUNKS: "broker-answer-unreadable",
    CHUNKED[:-2] + CHUNKED[len(OK) :] + _CHUNKS: "broker-answer-unreadable",
    CHUNKED + _CHUNKS: "",
    b"": "broker-answer-unreadable",
    b"\r\n\r\n": "broker-answer-unreadable",
    b"HTTP/1.1 200": "broker-answer-unreadable",
    b"HTTP/1.1 200\r\n\r": "broker-answer-unreadable",
    b"HTTP/2 200\r\n\r\n" + GOOD: "broker-answer-unreadable",
    b"HTTP/1.1  200\r\n\r\n" + GOOD: "broker-answer-unreadable",
    b"HTTP/1.1 20\r\n\r\n" + GOOD: "broker-answer-unreadable",
    b"HTTP/1.1 20\xb2\r\n\r\n" + GOOD: "broker-answer-unreadable",
    OK + b"Content-Length: \xb2\r\n\r\n{}": "broker-answer-unreadable",
    OK + b"Content-Length: -2\r\n\r\n{}": "broker-answer-unreadable",
    OK + b"Content-Length: +2\r\n\r\n{}": "broker-answer-unreadable",
    OK + b"Content-Length\r\n\r\n{}": "broker-answer-unreadable",
    OK + b"Content-Length: %b\r\n\r\n{}" % (b"9" * 5000): "broker-answer-unreadable",
    OK + b"Content-Length: 18446744073709551618\r\n\r\n{}": "broker-answer-unreadable",
    OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n{}": "broker-answer-unreadable",
    CHUNKED.replace(b": ", b": gzip, ") + _ONE_CHUNK + b"\r\n0\r\n\r\n": "broker-answer-unreadable",
    CHUNKED + _ONE_CHUNK + b"\rx0\r\n\r\n": "broker-answer-unreadable",
    CHUNKED + _ONE_CHUNK + b"x\n0\r\n\r\n": "broker-answer-unreadable",
    CHUNKED: "broker-answer-unreadable",
    CHUNKED + b"\r\n": "broker-answer-unreadable",
    CHUNKED + b";\r\n": "broker-answer-unreadable",
    CHUNKED + b"0\r\n": "broker-answer-unreadable",
    CHUNKED + b"2\r\n{}": "broker-answer-unreadable",
    CHUNKED + b"2\r\n{}\r": "broker-answer-unreadable",
    CHUNKED + b"2\r\n{}\r\n": "broker-answer-unreadable",
    CHUNKED + b"ffffffff\r\n{}\r\n0\r\n\r\n": "broker-answer-unreadable",
    CHUNKED + b"000000002\r\n{}\r\n0\r\n\r\n": "broker-answer-unreadable",
    CHUNKED + b"-2\r\n{}\r\n0\r\n\r\n": "broker-answer-unreadable",
    CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n": "broker-answer-unreadable",
    CHUNKED + b"\0\r\n{}\r\n0\r\n\r\n": "broker-answer-unreadable",
    OK + b"x" * 81_920: "broker-answer-too-large",
    OK + b"\r\n" + b" " * (81_920 - len(OK) - 2): "broker-answer-unreadable",
    OK + b"\r\n" + b" " * (81_921 - len(OK) - 2): "broker-answer-too-large",
    b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n": "broker-refused",
    b"HTTP/1.1 500 X\r\n\r\n<html>arn:aws:iam::111122223333:role/X</html>": "broker-refused",
    b'HTTP/1.1 403 X\r\n\r\n{"code": "run-revoked", "title": "t"}': "run-revoked",
    b'HTTP/1.1 429 X\r\n\r\n{"code": "slow-down", "title": "t"}': "slow-down",
    b"HTTP/1.1 429 X\r\n\r\n<html>slow down</html>": "broker-refused",
    b'HTTP/1.1 404 X\r\n\r\n{"hint": "h"}': "broker-refused",
    b'HTTP/1.1 403 X\r\n\r\n{"code": "-x", "title": "t"}': "broker-refused",
    b'HTTP/1.1 403 X\r\n\r\n{"code": "a%b", "title": "t"}' % (b"x" * 64): "broker-refused",
    b'HTTP/1.1 403 X\r\n\r\n{"code": 5, "detail": "", "title": "%s%n\\u001b[2J"}': "broker-refused",
    b'HTTP/1.1 403 X\r\n\r\n{"detail": 5, "title": "t", "hint": "\\u202e\\ud800"}': (
        "broker-refused"
    ),
}
"""Whole answers; those with a `GOOD` body and none but it are good."""

_INSECURE = (
    "http://10.0.0.1 http://128.0.0.1 http://0.0.0.0:1 http://[fe80::1]/x http://127.0.0.010"
    " http://127.0.0.09 http://127.0.0.256 http://127.0.0 http://127.1 http://LOCALHOST"
    " http://localhost. http://127.0.0.1.evil.example"
)
_INVALID = (
    "127.0.0.1:1 HTTP://127.0.0.1 ftp://127.0.0.1 http:/127.0.0.1 http:// :// http://:1"
    " http://[::1 http://[::1]x http://[127.0.0.1] http://::1:1 http://127.0.0.1:0"
    " http://127.0.0.1:65536 http://127.0.0.1:x http://127.0.0.1:1:1 http://127.0.0.1:000001"
    " http://127.0.0.1:-1 http://127.0.0.1@evil.example"
)
_SOUND_URLS = (
    "http://127.0.0.1:1 http://127.0.0.1:00001// http://127.255.255.254:1 http://[::1]:1"
    " http://localhost:1/x"
)
URLS = {
    **dict.fromkeys(_INSECURE.split(), "broker-url-insecure"),
    **dict.fromkeys(_INVALID.split(), "broker-url-invalid"),
    **{f"http://127.0.0.1/a{c}b": "broker-url-invalid" for c in "@?#\\\"'<> \n\x7fä"},
    "http://127.0.0.1:1/".ljust(9000, "x"): "broker-url-invalid",
    "http://127.0.0.1:1/".ljust(8001, "x"): "broker-url-invalid",
    "http://127.0.0.1:1/".ljust(8000, "x"): "broker-unreachable",
    **dict.fromkeys(_SOUND_URLS.split(), "broker-unreachable"),
}
"""Addresses, by the code that each must end in; nothing listens at the last ones."""


def of_body(body: bytes) -> bytes:
    """Return the good answer that carries `body`."""
    return OK + b"Content-Length: %d\r\n\r\n" % len(body) + body


_GOOD_SECONDS = "1 60 60.0 .5 5. 00.5 000000000000.500"
_BAD_SECONDS = "0 0.0 60.00000000000001 60.1 61 99999999999999999 1e1 1_0 inf nan -1 +1 ٣ 1.2.3 . x"
SECONDS = {
    **dict.fromkeys(_GOOD_SECONDS.split(), True),
    **dict.fromkeys([*_BAD_SECONDS.split(), "", " 1", "1\t", "0000000000000.500"], False),
}
"""Time limits, and whether each is one."""

CASES = {of_body(body): code for body, code in BODIES.items()} | ANSWERS
"""Every answer here, whole, by the code that it must end in."""
