"""Text from outside, made safe to show; names from outside, checked before they are used.

Written without `re`: these run in `credential_process`, where `re` alone would cost 6 ms a start.
"""

_LONGEST_SHOWN = 400  # one readable line or two; nobody reads more of an error
_NAME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
_CODE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


def plain(text: str) -> str:
    """Return `text` cut to 400 characters, with `?` for all that could move a cursor or hide.

    Control, format (bidirectional overrides too) and line-separating characters are replaced, so
    that nothing from a network can rewrite the screen of who reads it.
    """
    shown = text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
    return "".join(c if c.isprintable() else "?" for c in shown)


def is_grant_name(name: str) -> bool:
    """Say whether `name` may stand in a URL path, a profile header and a shell word unquoted.

    1–64 ASCII letters, digits, `-`, `_`, `.`; it begins with a letter or a digit.
    """
    return 0 < len(name) <= 64 and name[0] not in "-_." and all(c in _NAME for c in name)


def is_code(code: object) -> bool:
    """Say whether `code` has the form of an error code: kebab-case, at most 64 characters."""
    return (
        isinstance(code, str)
        and 0 < len(code) <= 64
        and all(c in _CODE for c in code)
        and code[0] != "-"
    )


def is_header_value(token: str) -> bool:
    """Say whether `token` is visible ASCII alone, so that it cannot end or split a header."""
    return bool(token) and all("!" <= c <= "~" for c in token)


def is_account_id(text: str) -> bool:
    """Say whether `text` is the id of an AWS account: 12 digits."""
    return len(text) == 12 and text.isascii() and text.isdigit()
