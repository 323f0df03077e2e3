"""Strategies for what the two programs must read alike: JSON, HTTP answers, token files, words.

Each begins at something sound and is spoiled a little: what is random all over is refused at its
first byte.
"""

import json

from hypothesis import strategies as st

WANTED = ("AccessKeyId", "SecretAccessKey", "Token", "Expiration")
PROBLEM = ("code", "title", "detail", "hint")

_ESCAPES = ("\\n", '\\"', "\\/", "\\u00e4", "\\u0000", "\\u202E", "\\ud83d\\ude00", "\\ud83d")
_MORE_ESCAPES = ("\\ude00", "\\ud83d\\u0041", "\\uD83D\\uD83D", "\\x", "\\u12g4", "\\", "\\U0041")
_piece = st.one_of(
    st.text(max_size=4),
    st.sampled_from(_ESCAPES),
    st.sampled_from(_MORE_ESCAPES),
    st.sampled_from(["\x7f", "\u2028", "\ufeff", "\U0001f600", "\x1b[2J", "%s%n", "x" * 401]),
    st.characters(codec="utf-8"),
)
_sound_piece = st.one_of(
    st.text(
        st.characters(codec="utf-8", exclude_characters='"\\', min_codepoint=32),
        min_size=1,
        max_size=9,
    ),
    st.sampled_from(_ESCAPES),
    st.sampled_from(["x" * 398, "é" * 401, "😀", "run-revoked", "a b"]),
)
_sound_string = st.lists(_sound_piece, min_size=1, max_size=4).map(
    lambda pieces: f'"{"".join(pieces)}"'
)
_string = st.lists(_piece, max_size=4).map(lambda pieces: f'"{"".join(pieces)}"')
_number = st.sampled_from(
    [
        "0",
        "-0",
        "1",
        "01",
        "-",
        "+1",
        "1.5",
        "1.",
        ".5",
        "1e5",
        "1E-5",
        "1e",
        "1e999",
        "0x1",
        "9" * 99,
    ]
)
_word = st.sampled_from(
    ["true", "false", "null", "NaN", "Infinity", "-Infinity", "nul", "True", ""]
)
_name = st.sampled_from([f'"{name}"' for name in (*WANTED, *PROBLEM)])
_space = st.sampled_from(["", "", "", " ", "\n\t\r", "\x0b", "\xa0"])


def _joined(items: list[str], *, brackets: str, comma: str) -> str:
    return brackets[0] + comma.join(items) + brackets[1:]


def _containers(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(st.one_of(_name, _string), _space, values).map(
        lambda pair: f"{pair[0]}{pair[1]}:{pair[2]}"
    )
    comma = st.sampled_from([",", ",", ",", " , ", "", ",,", ";"])
    return st.one_of(
        st.builds(_joined, st.lists(values, max_size=3), brackets=st.just("[]"), comma=comma),
        st.builds(_joined, st.lists(pairs, max_size=3), brackets=st.just("{}"), comma=comma),
        st.builds(_joined, st.lists(pairs, max_size=3), brackets=st.just("{"), comma=comma),
    )


_value = st.recursive(st.one_of(_sound_string, _string, _number, _word), _containers, max_leaves=6)
_sound_value = st.one_of(
    _sound_string,
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False),
        lambda values: (
            st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3)
        ),
        max_leaves=6,
    ).map(json.dumps),
)
_member = st.tuples(st.one_of(_name, _sound_string), st.one_of(_sound_value, _value))
_sound_member = st.tuples(st.one_of(_name, _sound_string), _sound_value)


def _object(members: list[tuple[str, str]]) -> str:
    return "{" + ", ".join(map(": ".join, members)) + "}"


def _credentials_of(values: list[str], more: list[tuple[str, str]]) -> str:
    return _object([*zip((f'"{name}"' for name in WANTED), values, strict=True), *more])


_credentials = st.builds(
    _credentials_of,
    st.lists(_sound_string, min_size=4, max_size=4),
    more=st.lists(_sound_member, max_size=2) | st.lists(_member, max_size=2),
)
_objects = st.one_of(
    _credentials,
    _credentials,
    st.lists(_sound_member, max_size=6).map(_object),
    st.lists(_member, max_size=6).map(_object),
)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@st.composite
def spoiled(draw: st.DrawFn, source: st.SearchStrategy[bytes]) -> bytes:
    """Draw from `source`, in some cases with a few bytes changed, lost or added."""
    data = bytearray(draw(source))
    for _ in range(draw(st.sampled_from([0, 0, 0, 0, 0, 1, 1, 3]))):
        at = draw(st.integers(0, len(data)))
        size = draw(st.integers(0, 2))
        data[at : at + size] = draw(
            st.one_of(st.binary(max_size=2), st.sampled_from([b'"', b"\r\n"]))
        )
    return bytes(data)


