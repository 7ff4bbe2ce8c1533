"""What Markdown becomes, and what it never becomes. tests/web shows the same hostile Markdown to a browser."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portalgen.bulletin import _CLEANER, MAX_BYTES, bulletin_html, read_bulletin
from portalgen.errors import InvalidInputError
from portalgen.plain import without_unseen
from tests.hostile_markdown import HOSTILE

BLOCKS = {"h2", "h3", "h4", "p", "blockquote", "pre", "ul", "ol", "li", "hr"}
TABLES = {"table", "thead", "tbody", "tr", "th", "td"}
ALLOWED = BLOCKS | TABLES | {"a", "br", "code", "del", "em", "strong"}
LINK = re.compile(r"https?://[^/\s\"'<>\\][^\s\"<>\\]*|(mailto|tel):[^/\s\"'<>\\][^\s\"<>\\]*", re.IGNORECASE)

REL = 'rel="noopener noreferrer"'
CONSTRUCTS = {
    "Words, & <marks>": "<p>Words, &amp; &lt;marks&gt;</p>",
    "one\n\ntwo  \nthree\\\nfour": "<p>one</p>\n<p>two<br>\nthree<br>\nfour</p>",
    "*a* **b** ***c*** ~~d~~ `e<f`": (
        "<p><em>a</em> <strong>b</strong> <em><strong>c</strong></em> <del>d</del> <code>e&lt;f</code></p>"
    ),
    "- a\n- b\n  - c": "<ul>\n<li>a</li>\n<li>b\n<ul>\n<li>c</li>\n</ul>\n</li>\n</ul>",
    "1. a\n2. b": "<ol>\n<li>a</li>\n<li>b</li>\n</ol>",
    "3) c": '<ol start="3">\n<li>c</li>\n</ol>',
    "> a\n> > b": "<blockquote>\n<p>a</p>\n<blockquote>\n<p>b</p>\n</blockquote>\n</blockquote>",
    "```sql\na < b\n```": "<pre><code>a &lt; b\n</code></pre>",
    "    a\n\n    b": "<pre><code>a\n\nb\n</code></pre>",
    "a\n\n---\n\nb": "<p>a</p>\n<hr>\n<p>b</p>",
    "# A\n## B\n### C\n#### D": "<h2>A</h2>\n<h3>B</h3>\n<h4>C</h4>\n<h4>D</h4>",
    "| a | b |\n|:-:|--:|\n| 1 | *2* |": (
        "<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n"
        "<tbody>\n<tr>\n<td>1</td>\n<td><em>2</em></td>\n</tr>\n</tbody>\n</table>"
    ),
    '[a](https://b.example/?c=1&d=2 "e")': f'<p><a href="https://b.example/?c=1&amp;d=2" {REL}>a</a></p>',
    "[a](http://b.example) [c](tel:+49-30-1)": (
        f'<p><a href="http://b.example" {REL}>a</a> <a href="tel:+49-30-1" {REL}>c</a></p>'
    ),
    "<https://b.example> <a@b.example>": (
        f'<p><a href="https://b.example" {REL}>https://b.example</a> '
        f'<a href="mailto:a@b.example" {REL}>a@b.example</a></p>'
    ),
    "[a][b]\n\n[b]: HTTPS://b.example": f'<p><a href="HTTPS://b.example" {REL}>a</a></p>',
    "https://b.example a@b.example": "<p>https://b.example a@b.example</p>",
    "[*a* b](terms.html) [c](#d) [e](//f.example) [g](javascript:h)": "<p><em>a</em> b c e g</p>",
    "![A *stall* at a fair](fair.jpg) ![](x.png)": "<p>A stall at a fair </p>",
    "[![shop](a.png)](https://b.example)": f'<p><a href="https://b.example" {REL}>shop</a></p>',
    "[![](a.png)](https://b.example)[](tel:1)": (
        f'<p><a href="https://b.example" {REL}>https://b.example</a><a href="tel:1" {REL}>tel:1</a></p>'
    ),
    "[](x.html)": "<p></p>",
    "<HTTP://[> [a](https://b:c) [d](https://1.2.3.256) [e](https://xn--a)": "<p>HTTP://[ a d e</p>",
    "a <b>bold</b> <!-- not said --> c": "<p>a &lt;b&gt;bold&lt;/b&gt;  c</p>",
    "<!-- not\n\nsaid --> a\n\nb": "<p>a</p>\n<p>b</p>",
    "a\n\n<!-- not said\n\nb": "<p>a</p>",
    "<div>\n*a*\n</div>\n\n*b*": "<p>&lt;div&gt;\n*a*\n&lt;/div&gt;</p>\n<p><em>b</em></p>",
    "- [ ] a": "<ul>\n<li>[ ] a</li>\n</ul>",
    "{{ view }} {% x %}": "<p>{{ view }} {% x %}</p>",
    "\ufeff# A\r\nb\u202e\u200b\x00c &#x202e;d\u200de &amp;#x202e;": "<h2>A</h2>\n<p>bc d\u200de &amp;#x202e;</p>",
    " \n\n <!-- a -->\n": "",
    "": "",
}


class Parts(HTMLParser):
    """The tags with their attributes, the text, and whether tags are closed in their order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.others: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs)
        self.tags.append((tag, dict(attrs)))
        self.open += [] if tag in {"br", "hr"} else [tag]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def handle_decl(self, decl: str) -> None:
        self.others.append(decl)

    def handle_pi(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)


