"""Edits of YAML: what was asked for and nothing else; comments, order and style stay."""

import re
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portalgen import yamledit, yamlfile
from portalgen.errors import InvalidInputError, PortalgenError
from portalgen.yamledit import Change, Put, Remove, Written, edited
from portalgen.yamlfile import parse_yaml

TEXT = """# the portals of Ants & Co
version: 1
site: {id: x, title: X}   # the site

portals:
  # Acme is old
  acme:
    customer: C-1   # id
    show:           # what
      - invoices    # bills
      # and
      - orders
    contacts:
      ann: {name: Ann, email: a@b.example, show: [invoices]}
      bob:
        name: Bob # b
        show: ALL

  bees: {customer: C-2, show: ALL}  # bee
  empty:
"""


def difference(old: str, new: str) -> list[str]:
    """The lines that went and the lines that came, in the order of the old text and of the new one."""
    before, after = old.splitlines(), new.splitlines()
    gone = [f"-{line}" for line in before if before.count(line) > after.count(line)]
    return gone + [f"+{line}" for line in after if after.count(line) > before.count(line)]


ACME = ("portals", "acme")
BEES = ("portals", "bees")


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (Put((*ACME, "enabled"), "false"), ["+    enabled: false"]),
        (Put((*ACME, "customer"), "C-9"), ["-    customer: C-1   # id", "+    customer: C-9   # id"]),
        (Put((*ACME, "show"), ["invoices", "quotes"]), ["-      - orders", "+      - quotes"]),
        (Put((*ACME, "show"), ["invoices", "orders", "quotes"]), ["+      - quotes"]),
        (
            Put((*ACME, "show"), "ALL"),
            [
                *("-    show:           # what", "-      - invoices    # bills", "-      # and", "-      - orders"),
                "+    show: ALL           # what",
            ],
        ),
        (
            Put((*BEES, "show"), ["quotes"]),
            ["-  bees: {customer: C-2, show: ALL}  # bee", "+  bees: {customer: C-2, show: [quotes]}  # bee"],
        ),
        (
            Put((*BEES, "revision"), "2"),
            [
                "-  bees: {customer: C-2, show: ALL}  # bee",
                "+  bees: {customer: C-2, show: ALL, revision: 2}  # bee",
            ],
        ),
        (Put(("portals", "empty", "customer"), "C-3"), ["-  empty:", "+  empty: {customer: C-3}"]),
        (
            Put(("portals", "new"), {"customer": "0012", "name": "O'Neil: x", "show": ["invoices"]}),
            ["+  new:", "+    customer: 0012", "+    name: 'O''Neil: x'", "+    show: [invoices]"],
        ),
        (
            Put((*ACME, "contacts", "cy"), {"name": "Cy", "show": ["ALL"]}),
            ["+      cy: {name: Cy, show: [ALL]}"],
        ),
        (Remove((*ACME, "contacts", "ann")), ["-      ann: {name: Ann, email: a@b.example, show: [invoices]}"]),
        (
            Remove((*BEES, "customer")),
            ["-  bees: {customer: C-2, show: ALL}  # bee", "+  bees: {show: ALL}  # bee"],
        ),
        (Remove(BEES), ["-  bees: {customer: C-2, show: ALL}  # bee"]),
        (Remove(("portals", "none")), []),
        (Put(("keys",), "env:K"), ["+keys: env:K"]),
    ],
)
def test_a_change_is_as_small_as_it_can_be(change: Change, lines: list[str]) -> None:
    assert difference(TEXT, edited(TEXT, [change])) == lines


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_line_ends_stay_and_a_last_line_without_one_gets_one(newline: str) -> None:
    text = TEXT.rstrip().replace("\n", newline)
    after = edited(text, [Put(("portals", "new"), {"customer": "1"}), Put((*ACME, "show"), ["orders", "x"])])
    assert {each[0] for each in re.finditer(r"\r?\n", after)} == {newline}
    assert after.endswith(f"  new:{newline}    customer: 1{newline}")


def test_what_cannot_be_parsed_is_not_edited() -> None:
    with pytest.raises(InvalidInputError):
        edited("a: [", [Put(("a",), "b")], "x.yaml")