bodies = spoiled(st.one_of(_objects, _objects, _objects, _value).map(_encoded))
"""What stands where credentials or a problem should."""

_status = st.sampled_from(
    [b"200", b"200", b"200 OK", b"400", b"403 No", b"503", b"302", b"99", b"2000"]
)
_extra = st.lists(
    st.sampled_from(
        [
            b"Server: x",
            b"content-length: 0",
            b"no colon",
            b"a b",
            b"Date:",
            b": empty",
            b" folded: x",
            b"X: \xff\x00",
        ]
    ),
    max_size=2,
)


def _chunked(body: bytes, size: int, tail: bytes) -> bytes:
    pieces = [body[i : i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x%b\r\n%b\r\n" % (len(p), tail, p) for p in pieces) + b"0\r\n\r\n"


@st.composite
def _answers(draw: st.DrawFn) -> bytes:
    body = draw(bodies)
    head = [draw(st.sampled_from([b"HTTP/1.1 ", b"HTTP/1.0 "])) + draw(_status), *draw(_extra)]
    framing = draw(st.sampled_from(["closed", "length", "chunked"]))
    if framing == "length":
        spelled = draw(st.sampled_from([b"Content-Length: %d", b"content-LENGTH:\t%d \t"]))
        head.append(spelled % len(body))
    elif framing == "chunked":
        head.append(
            draw(st.sampled_from([b"Transfer-Encoding: chunked", b"transfer-encoding:CHUNKED"]))
        )
        tail = draw(st.sampled_from([b"", b";x=y", b" "]))
        body = _chunked(body, draw(st.integers(1, 99)), tail)
    return b"\r\n".join(head) + b"\r\n\r\n" + body


answers = spoiled(_answers())
"""Whole HTTP answers."""

tokens = st.one_of(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1).map(str.encode),
    spoiled(st.just(b"vkr_run_token")),
    st.sampled_from([b"", b"x" * 16_384, b"x" * 16_385, b"token\n", b"a\rb", b"\xe4", b"\0"]),
)
"""Contents of token files."""

_HOSTS = (
    "127.0.0.1 127.1.2.3 127.0.0.010 127.0.0.09 127.0.0.256 127.1 localhost LOCALHOST [::1] [::1"
    " ::1 [fe80::1] 10.0.0.1 0.0.0.0 a@127.0.0.1 ä "
)
_hosts = st.sampled_from(_HOSTS.split(" "))
_ports = st.sampled_from(
    ["", ":", ":1", ":00001", ":000001", ":0", ":65536", ":x", ":1:1", ":" + "9" * 5000]
)
_paths = st.sampled_from(
    ["", "/", "/x", "/x//", "//", "/a?b", "/a#b", "/a b", "/\n", "/" + "x" * 8000]
)
urls = st.tuples(
    st.sampled_from(["http://", "http:/", "HTTP://", "ftp://", ""]), _hosts, _ports, _paths
).map("".join)
"""URLs, none of them https: that one is another program's."""

_SECONDS = (
    "1 0 60 60.1 60.00000000000001 61 .5 5. . 1e1 1_0 inf nan -1 +1 ٣ 1.2.3 1\t 00000000000000001 "
)
_seconds = st.sampled_from(_SECONDS.split(" "))
_texts = st.one_of(
    st.sampled_from(["tenant-data", "a" * 64, "a" * 65, "-", "--", "..", "x" * 500, ""]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6),
)
_flags = st.sampled_from(
    [
        "--url",
        "--broker",
        "--run-token-file",
        "--token-file",
        "--connect-timeout",
        "--timeout",
        "--tokn",
        "-x",
    ]
)
_groups = st.one_of(
    _texts.map(lambda text: [text]),
    st.tuples(_flags, st.one_of(urls, _seconds, _texts)).map(list),
    st.tuples(_flags, st.one_of(urls, _seconds, _texts)).map(lambda pair: ["=".join(pair)]),
    st.tuples(st.sampled_from(["--timeout", "--connect-timeout"]), _seconds).map(list),
    st.tuples(st.sampled_from(["--url", "--broker"]), urls).map(list),
    _flags.map(lambda flag: [flag]),
)
_sound_groups = st.sampled_from(
    [["tenant-data"], ["--broker", "SERVER"], ["--url=SERVER/v1"], ["--run-token-file", "FILE"]]
)
_sound_words = st.permutations([["tenant-data"], ["--broker=SERVER/"], ["--token-file", "FILE"]])
words = st.builds(
    lambda sound, more: [word for group in (*sound, *more) for word in group],
    st.one_of(_sound_words, st.lists(_sound_groups, max_size=3)),
    st.one_of(st.just([]), st.lists(_groups, max_size=2)),
)
"""Command lines; FILE stands for a good token file, SERVER for the address of a good broker."""