def assert_harmless(html: str) -> None:
    parts = Parts(html)
    assert parts.open == parts.others == []
    assert without_unseen(html) == html
    for tag, attributes in parts.tags:
        assert tag in ALLOWED
        if tag == "a":
            assert set(attributes) == {"href", "rel"}
            assert attributes["rel"] == "noopener noreferrer"
            assert LINK.fullmatch(str(attributes["href"]))
        else:
            assert set(attributes) <= ({"start"} if tag == "ol" else set())
            assert all(str(value).isdecimal() for value in attributes.values())


@pytest.mark.parametrize("markdown", CONSTRUCTS)
def test_what_a_construct_becomes(markdown: str) -> None:
    assert bulletin_html(markdown) == CONSTRUCTS[markdown]
    assert_harmless(CONSTRUCTS[markdown])


def test_the_constructs_are_all_that_is_allowed() -> None:
    assert {tag for html in CONSTRUCTS.values() for tag, _ in Parts(html).tags} == ALLOWED


@pytest.mark.parametrize("markdown", HOSTILE)
def test_hostile_markdown_is_harmless(markdown: str) -> None:
    assert_harmless(bulletin_html(markdown))


@pytest.mark.parametrize("markdown", HOSTILE)
def test_what_would_get_past_the_parser_would_not_get_past_the_cleaner(markdown: str) -> None:
    for tag, attributes in Parts(_CLEANER.clean(without_unseen(markdown))).tags:
        assert tag in ALLOWED
        assert set(attributes) <= {"href", "rel", "start"}
        assert re.match("(https?|mailto|tel):", attributes.get("href") or "tel:", re.IGNORECASE)


PIECES = st.sampled_from(
    [
        *(
            "<script>",
            "</script>",
            "<img src=x onerror=alert(1)>",
            "<!--",
            "-->",
            "<b",
            ">",
            "</p>",
            "<svg",
            "<![CDATA[",
        ),
        *(
            "[",
            "[x](",
            ")",
            "![",
            "](",
            "]: ",
            "<https://a.example",
            "javascript:",
            "https://",
            "https://a.example/",
            ":",
            "@",
            "data:",
            "&#x3c;",
        ),
        *(
            "`",
            "```\n",
            "~~~",
            "*",
            "**",
            "~~",
            "_",
            "# ",
            "###### ",
            "===\n",
            "- ",
            "1. ",
            "> ",
            "    ",
            "\t",
            "|",
            "-|-\n",
        ),
        *(
            "\n",
            "\n\n",
            "\\",
            '"',
            "'",
            "&",
            "&lt;",
            "&quot;",
            "\x00",
            "\u202e",
            "&#x202e;",
            "\ud800",
            "\x0c",
            "a",
            " ",
        ),
    ]
)
MARKDOWN = st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join), st.sampled_from(HOSTILE))


@settings(deadline=None, max_examples=400)
@given(st.lists(MARKDOWN, max_size=4).map("".join))
def test_whatever_the_markdown_nothing_comes_of_it_that_is_not_allowed(markdown: str) -> None:
    assert_harmless(bulletin_html(markdown))


@settings(deadline=None)
@given(st.lists(st.integers(1, 6), max_size=12))
def test_headings_begin_below_the_page_and_leave_no_level_out(levels: list[int]) -> None:
    html = bulletin_html("\n".join(f"{'#' * level} {level}" for level in levels))
    found = [int(level) for level in re.findall(r"<h(\d)>\d</h\1>", html)]
    assert len(found) == len(levels)
    assert all(after <= before + 1 for before, after in zip([1, *found], found, strict=False))
    for at, level in enumerate(levels):
        is_highest = level == min(levels[: at + 1])
        assert (found[at] == 2) == is_highest


def test_the_same_bytes_whatever_the_seed_of_hashes() -> None:
    script = "import sys; from portalgen.bulletin import bulletin_html; print(bulletin_html(sys.stdin.read()))"
    made = {
        subprocess.run(
            [sys.executable, "-c", script],
            input="\n\n".join(CONSTRUCTS).encode(errors="replace"),
            env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONUTF8": "1"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in range(4)
    }
    assert len(made) == 1
    assert min(made).count(b"<a href=") > 5


def refusal(file: Path) -> str:
    with pytest.raises(InvalidInputError) as caught:
        read_bulletin(file)
    return str(caught.value)


def test_a_bulletin_may_have_64_kib(tmp_path: Path) -> None:
    file = tmp_path / "bulletin.md"
    message = (
        f"{file}: a bulletin of more than 64 KiB is too long for a page\n  hint: keep what is new, and link to the rest"
    )
    for text in ("a" * MAX_BYTES, "é" * (MAX_BYTES // 2)):
        file.write_text(text, encoding="utf-8")
        assert read_bulletin(file) == f"<p>{text}</p>"
        file.write_text(text + "a", encoding="utf-8")
        assert refusal(file) == message
        file.write_text(text + "é", encoding="utf-8")
        assert refusal(file) == message
        with pytest.raises(InvalidInputError, match=r"^bulletin\.md: a bulletin of more than 64 KiB"):
            bulletin_html(text + "a", "bulletin.md")


def test_a_file_that_is_no_bulletin_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bulletin.md"
    assert refusal(file) == f"{file}: the bulletin cannot be read: No such file or directory"
    assert refusal(tmp_path) == f"{tmp_path}: the bulletin cannot be read: Is a directory"
    file.write_bytes(b"# A\n\nGr\xfc\xdfe")
    assert refusal(file) == f"{file}:3: this is not UTF-8 text\n  hint: save it as UTF-8"


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "bulletin.md"
    file.write_bytes(b"\xef\xbb\xbf# Caf\xc3\xa9\r\n")
    assert read_bulletin(file) == "<h2>Café</h2>"