def test_a_text_where_keys_should_be_is_not_lost_in_silence() -> None:
    with pytest.raises(PortalgenError, match="cannot be written"):
        edited("- a\n- b\n", [Put(("portals", "x"), "y")], "x.yaml")


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        "0012",
        "NO",
        "null",
        "~",
        "12:30",
        "- a",
        "a: b",
        "a #b",
        "'",
        '"',
        "{",
        "[x",
        "",
        " a",
        "a ",
        "#",
        "ALL",
        "?",
        "&a",
    ]
)


def parses(text: str) -> bool:
    """Whether a text may stand in our YAML at all."""
    try:
        parse_yaml("a: '" + text.replace("'", "''") + "'", "")
    except InvalidInputError:
        return False
    return True


TEXTS = WORDS.filter(parses)
NAMES = st.sampled_from(["acme", "bees", "crows", "12", "a b", "x'y", "naïve"])
KEYS = ["customer", "name", "show", "enabled", "contacts"]


VALUES: st.SearchStrategy[Written] = TEXTS | st.lists(TEXTS, max_size=4, unique=True)
CONTACTS = st.dictionaries(NAMES, st.dictionaries(st.sampled_from(["name", "email", "show"]), VALUES, max_size=3))
PORTALS = st.dictionaries(
    NAMES, st.fixed_dictionaries({}, optional={"customer": TEXTS, "show": VALUES, "contacts": CONTACTS}), max_size=4
)
PLACES = st.tuples(st.just("portals"), NAMES, st.sampled_from(KEYS)) | st.tuples(
    st.just("portals"), NAMES, st.just("contacts"), NAMES, st.sampled_from(["name", "show"])
)
CHANGES = st.lists(
    st.builds(Put, PLACES, VALUES)
    | st.builds(
        Put, st.tuples(st.just("portals"), NAMES), st.dictionaries(st.sampled_from(KEYS[:3]), VALUES, min_size=1)
    )
    | st.builds(Remove, PLACES)
    | st.builds(Remove, st.tuples(st.just("portals"), NAMES)),
    max_size=4,
)


