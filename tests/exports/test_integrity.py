"""Amounts worked out once more: what does not add up is named with both amounts, exactly."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.imports import imported, refused

DOCUMENT = "number,customer_id,date,net,tax,total,paid,rounding,balance,allowance,charge\n"
LINES = "number,description,quantity,unit_price,discount,tax,amount\n"


def entry(keys: str = "", lines: str = "path: l.csv") -> str:
    return f"{{type: invoices, path: i.csv, {keys}{', ' if keys else ''}lines: {{{lines}}}}}"


def differences(
    folder: Path, document: str, lines: str = "", keys: str = "", of_lines: str = "path: l.csv"
) -> list[str]:
    files: dict[str, str | bytes] = {"i.csv": f"{DOCUMENT}I-1,C-1,2026-01-01,{document}\n", "l.csv": LINES + lines}
    found = imported(folder, files, entry(keys, of_lines)).warnings
    said = [text.split("\n")[0] for text in found if "more decimals than" not in text]
    return [text.removeprefix("i.csv:2").partition("I-1: ")[2] for text in said]


@pytest.mark.parametrize(
    ("document", "lines"),
    [
        ("10,2,12,,,12,,", "I-1,a,2,5,,2,10\n"),
        ("10,2,12,5,,7,,", "I-1,a,,,,,4\nI-1,b,,,,,6\n"),
        ("9.50,2,11.50,,0.50,12,1,0.50", "I-1,a,2,5,,,10\n"),
        ("9,0,9,,,9,,", "I-1,a,2,5,10,,9\n"),
        ("10,2,12.05,,,12.05,,", "I-1,a,2,5,,,10.05\n"),
        (",,12,,,,,", "I-1,a,,,,,10\n"),
        (",,12,,,,,", "I-1,a,,,,,12\n"),
        (",2,12,,,,,", "I-1,a,,,,,12\n"),
        (",2,12,,,,,", "I-1,a,2,5,,,\n"),
        (",,12,,,,,", "I-1,a,2,5,,2,\n"),
        (",,9,,,,1,", "I-1,a,2,5,,,\nI-1,text alone,,,,,\n"),
        (",,12.30,,0.30,,,", "I-1,a,,,,2,10\n"),
        (",,10,,,,,", "I-1,a,1,,,,\n"),
        ("1.02,,,,,,,", "I-1,a,1,0.334,,,\nI-1,b,1,0.334,,,\nI-1,c,1,0.334,,,\n"),
        ("10,,,,,,,", "I-1,a,,,,,10\nI-1,text alone,,,,,\n"),
        ("-10,-2,-12,,,-12,,", "I-1,a,-2,5,,,-10\n"),
        ("0.33,,,,,,,", "I-1,a,100,0.0033,,,0.33\n"),
    ],
)
def test_what_adds_up_is_not_spoken_of(document: str, lines: str, tmp_path: Path) -> None:
    assert differences(tmp_path, document, lines) == []


@pytest.mark.parametrize(
    ("document", "lines", "said"),
    [
        ("500,,,,,,,", "I-1,a,2,50,,,\n", "net: the lines add up to 100.00, and the export says 500.00"),
        (
            ",5,999,,,,,",
            "I-1,a,,,,,10\nI-1,b,,,,,20\n",
            "total: the lines and the tax are 35.00, and the export says 999.00",
        ),
        (",,10,,,,,", "I-1,a,,,,,10\nI-1,b,,,,,20\n", "total: before any tax it is 30.00, and the export says 10.00"),
        (",,9999,,,,,", "I-1,a,,,,,100\n", "total: before any tax it is 100.00, and the export says 9999.00"),
        (",,12,,,,,", "I-1,a,,,,3,10\n", "total: the lines and the tax are 13.00, and the export says 12.00"),
        ("10,,9,,,,,", "", "total: before any tax it is 10.00, and the export says 9.00"),
        ("10,,,,,,,", "I-1,a,,,,,4\nI-1,b,,,,,5\n", "net: the lines add up to 9.00, and the export says 10.00"),
        ("10,,,,,,1,", "I-1,a,,,,,10\n", "net: the lines add up to 9.00, and the export says 10.00"),
        (",3,,,,,,", "I-1,a,,,,2,\n", "tax: the taxes of the lines add up to 2.00, and the export says 3.00"),
        ("10,2,12.06,,,,,", "", "total: net and tax are 12.00, and the export says 12.06"),
        (",,12,5,,8,,", "", "balance: what is not paid is 7.00, and the export says 8.00"),
        (",,,,,,,", "I-1,a,2,5,,,11\n", "the line 'a' is 10.00 by quantity and price, and the export says 11.00"),
        (
            ",,,,,,,",
            "I-1,a,3,3.333333,,,11\n",
            "the line 'a' is 10.00 by quantity and price, and the export says 11.00",
        ),
        (
            ",,,,,,,",
            "I-1,a,2,500000000000,,,999999999999\n",
            "the line 'a' is 1000000000000.00 by quantity and price, and the export says 999999999999.00",
        ),
        (",,,,,,,", "I-1,a,0,5,,,0.06\n", "the line 'a' is 0.00 by quantity and price, and the export says 0.06"),
        (
            ",,,,,,,",
            "I-1,a,0,5,0,,0.0501\n",
            "the line 'a' is 0.00 by quantity and price, and the export says 0.0501",
        ),
        (
            "123456789012345.123456,0,123456789012345.2,,,,,",
            "",
            "total: net and tax are 123456789012345.123456, and the export says 123456789012345.20",
        ),
    ],
)
def test_what_does_not_add_up_is_named_with_both_amounts(document: str, lines: str, said: str, tmp_path: Path) -> None:
    assert differences(tmp_path, document, lines) == [said]


def test_the_place_is_that_of_the_amount(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"i.csv": f"{DOCUMENT}I-1,C-1,2026-01-01,10,2,13,,,,,\n", "l.csv": LINES}
    [warning] = imported(tmp_path, files, entry()).warnings
    assert warning.startswith("i.csv:2:6: invoices: I-1: total: ")


def test_what_is_shown_is_what_the_export_says(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"i.csv": f"{DOCUMENT}I-1,C-1,2026-01-01,10,2,13,,,,,\n", "l.csv": LINES}
    [invoice] = imported(tmp_path, files, entry()).documents
    assert invoice.total == Decimal(13)


@pytest.mark.parametrize(("tolerance", "count"), [("0.06", 0), ("0.05", 1), ("0", 1), ("1", 0)])
def test_the_tolerance_is_inclusive(tolerance: str, count: int, tmp_path: Path) -> None:
    assert len(differences(tmp_path, "10,2,12.06,,,,,", "", f"tolerance: {tolerance}")) == count


def test_differences_can_be_refused(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"i.csv": f"{DOCUMENT}I-1,C-1,2026-01-01,10,2,13,,,,,\n", "l.csv": LINES}
    assert refused(tmp_path, files, entry("differences: refuse"))[0] == (
        "i.csv:2:6: invoices: I-1: total: net and tax are 12.00, and the export says 13.00"
    )


def test_each_entry_has_a_tolerance_of_its_own(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "i.csv": f"{DOCUMENT}I-1,C-1,2026-01-01,10,2,12.50,,,,,\n",
        "q.csv": f"{DOCUMENT}Q-1,C-1,2026-01-01,10,2,12.50,,,,,\n",
    }
    read = imported(tmp_path, files, "{type: invoices, path: i.csv, tolerance: 1}", "{type: quotes, path: q.csv}")
    assert [text.partition(" total")[0] for text in read.warnings] == ["q.csv:2:6: quotes: Q-1:"]


def lines_of(*numbers: str) -> str:
    """Of each document, a line that is wrong by 2 and one that is wrong by 200."""
    return "".join(f"{number},a,1,10,,,12\n{number},b,1,10,,,210\n" for number in numbers)


@pytest.mark.parametrize("also", [[], ["{type: quotes, path: q.csv, tolerance: 0}"]])
def test_a_line_within_the_tolerance_hides_no_other_line(also: list[str], tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "i.csv": f"{DOCUMENT}I-1,C-1,2026-01-01,,,,,,,,\n",
        "q.csv": DOCUMENT,
        "l.csv": LINES + lines_of("I-1"),
    }
    said = "i.csv:2: invoices: I-1: the line 'b' is 10.00 by quantity and price, and the export says 210.00"
    warnings = imported(tmp_path, files, *also, entry("tolerance: 5")).warnings
    assert [text.split("\n")[0] for text in warnings] == [said]
    assert refused(tmp_path, files, *also, entry("tolerance: 5, differences: refuse"))[0] == said


def test_half_a_cent_a_piece_is_forgiven_whatever_another_entry_tolerates(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "i.csv": f"{DOCUMENT}I-1,C-1,2026-01-01,,,,,,,,\n",
        "q.csv": DOCUMENT,
        "l.csv": LINES + "I-1,a,1000,1.23,,,1235.10\n",
    }
    strict = "{type: quotes, path: q.csv, tolerance: 0}"
    assert imported(tmp_path, files, strict, entry("tolerance: 0.10")).warnings == []
    [warning] = imported(tmp_path, files, strict, entry("tolerance: 0.09")).warnings
    assert "is 1230.00 by quantity and price, and the export says 1235.10" in warning


def test_hidden_documents_are_not_spoken_of(tmp_path: Path) -> None:
    text = "number,customer_id,date,status,net,tax,total\nI-1,C-1,2026-01-01,Draft,1,1,9\n"
    assert imported(tmp_path, {"i.csv": text}, "{type: invoices, path: i.csv}").warnings == []


def test_twenty_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    rows = "".join(f"I-{number:02},C-1,2026-01-01,1,1,9,,,,,\n" for number in range(25))
    files: dict[str, str | bytes] = {"i.csv": DOCUMENT + rows}
    warnings = imported(tmp_path, files, "{type: invoices, path: i.csv}").warnings
    assert (len(warnings), warnings[-1]) == (21, "i.csv:22:6: 5 more amounts that do not add up")


@pytest.mark.parametrize(("kind", "discount"), [("percent", "12.5"), ("fraction", "0.125"), ("amount", "1.25")])
def test_a_discount_counts_as_what_it_is(kind: str, discount: str, tmp_path: Path) -> None:
    lines = f"I-1,a,2,5,{discount},,8.75\n"
    assert differences(tmp_path, ",,,,,,,", lines, of_lines=f"path: l.csv, discount: {kind}") == []


# Signs


def test_a_file_that_writes_a_type_with_the_opposite_sign_is_turned(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "i.csv": DOCUMENT + "N-1,C-1,2026-01-01,-10,-2,-12,-5,,-7,,\n",
        "l.csv": LINES + "N-1,a,-2,5,,-2,-10\n",
    }
    read = imported(tmp_path, files, entry("sign: negative").replace("invoices", "credit_notes"))
    [note] = read.documents
    amounts = [note.net, note.tax, note.total, note.paid, note.balance]
    assert amounts == [Decimal(each) for each in (10, 2, 12, 5, 7)]
    [line] = note.lines
    assert [line.quantity, line.unit_price, line.amount] == [Decimal(2), Decimal(5), Decimal(10)]
    assert read.warnings == []


def test_amounts_with_more_decimals_than_their_currency_has_are_warned_of(tmp_path: Path) -> None:
    text = "number,customer_id,date,currency,net,total,balance\nA,C-1,2026-01-01,JPY,,10.50,\n"
    text += "B,C-1,2026-01-01,USD,0.125,,0.12\nC,C-1,2026-01-01,KWD,,0.125,\nD,C-1,2026-01-01,JPY,,10.00,\n"
    read = imported(tmp_path, {"i.csv": text}, "{type: invoices, path: i.csv}")
    hint = "\n  hint: mend the amount, or the currency, where it is written"
    assert read.warnings == [
        f"i.csv:2:6: total: 10.50 JPY has more decimals than JPY: pages show 11{hint}",
        f"i.csv:3:5: net: 0.125 USD has more decimals than USD: pages show 0.13{hint}",
    ]


def test_of_many_such_amounts_a_few_are_named_and_the_others_counted(tmp_path: Path) -> None:
    rows = "".join(f"I-{number},C-1,2026-01-01,JPY,-1.5\n" for number in range(9))
    read = imported(
        tmp_path, {"i.csv": f"number,customer_id,date,currency,total\n{rows}"}, "{type: invoices, path: i.csv}"
    )
    assert [warning.partition("\n")[0] for warning in read.warnings] == [
        *(f"i.csv:{line}:5: total: -1.50 JPY has more decimals than JPY: pages show -2" for line in (2, 3, 4)),
        "i.csv:5:5: 6 more amounts with more decimals than their currency has",
    ]


def test_prices_and_quantities_may_have_more_decimals(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "i.csv": f"{DOCUMENT}I-1,C-1,2026-01-01,,,,,,,,\n",
        "l.csv": LINES + "I-1,a,0.125,0.008,,,\n",
    }
    assert imported(tmp_path, files, entry()).warnings == []


CREDIT = "{type: credit_notes, path: i.csv}"


def test_a_credit_note_that_is_negative_is_refused(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"i.csv": "number,customer_id,date,total\nN-1,C-1,2026-01-01,-12\n"}
    assert refused(tmp_path, files, CREDIT) == [
        "i.csv:2:4: total: '-12' makes a credit note negative",
        "hint: if the file writes credit notes so, say: sign: negative",
    ]
    assert refused(tmp_path, files, CREDIT.replace("}", ", sign: negative}")) == []


def test_a_credit_note_that_is_negative_for_being_turned_is_refused(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"i.csv": "number,customer_id,date,total\nN-1,C-1,2026-01-01,12\n"}
    said = refused(tmp_path, files, CREDIT.replace("}", ", sign: negative}"))
    assert said[1] == "hint: leave out `sign: negative`"
    assert refused(tmp_path, files, CREDIT) == []


@pytest.mark.parametrize("sign", ["", ", sign: negative"])
def test_credit_notes_of_both_signs_are_told_so_whatever_sign_is_said(sign: str, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "i.csv": "number,customer_id,date,total\nN-1,C-1,2026-01-01,12\nN-2,C-1,2026-01-01,-12\n"
    }
    said = refused(tmp_path, files, CREDIT.replace("}", f"{sign}}}"))
    assert said[1:] == [BOTH]


@pytest.mark.parametrize("sign", ["", "sign: negative"])
def test_credit_notes_worked_out_with_both_signs_are_told_so(sign: str, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "i.csv": DOCUMENT + "".join(f"N-{number},C-1,2026-01-01,,,,,,,,\n" for number in (1, 2)),
        "l.csv": LINES + "N-1,a,,,,,-5\nN-2,a,,,,,5\n",
    }
    said = refused(tmp_path, files, entry(sign).replace("invoices", "credit_notes"))
    assert said[1:] == [BOTH]


BOTH = "hint: both signs occur, so that no `sign` is right for all: mend those of the fewer, or export them apart"


@pytest.mark.parametrize(("column", "place"), [("net", 4), ("total", 6), ("balance", 9)])
def test_no_amount_of_a_credit_note_may_be_negative(column: str, place: int, tmp_path: Path) -> None:
    cells = {"net": "", "total": "", "balance": "", column: "-5"}
    row = f"N-1,C-1,2026-01-01,{cells['net']},,{cells['total']},,,{cells['balance']},,\n"
    said = refused(tmp_path, {"i.csv": DOCUMENT + row}, CREDIT)
    assert said[0] == f"i.csv:2:{place}: {column}: '-5' makes a credit note negative"


@pytest.mark.parametrize(
    ("document", "lines", "said"),
    [
        (",,,,,,,", "N-1,a,,,,,-5\n", "6: credit_notes: N-1: total: -5.00"),
        (",,,,,,,", "N-1,a,-1,5,,,\nN-1,b,1,2,,,\n", "6: credit_notes: N-1: total: -3.00"),
        ("5,-6,,,,,,", "", "6: credit_notes: N-1: total: -1.00"),
        (",7,,,,,,", "N-1,a,,,,,-5\n", "4: credit_notes: N-1: net: -5.00"),
        (",,,,,,9,", "N-1,a,,,,,5\n", "6: credit_notes: N-1: total: -4.00"),
        (",,5,8,,,,", "", "9: credit_notes: N-1: balance: -3.00"),
        (",,5,5,-0.01,,,", "", "9: credit_notes: N-1: balance: -0.01"),
        (",,,6,,,,", "N-1,a,,,,,5\n", "9: credit_notes: N-1: balance: -1.00"),
    ],
)
def test_a_credit_note_that_is_worked_out_as_negative_is_refused(
    document: str, lines: str, said: str, tmp_path: Path
) -> None:
    files: dict[str, str | bytes] = {"i.csv": f"{DOCUMENT}N-1,C-1,2026-01-01,{document}\n", "l.csv": LINES + lines}
    notes = entry().replace("invoices", "credit_notes")
    first, hint = refused(tmp_path, files, notes)
    assert first == f"i.csv:2:{said}, worked out from the rest, makes a credit note negative"
    assert hint == "hint: if the file writes credit notes so, say: sign: negative"
    assert refused(tmp_path, files, entry()) == []


def test_a_credit_note_that_is_worked_out_as_negative_is_held_back_by_a_quarantine(tmp_path: Path) -> None:
    row = "{},C-1,2026-01-01,,,,,,,,\n"
    files: dict[str, str | bytes] = {
        "i.csv": DOCUMENT + row.format("N-1") + row.format("N-2"),
        "l.csv": LINES + "N-1,a,,,,,-5\nN-2,a,,,,,5\n",
    }
    read = imported(tmp_path, files, entry("on_error: quarantine").replace("invoices", "credit_notes"))
    assert [*read.owners] == ["N-2"]
    assert read.held_back == [("N-1", "total: -5.00, worked out from the rest, makes a credit note negative")]


def test_a_credit_note_that_is_turned_needlessly_is_told_so(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "i.csv": f"{DOCUMENT}N-1,C-1,2026-01-01,,,,,,,,\n",
        "l.csv": LINES + "N-1,a,,,,,5\n",
    }
    said = refused(tmp_path, files, entry("sign: negative").replace("invoices", "credit_notes"))
    assert said[1] == "hint: leave out `sign: negative`"


def test_a_draft_is_not_among_the_credit_notes_that_are_negative(tmp_path: Path) -> None:
    text = "number,customer_id,date,status,total\nN-1,C-1,2026-01-01,Draft,-1\nN-2,C-1,2026-01-01,,-2\n"
    said = refused(tmp_path, {"i.csv": text}, CREDIT)
    assert [line for line in said if "hint" not in line] == ["i.csv:3:5: total: '-2' makes a credit note negative"]


def test_an_invoice_may_be_negative(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"i.csv": "number,customer_id,date,total\nI-1,C-1,2026-01-01,-12\n"}
    assert refused(tmp_path, files, "{type: invoices, path: i.csv}") == []


RATED = "number,description,quantity,unit_price,tax_rate,amount\n"


@pytest.mark.parametrize(
    ("document", "lines", "said"),
    [
        (",20,120,,,,,", "I-1,a,,,20,100\n", []),
        (",20,120,,,,,", "I-1,a,,,20,120\n", []),
        (",1.92,,,,,,", "I-1,a,1,9.99,19,\nI-1,b,1,0.10,19,0.10\n", []),
        (",5,,,,,1,", "I-1,a,,,20,100\n", []),
        (",19,,,,,,", "I-1,a,,,27,69.18\n", []),
        (
            ",18.99,,,,,,",
            "I-1,a,,,27,69.18\n",
            ["tax: the lines and their rates make 18.6786, and the export says 18.99"],
        ),
        (",20000000000.02,,,,,,", "I-1,a,,,10,200000000000.2\n", []),
        (
            ",1,,,,,,",
            "I-1,a,,,10.000049,200000000000.00005\nI-1,b,,,10.000049,99999999999.00005\n",
            ["tax: the lines and their rates make 29999999999.90002, and the export says 1.00"],
        ),
        (",5,,,,,,", "I-1,a,,,20,50\nI-1,b,,,,50\n", []),
        (",5,,,,,,", "I-1,a,,,20,100\n", ["tax: the lines and their rates make 20.00, and the export says 5.00"]),
        (",,105,,,,,", "I-1,a,,,20,100\n", ["total: the lines and the tax are 120.00, and the export says 105.00"]),
        (
            ",20,100,,,,,",
            "I-1,a,1,500,20,\n",
            [
                "tax: the lines and their rates make 100.00, and the export says 20.00",
                "total: the lines and the tax are 520.00, and the export says 100.00",
            ],
        ),
    ],
)
def test_taxes_follow_from_the_rates_where_every_line_says_one(
    document: str, lines: str, said: list[str], tmp_path: Path
) -> None:
    files: dict[str, str | bytes] = {"i.csv": f"{DOCUMENT}I-1,C-1,2026-01-01,{document}\n", "l.csv": RATED + lines}
    found = imported(tmp_path, files, entry()).warnings
    assert [text.split("\n")[0].partition("I-1: ")[2] for text in found] == said


def test_a_currency_without_minor_units_rounds_to_whole_ones(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "i.csv": "number,customer_id,date,currency,net\nI-1,C-1,2026-01-01,JPY,3\n",
        "l.csv": "number,quantity,unit_price\n" + "I-1,1,0.6\n" * 3,
    }
    assert imported(tmp_path, files, entry()).warnings == []


@pytest.mark.parametrize(
    ("price", "amount", "is_named"), [("0.10", 10400, False), ("0.104", 10450, False), ("0.104", 10500, True)]
)
def test_a_line_may_be_off_by_what_its_price_lost_when_it_was_rounded(
    price: str, amount: int, is_named: bool, tmp_path: Path
) -> None:
    found = differences(tmp_path, ",,,,,,,", f"I-1,a,100000,{price},,,{amount}\n")
    assert bool(found) is is_named


@pytest.mark.parametrize(("amount", "count"), [("5584", 0), ("5583", 1), ("5585", 1)])
def test_a_line_may_be_rounded_to_the_unit_of_its_currency(amount: str, count: int, tmp_path: Path) -> None:
    """There are no cents of a yen."""
    lines = LINES + f"I-1,a,3,1861.21,,,{amount}\n"
    files: dict[str, str | bytes] = {"i.csv": "number,customer_id,date\nI-1,C-1,2026-01-01\n", "l.csv": lines}
    assert len(imported(tmp_path, files, entry("values: {currency: JPY}")).warnings) == count
