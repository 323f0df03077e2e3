"""RFC 8785 written out from its sections, slowly and without a JSON library: the judge in tests."""

_SHORT = {0x08: "b", 0x09: "t", 0x0A: "n", 0x0C: "f", 0x0D: "r", 0x22: '"', 0x5C: "\\"}


def serialise(value: object) -> str:
    """Return the canonical text of strings, integers, lists and objects."""
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(serialise(member) for member in value) + "]"
    if isinstance(value, dict):
        # §3.2.3: by the arrays of UTF-16 code units of the names, as unsigned integers.
        names = sorted(value, key=_code_units)
        return "{" + ",".join(f"{_string(n)}:{serialise(value[n])}" for n in names) + "}"
    raise TypeError(type(value))


def _code_units(name: str) -> list[int]:
    units: list[int] = []
    for character in name:
        point = ord(character)
        if point > 0xFFFF:
            point -= 0x10000
            units += [0xD800 + (point >> 10), 0xDC00 + (point & 0x3FF)]
        else:
            units.append(point)
    return units


def _string(text: str) -> str:
    # §3.2.2.2: the short escapes, \u00hh in lower case for the other controls, all else as is.
    out = ['"']
    for character in text:
        point = ord(character)
        if point in _SHORT:
            out.append("\\" + _SHORT[point])
        elif point < 0x20:
            out.append("\\u00" + "0123456789abcdef"[point >> 4] + "0123456789abcdef"[point & 15])
        else:
            out.append(character)
    return "".join([*out, '"'])


def _integer(number: int) -> str:
    # §3.2.2.3 for integers below 2**53: ECMAScript writes plain digits.
    if number < 0:
        return "-" + _integer(-number)
    digits = "0123456789"[number % 10]
    return digits if number < 10 else _integer(number // 10) + digits
