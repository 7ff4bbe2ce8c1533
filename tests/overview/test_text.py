"""The matrix as a terminal shows it."""

from portalgen.customers import Exported
from portalgen.overview.text import overview_text
from tests.overviews import ANTS, EXAMPLE, HEBREW, overview, row

WHOLE = """\
  link              state    published last       expires     quotes orders invoices cred. deliv. stmt. receipts

C-1  Ants & Sons  (Active)
  ants              live     yes       2026-12-01 2026-12-31       0      ·       12     ·      ·   yes        ·
  ants/ann  Ann Lee live     outdated                              ·      ·       12     ·      ·     ·        ·

C-2  Bees Ltd  (On hold)
  bees              disabled no                                    ·    yes        ·     ·      ·     ·        ·
  bees/bo           live     no                                    ·      ·        ·     ·      ·     ·        ·

2 customers without a portal
  C-3  <script>alert(1)</script>  4 documents
  C-4  =cmd|"/c calc"!A0  (=1+1)  0 documents

4 links of 2 customers, 3 live; store 'local'
4 customers in the exports of 2026-11-20, as built last"""


def test_a_block_for_each_customer_a_row_for_each_link_a_column_for_each_type() -> None:
    assert overview_text(EXAMPLE, "local", "Europe/Berlin", is_whole=False) == WHOLE


def test_days_of_publishing_are_those_where_the_site_is() -> None:
    late = overview((ANTS, [row("ants", published="yes", published_at="2026-11-30T23:40:00Z")]))
    assert "2026-12-01" in overview_text(late, "s", "Europe/Berlin", is_whole=False)
    assert "2026-11-30" in overview_text(late, "s", "America/New_York", is_whole=False)


def test_columns_that_nobody_needs_are_not_there() -> None:
    heading = overview_text(overview((ANTS, [row("ants")])), "s", "UTC", is_whole=False).splitlines()[0]
    assert heading.split()[:4] == ["link", "state", "published", "quotes"]


def test_customers_without_a_portal_are_the_first_twenty_or_all() -> None:
    many = overview(without=[Exported(f"C-{number:02}", "x") for number in range(23)])
    few = overview_text(many, "s", "UTC", is_whole=False)
    assert "  C-19  x" in few
    assert "  C-20  x" not in few
    assert "and 3 more: --without-portal lists all" in few
    everybody = overview_text(many, "s", "UTC", is_whole=True)
    assert "  C-22  x" in everybody
    assert "more" not in everybody


def test_what_a_terminal_would_obey_is_an_escape_and_a_name_stays_on_its_line() -> None:
    hostile = Exported("C-1", "a\x1b[2Jb\u202e\nc", "x\x07")
    said = overview_text(overview((hostile, [row("p", "q", name="d\x1b[1m")])), "s", "UTC", is_whole=False)
    assert "C-1  a\\x1b[2Jb\\u202e c  (x\\x07)" in said
    assert "p/q  d\\x1b[1m" in said
    assert all(char.isprintable() or char == "\n" for char in said)


def test_columns_stand_below_each_other_whatever_the_names_are() -> None:
    """A wide character takes two columns of a terminal, a combining one none; what has no room is cut."""
    names = ["e\u0301", "\u682a\u5f0f\u4f1a\u793e", HEBREW, "x" * 60]
    said = overview_text(overview((ANTS, [row("p", "q", name=name) for name in names])), "s", "UTC", is_whole=False)
    rows = [line for line in said.splitlines() if line.startswith("  p/q")]
    columns = [rows[0].index("live") - 1, rows[1].index("live") + 4, rows[2].index("live"), rows[3].index("live")]
    assert len(set(columns)) == 1
    assert rows[3].split()[1] == "x" * 19 + "…"


def test_an_id_is_never_cut() -> None:
    long = "portal-" + "x" * 50
    assert f"  {long}/ann " in overview_text(
        overview((ANTS, [row(long, "ann", name="Ann")])), "s", "UTC", is_whole=False
    )


def test_before_a_build_nobody_is_said_to_be_missing() -> None:
    said = overview_text(overview((Exported("C-1", ""), [row("ants")]), as_of=None), "s", "UTC", is_whole=False)
    assert "not in the exports" not in said
    assert said.endswith("1 link of 1 customer, 1 live; store 's'")
