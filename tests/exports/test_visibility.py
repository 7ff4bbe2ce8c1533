"""What customers may see: allow-lists of statuses, flags, first days; and the words that they read."""

from pathlib import Path

import pytest

from portalgen.exports.visibility import NEUTRAL, NEVER
from tests.imports import imported, refused

HEADING = "number,customer_id,date,status,customer_visible\n"


def rows(*cells: str) -> dict[str, str | bytes]:
    """Invoices I-1, I-2 ... with these statuses and flags; yes, where none is given."""
    flagged = [f"{cell}yes" if cell.endswith(",") else cell for cell in cells]
    texts = [f"I-{number},C-1,2026-01-0{number},{cell}\n" for number, cell in enumerate(flagged, 1)]
    return {"i.csv": HEADING + "".join(texts)}


def entry(keys: str = "") -> str:
    return f"{{type: invoices, path: i.csv{', ' if keys else ''}{keys}}}"


def test_only_statuses_that_are_named_are_seen(tmp_path: Path) -> None:
    read = imported(
        tmp_path, rows("Pending,", "pending,", "Pending ,", ",", "Sent,"), entry("visible: {status: Pending}")
    )
    assert [*read.owners] == ["I-1"]
    assert read.export.left_out == {"hidden by status": 4}


def test_an_unknown_status_is_hidden_and_warned_of_once(tmp_path: Path) -> None:
    files = rows("Open,", "Odd,", "Odd,", "Held,", "Draft,")
    read = imported(tmp_path, files, entry("visible: {status: [Open], never: [Held]}"))
    [warning] = read.warnings
    assert warning.splitlines() == [
        "i.csv:3:4: status: 'Odd' is not one that `visible` names: hidden, and 1 more",
        "  hint: name it under status, or under never",
    ]


def test_an_empty_status_is_hidden_and_warned_of_with_what_gives_it_one(tmp_path: Path) -> None:
    files = rows("Open,", ",", ",")
    [warning] = imported(tmp_path, files, entry("visible: {status: [Open]}")).warnings
    assert warning.splitlines() == [
        "i.csv:3:4: status: empty, which is not one that `visible` names: hidden, and 1 more",
        "  hint: if it means one of them, say which: values: {status: Open}",
    ]
    read = imported(tmp_path, files, entry("visible: {status: [Open]}, values: {status: Open}"))
    assert (len(read.documents), read.warnings) == (3, [])


def test_drafts_and_cancelled_ones_are_never_seen_unasked(tmp_path: Path) -> None:
    said = ["draft", "cancelled", "canceled", "cancel", "void", "voided", "deleted", "Entwurf", "ANNULÉE", "Szkic"]
    words = [*NEVER, *said, "DRAFT", " Void ", "\tDraft", "Cancelled\u00a0", "\u200bdeleted\u2009", '"draft\n"']
    words += ["Draft (unsent)", "VOID - duplicate", "Annule", "supprime\u0301", "\uff24raf\uff54", "1. Entwurf"]
    read = imported(
        tmp_path,
        {
            "i.csv": HEADING
            + "".join(f"I-{number},C-1,2026-01-01,{word},yes\n" for number, word in enumerate([*words, "Open"]))
        },
        entry(),
    )
    assert ([*read.owners], read.export.left_out) == ([f"I-{len(words)}"], {"hidden by status": len(words)})


def test_a_word_that_only_resembles_one_of_those_is_seen(tmp_path: Path) -> None:
    words = ["Avoided", "Drafted", "Open (draft)", "Conception", "Annul", "\uff2f\uff50\uff45\uff4e"]
    read = imported(tmp_path, rows(*(f"{word}," for word in words)), entry())
    assert {each.status for each in read.documents} == {*words}


def test_drafts_are_seen_by_whoever_asks_for_them(tmp_path: Path) -> None:
    assert [*imported(tmp_path, rows("Draft,"), entry("visible: {status: Draft}")).owners] == ["I-1"]


def test_never_hides_besides_drafts(tmp_path: Path) -> None:
    read = imported(tmp_path, rows("Held,", "Draft,", "Anything,"), entry("visible: {never: [Held]}"))
    assert [*read.owners] == ["I-3"]


OURS = """
name: ours
title: Ours
about: Ours.
types:
  invoices:
    columns: {number: number, customer_id: customer_id, date: date, status: status, customer_visible: customer_visible}
    visible: {status: [Open, Paid], never: [Held]}
"""


