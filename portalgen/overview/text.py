"""An overview for a terminal: a block for each customer, in it a row for each link and a column for each type."""

import unicodedata
from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from portalgen.commands.report import plural
from portalgen.customers import Exported
from portalgen.errors import printable
from portalgen.grants import LIVE
from portalgen.model import GRANTABLE_TYPES
from portalgen.overview.rows import Overview, Row

_SHORT = {"credit_notes": "cred.", "delivery_notes": "deliv.", "statement": "stmt."}
_NOT_GRANTED = "·"
_FIRST = 20
_WIDEST_LABEL, _WIDEST_NAME = 25, 72
_INDENT = "  "


def overview_text(overview: Overview, store: str, timezone: str, *, is_whole: bool) -> str:
    """The blocks, then the customers without a portal (`is_whole`: all of them), then how many there are of what.

    Days of publishing are those of `timezone`.
    """
    parts = [_blocks(overview, ZoneInfo(timezone)), _without(overview.without, is_whole=is_whole)]
    return "\n\n".join(filter(None, [*parts, _sums(overview, store)]))


def _blocks(overview: Overview, zone: ZoneInfo) -> str:
    if not overview.served:
        return ""
    columns = _columns([*overview.rows], zone)
    heading = "".join(_aligned(title, width, is_right=is_right) for title, _, width, is_right in columns)
    blocks = [f"{_INDENT}{heading.rstrip()}"]
    for each in overview.served:
        note = "" if each.is_exported or overview.as_of is None else "  not in the exports"
        rows = [
            _INDENT
            + "".join(_aligned(cell(row), width, is_right=is_right) for _, cell, width, is_right in columns).rstrip()
            for row in each.rows
        ]
        blocks.append("\n".join([f"{_about(each.customer)}{note}", *rows]))
    return "\n\n".join(blocks)


_Column = tuple[str, Callable[[Row], str], int, bool]


def _columns(rows: Sequence[Row], zone: ZoneInfo) -> list[_Column]:
    """Title, text of a row, width and whether it stands to the right, of each column."""

    def last(row: Row) -> str:
        return f"{row.last_published.astimezone(zone):%Y-%m-%d}" if row.last_published else ""

    texts: list[tuple[str, Callable[[Row], str]]] = [
        ("link", _label),
        ("state", lambda row: row.link.state),
        ("published", lambda row: row.published),
    ]
    if any(row.last_published for row in rows):
        texts.append(("last", last))
    if any(row.expires for row in rows):
        texts.append(("expires", lambda row: row.expires.isoformat() if row.expires else ""))
    left = [(title, cell, max(map(_width, [title, *map(cell, rows)])) + 1, False) for title, cell in texts]
    return [*left, *(_type_column(type_, rows) for type_ in GRANTABLE_TYPES)]


def _type_column(type_: str, rows: Sequence[Row]) -> _Column:
    def cell(row: Row) -> str:
        return row.cell(type_) or _NOT_GRANTED

    title = _SHORT.get(type_, type_)
    return title, cell, max(map(len, [title, *map(cell, rows)])) + 1, True


def _label(row: Row) -> str:
    """The link and, as far as there is room, its contact's name."""
    link, name = str(row.link.id), _plain(row.link.contact_name)
    if not name or name == row.link.id.contact or len(link) + 6 > _WIDEST_LABEL:
        return link
    return _cut(f"{link}  {name}", _WIDEST_LABEL)


def _without(customers: Sequence[Exported], *, is_whole: bool) -> str:
    if not customers:
        return ""
    listed = customers if is_whole else customers[:_FIRST]
    lines = [f"{plural(len(customers), 'customer')} without a portal"]
    lines += [f"{_INDENT}{_about(each)}  {plural(each.documents, 'document')}" for each in listed]
    if len(listed) < len(customers):
        lines.append(f"{_INDENT}and {len(customers) - len(listed):,} more: --without-portal lists all")
    return "\n".join(lines)


def _about(customer: Exported) -> str:
    status = f"  ({_cut(_plain(customer.status), _WIDEST_LABEL)})" if customer.status else ""
    return f"{printable(customer.id)}  {_cut(_plain(customer.name), _WIDEST_NAME)}{status}"


def _sums(overview: Overview, store: str) -> str:
    rows = [*overview.rows]
    live = sum(row.link.state == LIVE for row in rows)
    lines = [
        f"{plural(len(rows), 'link')} of {plural(len(overview.served), 'customer')}, {live:,} live; store '{store}'"
    ]
    if overview.as_of:
        lines.append(f"{plural(overview.exported, 'customer')} in the exports of {overview.as_of}, as built last")
    return "\n".join(lines)


def _plain(text: str) -> str:
    """`text` on one line, without what a terminal would obey."""
    return printable(" ".join(text.split()))


def _cut(text: str, width: int) -> str:
    while _width(text) > width:
        text = f"{text.removesuffix('…')[:-1]}…"
    return text


def _aligned(text: str, width: int, *, is_right: bool) -> str:
    space = " " * (width - _width(text))
    return f"{space}{text}" if is_right else f"{text}{space}"


def _width(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    return sum(_columns_of(char) for char in text) if not text.isascii() else len(text)


def _columns_of(char: str) -> int:
    return 0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF")
