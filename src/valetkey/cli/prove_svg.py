"""A picture of one resource: each tag, and the part of the ARN or key that it reaches.

SVG as text, drawn without a script or a font of its own; a text is laid out by counting its
letters. Every text is escaped.
"""

from collections.abc import Iterator, Mapping
from html import escape

from valetkey.cli.output import printable
from valetkey.cli.prove_reach import Part, Reach, Whose
from valetkey.tenancy.tenancy_map import Tag

LETTER = 7.3  # width of one of a monospace font of 12 px
LINE = 44  # height of one part
ROW = 26  # height of a box
TOP = 8
GAP = 14  # between the tags and what they reach
LONGEST_MARK = max(len(one.value) for one in Whose)  # after a label
MOST_LETTERS = 120  # of one literal: its middle is left out beyond that
COLOURS = ("#1f6feb", "#9a3412", "#0f766e", "#7e22ce", "#a16207", "#be185d")


def colours_of(tags: tuple[str, ...]) -> dict[str, str]:
    """Return the colour of each tag, the same in all pictures of a page."""
    return {tag: COLOURS[index % len(COLOURS)] for index, tag in enumerate(tags)}


def picture(reach: Reach, colours: Mapping[str, str]) -> str:
    """Return the picture of a resource as an `svg` element."""
    boxes = tuple(_tags(reach, colours))
    left = max((box.right for box in boxes), default=TOP) + (4 * GAP if boxes else 0)
    rows = [_Row(part, left, index) for index, part in enumerate(reach.parts)]
    width = max(row.right for row in rows) + GAP
    height = TOP + LINE * max(len(rows), len(boxes)) + TOP
    body = [f"<title>{text_of(_title(reach))}</title>"]
    for box in boxes:
        body += [box.drawn(), *(_line(box, x, y) for row in rows for x, y in row.ends(box.key))]
    body += [piece for row in rows for piece in row.drawn(colours, reach.whose)]
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size}>{"".join(body)}</svg>'


def text_of(text: str) -> str:
    """Return hostile text as it may stand in a page or a picture."""
    return escape(printable(text), quote=True)


def _title(reach: Reach) -> str:
    if reach.whose is not Whose.OWN:
        return f"{reach.kind}: {reach.whose.value}"
    return f"{reach.kind}: reached by {', '.join(reach.tags)}"


class _Box:
    """The box of a tag, on the left."""

    def __init__(self, key: str, colour: str, index: int) -> None:
        self.key, self.colour = key, colour
        self.y = TOP + LINE * index + (LINE - ROW) / 2
        self.width = LETTER * (len(printable(key)) + 2)
        self.right = TOP + self.width

    def drawn(self) -> str:
        return _chip(TOP, self.y, self.width, self.key, fill=self.colour, ink="#ffffff")


class _Row:
    """The pieces of one text, on the right, below its label."""

    def __init__(self, part: Part, left: float, index: int) -> None:
        self.label, self.y = part.label, TOP + LINE * index + (LINE - ROW) / 2
        self.pieces: list[tuple[float, float, str, str | None]] = []
        x = left
        for piece in (*part.text, *(("…anything",) if part.open else ())):
            key = piece.key if isinstance(piece, Tag) else None
            shown = _middle_left_out(piece if isinstance(piece, str) else f"{{{piece.key}}}")
            width = LETTER * (len(printable(shown)) + 1)
            self.pieces.append((x, width, shown, key))
            x += width
        self.right = max(x, left + LETTER * (len(part.label) + LONGEST_MARK))

    def ends(self, key: str) -> Iterator[tuple[float, float]]:
        """Give where the line of a tag ends: the middle of each piece that it fills in."""
        yield from ((x + width / 2, self.y) for x, width, _, tag in self.pieces if tag == key)

    def drawn(self, colours: Mapping[str, str], whose: Whose) -> Iterator[str]:
        x = self.pieces[0][0] if self.pieces else 0.0
        label = self.label if whose is Whose.OWN else f"{self.label}: {whose.value}"
        yield f'<text class="label" x="{x:.1f}" y="{self.y - 7:.1f}">{text_of(label)}</text>'
        plain = {Whose.SHARED: "#dcfce7", Whose.PROTECTED: "#fee2e2"}.get(whose, "#f3f4f6")
        for x, width, shown, key in self.pieces:
            fill, ink = (plain, "#111827") if key is None else (colours[key], "#ffffff")
            yield _chip(x, self.y, width, shown, fill=fill, ink=ink)


def _tags(reach: Reach, colours: Mapping[str, str]) -> Iterator[_Box]:
    for index, key in enumerate(reach.tags):
        yield _Box(key, colours[key], index)


def _chip(x: float, y: float, width: float, shown: str, *, fill: str, ink: str) -> str:
    box = f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{ROW}" fill="{fill}"/>'
    at = f'x="{x + width / 2:.1f}" y="{y + ROW / 2 + 4:.1f}"'
    return f'{box}<text {at} fill="{ink}" text-anchor="middle">{text_of(shown)}</text>'


def _line(box: _Box, x: float, y: float) -> str:
    """Return the line from a tag's box to the top of a piece."""
    start = box.y + ROW / 2
    bend = box.right + GAP
    path = (
        f"M{box.right:.1f} {start:.1f}L{bend:.1f} {y - 4:.1f}L{x:.1f} {y - 4:.1f}L{x:.1f} {y:.1f}"
    )
    return f'<path d="{path}" fill="none" stroke="{box.colour}" stroke-width="1.5"/>'


def _middle_left_out(text: str) -> str:
    if len(text) <= MOST_LETTERS:
        return text
    half = MOST_LETTERS // 2
    return f"{text[:half]}…{text[-half:]}"