@pytest.mark.parametrize(
    ("visible", "seen", "told"),
    [
        ("{}", "Open Paid", "New"),
        ("{never: [Paid]}", "Open", "New"),
        ("{never: [Paid, New]}", "Open", ""),
        ("{status: [Open]}", "Open", "Paid New"),
        ("{status: [Open, New], never: [Paid]}", "Open New", ""),
        ("{status: [Held]}", "Held", "Open Paid New"),
        ("{status: [Draft, Open], never: [Open]}", "Draft", "Paid New"),
        ("{status: []}", "", "Open Paid New"),
    ],
)
def test_what_an_entry_says_is_seen_completes_its_profile_and_never_opens_it(
    visible: str, seen: str, told: str, tmp_path: Path
) -> None:
    words = ["Open", "Paid", "Held", "New", "Draft"]
    files = rows(*(f"{word}," for word in words)) | {"ours.yaml": OURS}
    read = imported(tmp_path, files, entry(f"profile: ours.yaml, visible: {visible}"))
    assert {each.status for each in read.documents} == {*seen.split()}
    assert {word for word in words if f"'{word}' is not one" in "".join(read.warnings)} == {*told.split()}


def test_a_status_that_is_named_as_shown_and_as_never_shown_is_hidden(tmp_path: Path) -> None:
    read = imported(tmp_path, rows("Open,", "Held,"), entry("visible: {status: [Open, Held], never: Held}"))
    assert [*read.owners] == ["I-1"]


@pytest.mark.parametrize("visible", ["{status: [Open]}", "{never: [Held]}"])
def test_what_goes_by_the_status_needs_one(visible: str, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"i.csv": "number,customer_id,date\nI-1,C-1,2026-01-01\n"}
    assert refused(tmp_path, files, entry(f"visible: {visible}")) == [
        "i.csv:1: column 'status' is missing",
        "hint: `visible` goes by it; say which column it is: columns: {status: ...}",
    ]
    assert [*imported(tmp_path, files, entry("visible: {status: Open}, values: {status: Open}")).owners] == ["I-1"]


def test_a_flag_hides_what_the_status_shows_and_shows_nothing_that_it_hides(tmp_path: Path) -> None:
    read = imported(tmp_path, rows("Open,no", "Draft,yes", "Open,yes", "Open,"), entry("visible: {status: Open}"))
    assert [*read.owners] == ["I-4", "I-3"]
    assert read.export.left_out == {"not for customers": 1, "hidden by status": 1}


def test_a_flag_that_says_nothing_is_no_yes_where_the_file_has_one(tmp_path: Path) -> None:
    """Many systems write nothing for false."""
    files: dict[str, str | bytes] = {
        "i.csv": HEADING + "I-1,C-1,2026-01-01,Open,\nI-2,C-1,2026-01-02,Open,yes\n",
        "j.csv": "number,customer_id,date,status\nI-3,C-1,2026-01-03,Open\n",
    }
    read = imported(tmp_path, files, '{type: invoices, path: "[ij].csv"}')
    assert [*read.owners] == ["I-3", "I-2"]
    assert read.export.left_out == {"not for customers": 1}


def test_what_is_never_seen_is_not_seen_in_another_case_either(tmp_path: Path) -> None:
    read = imported(tmp_path, rows("Held,", "held,", " HELD ,", "Open,"), entry("visible: {never: [Held]}"))
    assert [*read.owners] == ["I-4"]


def test_a_flag_that_is_neither_yes_nor_no_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, rows("Open,perhaps"), entry())[0] == (
        "i.csv:2:5: customer_visible: 'perhaps' is not true or false"
    )


def test_the_first_day_is_seen(tmp_path: Path) -> None:
    read = imported(tmp_path, rows("Open,", "Open,", "Open,"), entry("since: 2026-01-02"))
    assert ([*read.owners], read.export.left_out) == (["I-3", "I-2"], {"before 2026-01-02": 1})


def test_a_day_written_in_another_order_is_compared_as_a_day(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "i.csv": "number,customer_id,date\nI-1,C-1,31/12/2025\nI-2,C-1,01/02/2026\nI-3,C-1,02/01/2026\n"
    }
    read = imported(tmp_path, files, entry("since: 2026-01-02, dates: '%d/%m/%Y'"))
    assert [*read.owners] == ["I-2", "I-3"]


