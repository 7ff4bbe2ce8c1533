"""A bulletin in Markdown -> HTML that can stand in a page: what its writer meant, and nothing that acts or loads.

CommonMark with tables and strikethrough. HTML in it is shown as the text that it is, but for comments, which are
left out; one that does not end goes to the end of the bulletin, as in CommonMark. A picture is its alternative text: a
page asks for nothing off its bundle. Links lead to https:, http:, mailto: and tel: addresses; of any other the text
stays. The only room of markdown-it-py and nh3.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from portalgen.errors import InvalidInputError, Location
from portalgen.plain import without_unseen

MAX_BYTES = 64 * 1024
"""The most that a bulletin may have, in UTF-8."""

_LOWEST_HEADING = 4
_ADDRESS = re.compile(r"https?://[^/?#\\]|(mailto|tel):[^/?#\\]", re.IGNORECASE)
_COMMENT = re.compile(r"<!--(-?>|.*?(-->|\Z))", re.DOTALL)


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802, ARG002 - as the base class has it
        """Take every link and picture for one, wherever it leads: `_inline` decides what becomes of it."""
        return True


_PARSER = _Parser("commonmark").enable(["table", "strikethrough"])
_RENDERER = RendererHTML()
_CLEANER = nh3.Cleaner(
    tags={
        *("h2", "h3", "h4", "p", "blockquote", "pre", "ul", "ol", "li", "hr"),
        *("table", "thead", "tbody", "tr", "th", "td"),
        *("a", "br", "code", "del", "em", "strong"),
    },
    attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
    url_schemes={"https", "http", "mailto", "tel"},
    url_relative="deny",
    link_rel="noopener noreferrer",
)


def read_bulletin(file: Path) -> str:
    """The HTML of the bulletin in `file`. Raises InvalidInputError if it cannot be read as one."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        _check_size(data, str(file))
        return bulletin_html(data.decode("utf-8-sig"), str(file))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidInputError("this is not UTF-8 text", "save it as UTF-8", Location(str(file), line)) from None
    except OSError as error:
        raise InvalidInputError(f"the bulletin cannot be read: {error.strerror}", "", Location(str(file))) from None


def bulletin_html(markdown: str, file: str = "") -> str:
    """`markdown` as HTML; '' where there is nothing in it. Its highest headings are <h2>, its lowest <h4>.

    Raises InvalidInputError, naming `file`, if it has more than MAX_BYTES.
    """
    _check_size(markdown.encode(errors="replace"), file)
    tokens = list(_shown(_PARSER.parse(without_unseen(markdown))))
    # Entities such as &#x202e; have become characters by now.
    html = without_unseen(_RENDERER.render(tokens, _PARSER.options, {}))
    return _CLEANER.clean(html).strip()


def _check_size(data: bytes, file: str) -> None:
    if len(data) > MAX_BYTES:
        message = f"a bulletin of more than {MAX_BYTES // 1024} KiB is too long for a page"
        raise InvalidInputError(message, "keep what is new, and link to the rest", Location(file))


def _shown(tokens: Iterable[Token]) -> Iterator[Token]:
    """Blocks as a page has them."""
    above: list[str] = []
    for token in tokens:
        if token.type == "heading_open":
            above = [*(tag for tag in above if tag < token.tag), token.tag]
        if token.type in {"heading_open", "heading_close"}:
            # The page has the <h1>. No level is left out, whatever the bulletin does.
            token.tag = f"h{min(1 + len(above), _LOWEST_HEADING)}"
        elif token.type == "html_block":
            text = _COMMENT.sub("", token.content).strip()
            token.content = f"<p>{escape(text)}</p>\n" if text else ""
        elif token.children:
            token.children = _inline(token.children)
        yield token


def _inline(tokens: Iterable[Token]) -> list[Token]:
    """What a block holds as a page has it."""
    shown: list[Token] = []
    address = ""
    for token in tokens:
        if token.type == "link_open":
            address = _address(token)
        if token.type == "image":
            shown += _text(_RENDERER.renderInlineAsText(_inline(token.children or ()), _PARSER.options, {}))
        elif token.type == "html_inline":
            shown += _text(_COMMENT.sub("", token.content))
        elif token.type not in {"link_open", "link_close"}:
            token.tag = "del" if token.tag == "s" else token.tag
            shown.append(token)
        elif address:
            # A link that nobody could see, like one on a picture without words, shows where it leads.
            shown += _text(address) if token.nesting < 0 and shown[-1].type == "link_open" else ()
            shown.append(token)
    return shown


def _address(link: Token) -> str:
    """Where `link` leads, or '' where it must not lead, or cannot: https://a:b is no address."""
    address = str(link.attrs.get("href", ""))
    is_kept = " href=" in _CLEANER.clean(f'<a href="{escape(address)}"></a>')
    return address if is_kept and _ADDRESS.match(address) else ""


def _text(text: str) -> Sequence[Token]:
    """A token of `text`, unless there is none."""
    return [Token("text", "", 0, content=text)] if text else []