class Writer:
    """Writes portals in every style that YAML knows, with comments that are told apart."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._comments = 0

    def comment(self) -> str:
        if not self._draw(st.booleans()):
            return ""
        self._comments += 1
        return f"  # comment {self._comments};"

    def block(self, data: Mapping[str, Written], indent: int) -> list[str]:
        lines = []
        for key, value in data.items():
            if self._draw(st.booleans()):
                lines += ["", *[f"{' ' * indent}{self.comment().strip()}"]]
            lead = f"{' ' * indent}{quoted(key)}:"
            if isinstance(value, str):
                lines.append(f"{lead} {quoted(value)}{self.comment()}")
            elif not value or self._draw(st.booleans()):
                lines.append(f"{lead} {flow(value)}{self.comment()}")
            elif isinstance(value, Mapping):
                lines += [f"{lead}{self.comment()}", *self.block(value, indent + 2)]
            else:
                lines.append(f"{lead}{self.comment()}")
                lines += [f"{' ' * indent}  - {quoted(item)}{self.comment()}" for item in value]
        return lines


def quoted(text: str) -> str:
    return text if re.fullmatch("[a-z]+", text) else '"' + "".join(f"\\U{ord(each):08x}" for each in text) + '"'


def flow(value: Written) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{quoted(key)}: {flow(each)}" for key, each in value.items()) + "}"
    return "[" + ", ".join(map(quoted, value)) + "]"


@st.composite
def texts(draw: st.DrawFn) -> tuple[dict[str, Written], str]:
    """What a file says, and the file."""
    data: dict[str, Written] = {"version": "1", "portals": draw(PORTALS), "include": "x"}
    return data, "\n".join(Writer(draw).block(data, 0)) + "\n"


def expected(data: Mapping[str, Written], changes: Sequence[Change]) -> object:
    """The data after the changes, put together another way than the editor does."""
    result: dict[str, Written] = {**data}
    for change in changes:
        levels: list[dict[str, Written]] = [result]
        for key in change.at[:-1]:
            inner = levels[-1].get(key, {})
            levels.append({**inner} if isinstance(inner, Mapping) else {})
        if isinstance(change, Put):
            levels[-1][change.at[-1]] = change.value
        elif change.at[-1] in levels[-1]:
            del levels[-1][change.at[-1]]
        else:
            continue
        for place in reversed(range(1, len(levels))):
            levels[place - 1][change.at[place - 1]] = levels[place]
        result = levels[0]
    return said(result)


def said(value: object) -> object:
    """A value less the keys that say nothing."""
    if isinstance(value, Mapping):
        pairs = {key: said(each) for key, each in value.items()}
        return {key: each for key, each in pairs.items() if each not in (None, {})}
    return [*value] if isinstance(value, list | tuple) else value


@given(file=texts(), changes=CHANGES)
@settings(deadline=None, max_examples=300)
def test_the_edited_file_says_what_it_is_to_say_and_untouched_portals_keep_every_byte(
    file: tuple[dict[str, Written], str], changes: Sequence[Change]
) -> None:
    data, text = file
    after = edited(text, changes)
    assert said(parse_yaml(after, "").data) == expected(data, changes)
    untouched = {change.at[1] for change in changes}
    for piece in re.findall(r"(?m)^  [^ \n#].*(?:\n(?!(?:  )?[^ \n#]).*)*", text):
        name = parse_yaml(piece, "").data
        assert isinstance(name, dict)
        if not untouched & {*name}:
            assert re.sub(r"(\n *(#.*)?)+$", "", piece) in after


@given(file=texts(), places=st.lists(PLACES, min_size=1, max_size=3), value=TEXTS)
@settings(deadline=None, max_examples=200)
def test_no_comment_is_lost_where_texts_are_changed(
    file: tuple[dict[str, Written], str], places: Sequence[tuple[str, ...]], value: str
) -> None:
    _, text = file
    data = parse_yaml(text, "").data
    changes = [Put(at, value) for at in places if isinstance(at_of(data, at), str | None)]
    comments = re.findall(r"# comment \d+;", text)
    assert re.findall(r"# comment \d+;", edited(text, changes)) == comments


def test_a_change_of_each_of_a_thousand_portals_reads_the_file_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "portals:\n" + "".join(f"  p{number}:\n    show: ALL\n" for number in range(1000))
    readings: list[str] = []

    def counted(text: str) -> yamlfile.Node:
        readings.append(text)
        return yamlfile.nodes_of(text)

    monkeypatch.setattr(yamledit, "nodes_of", counted)
    changes = [Put(("portals", f"p{number}", "revision"), "2") for number in range(1000)]
    after = edited(text, [*changes, *(Remove(("portals", f"p{number}", "show")) for number in range(0, 1000, 2))])
    assert len(readings) == 3
    assert after.count("revision: 2\n") == 1000
    assert after.count("show: ALL\n") == 500


def at_of(data: object, at: Sequence[str]) -> object:
    for key in at:
        data = data.get(key) if isinstance(data, dict) else None
    return data


ITEMS = ("invoices", "orders", "quotes", "statement")


@given(
    there=st.lists(st.sampled_from(ITEMS), min_size=1, unique=True),
    wanted=st.lists(st.sampled_from(ITEMS), min_size=1, unique=True),
    newline=st.sampled_from(["\n", "\r\n"]),
    has_comma=st.booleans(),
    is_beside=st.booleans(),
)
def test_in_a_list_in_brackets_over_several_lines_each_item_that_stays_keeps_its_comment(
    there: list[str], wanted: list[str], newline: str, has_comma: bool, is_beside: bool
) -> None:
    lines = [f"    {item}, # about {item}" for item in there]
    if not has_comma:
        lines[-1] = lines[-1].replace(",", "")
    first = f"  show: [ # list{newline}" if not is_beside else f"  show: [{there[0]}, # about {there[0]}{newline}"
    rest = lines if not is_beside else lines[1:]
    text = f"a:{newline}{first}" + "".join(f"{line}{newline}" for line in rest) + f"  ]{newline}b: x{newline}"
    kept = [item for item in there if item in wanted]
    after = [*kept, *(item for item in wanted if item not in kept)]
    new = edited(text, [Put(("a", "show"), after)])
    assert parse_yaml(new, "").data == {"a": {"show": after}, "b": "x"}
    if kept:
        assert [item for item in there if f"# about {item}" in new] == kept or is_beside
        assert is_beside or "# list" in new
        assert all(f"# about {item}" in new for item in kept)