def test_words_for_statuses_are_read_and_others_never(tmp_path: Path) -> None:
    words = "status: {AUTHORISED: Awaiting payment, quiet: ''}"
    read = imported(tmp_path, rows("AUTHORISED,", "authorised,", "SECRET_STATE,", ",", "quiet,"), entry(words))
    assert {each.number: each.status for each in read.documents} == {
        "I-1": "Awaiting payment",
        "I-2": NEUTRAL,
        "I-3": NEUTRAL,
        "I-4": "",
        "I-5": "",
    }


@pytest.mark.parametrize("where", ["entry", "profile"])
def test_of_a_table_with_no_words_none_is_known(where: str, tmp_path: Path) -> None:
    ours = "name: o\ntitle: o\nabout: o\ntypes: {invoices: {columns: {number: number, customer_id: customer_id, "
    files = rows("Half paid,", ",") | {"o.yaml": ours + "date: date, status: status}, ignore: ALL, status: {}}}\n"}
    read = imported(tmp_path, files, entry({"entry": "status: {}", "profile": "profile: o.yaml"}[where]))
    assert {each.number: each.status for each in read.documents} == {"I-1": NEUTRAL, "I-2": ""}


def test_without_words_the_status_is_read_as_it_is_written(tmp_path: Path) -> None:
    assert [each.status for each in imported(tmp_path, rows("Half paid,"), entry()).documents] == ["Half paid"]


# Hidden documents are asked nothing


def test_drafts_need_neither_numbers_nor_anything(tmp_path: Path) -> None:
    text = (
        HEADING
        + ",,,Draft,yes\n,C-9,soon,Draft,yes\n/,C-1,2026-01-01,Draft,yes\n/,C-2,2026-01-02,Draft,yes\n"
        + "I-1,C-1,2026-01-01,Open,yes\n"
    )
    read = imported(tmp_path, {"i.csv": text}, entry())
    assert (read.owners, read.export.left_out) == ({"I-1": "C-1"}, {"hidden by status": 4})


@pytest.mark.parametrize("layout", ["repeat", "continuation"])
def test_lines_of_drafts_go_with_them(layout: str, tmp_path: Path) -> None:
    heading = "number,customer_id,date,status,description,amount\n"
    again = {"repeat": ",,,Draft,more,x\n", "continuation": ",,,,more,x\n"}[layout]
    text = f"{heading}I-1,C-1,2026-01-01,Open,a,1\n,,,Draft,secret,x\n{again}"
    read = imported(tmp_path, {"i.csv": text}, entry(f"layout: {layout}, lines: {{}}"))
    assert read.lines == {"I-1": ["a"]}


def test_lines_of_drafts_in_files_of_their_own_go_with_them(tmp_path: Path) -> None:
    files = rows("Open,", "Draft,") | {"l.csv": "number,description,amount\nI-1,a,1\nI-2,secret,not yet known\n"}
    assert imported(tmp_path, files, entry("lines: {path: l.csv}")).lines == {"I-1": ["a"]}


def test_a_draft_never_lends_its_lines_to_the_document_of_the_same_number(tmp_path: Path) -> None:
    text = "number,customer_id,date,status\nI-1,C-1,2026-01-01,Open\nI-1,C-2,2026-01-01,Draft\n"
    files: dict[str, str | bytes] = {"i.csv": text, "l.csv": "number,description\nI-1,a\nI-1,secret\n"}
    said = refused(tmp_path, files, entry("lines: {path: l.csv}"))
    assert said == [
        "i.csv:3:1: number: 'I-1' is there twice, first in i.csv:2",
        "hint: they differ in customer_id, status; keep the right one",
    ]


def test_a_document_that_a_later_file_cancels_is_hidden(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "i1.csv": HEADING + "I-1,C-1,2026-01-01,Open,yes\nI-2,C-1,2026-01-01,Open,yes\n",
        "i2.csv": HEADING + "I-1,C-1,2026-01-01,Cancelled,yes\n",
    }
    read = imported(tmp_path, files, "{type: invoices, path: 'i?.csv', export: incremental}")
    assert [*read.owners] == ["I-2"]


def test_the_currency_of_a_draft_is_not_asked_for(tmp_path: Path) -> None:
    text = "number,customer_id,date,status,total\nI-1,C-1,2026-01-01,Draft,$5\nI-2,C-1,2026-01-01,Open,€5\n"
    assert [*imported(tmp_path, {"i.csv": text}, entry("decimal: '.'")).owners] == ["I-2"]
