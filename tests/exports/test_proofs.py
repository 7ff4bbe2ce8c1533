"""How an export is written is proven by its cells or not at all; brute force over every cell agrees."""

import datetime
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from portalgen.database import Database
from portalgen.exports.proofs import CANDIDATES, Proof, Verdict, prove_dates, prove_decimal
from portalgen.exports.values import date_sql, fault_of_patterns
from tests.exports.readers import parsed_date, parsed_number

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PROVEN, INDIFFERENT, AMBIGUOUS, CONTRADICTED = Verdict


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with Database() as opened:
        yield opened


def staged(database: Database, *files: Sequence[str | None]) -> list[tuple[str, str]]:
    """A table `staged` with a column `cell`, filled from the files; and its name and column."""
    database.run("CREATE OR REPLACE TABLE staged (file INTEGER, file_row BIGINT, cell VARCHAR)")
    for number, cells in enumerate(files):
        insert = "INSERT INTO staged SELECT ?, generate_subscripts(?::VARCHAR[], 1), unnest(?::VARCHAR[])"
        database.run(insert, number, list(cells), list(cells))
    return [("staged", "cell")]


def decimals(database: Database, *files: Sequence[str | None]) -> Proof:
    return prove_decimal(database.rows, staged(database, *files))


def dates(database: Database, *files: Sequence[str | None]) -> Proof:
    return prove_dates(database.rows, staged(database, *files))


@pytest.mark.parametrize(
    ("cells", "verdict", "found"),
    [
        (["12.50", "1,234"], PROVEN, "."),
        (["12,50", "1.234"], PROVEN, ","),
        (["1.234", "0,500"], PROVEN, ","),
        (["1,234", "0.500"], PROVEN, "."),
        (["1,234,567", "1,234"], PROVEN, "."),
        (["1.234.567", "1.234"], PROVEN, ","),
        (["12,34,567", "1,234"], PROVEN, "."),
        (["1,234 kr", "12,5 kr"], PROVEN, ","),
        (["1,234 %", "12,5 %"], PROVEN, ","),
        (["(1,234)", "$1,234.5"], PROVEN, "."),
        (["12", "1'234", "1 234", None, "-5"], INDIFFERENT, "."),
        (["TBD", "n/a", "1,23,4", "1e5"], INDIFFERENT, "."),
        ([], INDIFFERENT, "."),
        (["1,234", "12"], AMBIGUOUS, ".,"),
        (["1.234"], AMBIGUOUS, ".,"),
        (["12,50", "12.50", "13.50"], CONTRADICTED, ".,"),
        (["12,50", "12.50", "13,50"], CONTRADICTED, ",."),
    ],
)
def test_numbers_prove_their_separator(
    database: Database, cells: list[str | None], verdict: Verdict, found: str
) -> None:
    proof = decimals(database, cells)
    assert (proof.verdict, proof.settings) == (verdict, tuple(found))
    assert proof.holds == (verdict in {PROVEN, INDIFFERENT})
    assert proof.holds == (not proof.samples)


def test_an_ambiguous_number_is_shown_with_its_place_and_both_readings(database: Database) -> None:
    proof = decimals(database, ["12", "7.000"], ["1,500", "2,500", "3,500", "4,500"])
    assert [(sample.file, sample.file_row, sample.column) for sample in proof.samples] == [
        (0, 2, "cell"),
        (1, 1, "cell"),
        (1, 2, "cell"),
    ]
    assert str(proof.samples[1]) == "'1,500' is 1500 under '.' and 1.5 under ','"


def test_files_that_contradict_each_other_are_told_apart(database: Database) -> None:
    proof = decimals(database, ["12.50", "13.50"], ["12,50", "1.234"], ["7"])
    assert (proof.verdict, proof.by_file) == (CONTRADICTED, ((0, (".",)), (1, (",",))))
    assert [str(sample) for sample in proof.samples] == ["'12.50' is 12.5 under '.'", "'12,50' is 12.5 under ','"]
    assert decimals(database, ["12.50", "12,50"], ["7.10"]).by_file == ()


NUMBERS = (
    *("1", "12.5", "12,5", "1.234", "1,234", "0,123", "0.123", "1.234,5", "1,234.5", "1,23,456"),
    *("1.234.567", "$1,234", "-1.234", "1,2,3", "x"),
)


@QUICK
@given(
    cells=st.lists(
        st.sampled_from(NUMBERS),
        max_size=8,
    )
    | st.lists(st.text(st.sampled_from("0123.,,.' -"), max_size=8), max_size=8)
)
@example(["Rs.1.234", "1,234 kr."])
def test_decimals_are_proven_as_by_brute_force(database: Database, cells: list[str]) -> None:
    pairs = [(parsed_number(cell, "."), parsed_number(cell, ",")) for cell in cells]
    point = any(one is not None and other is None for one, other in pairs)
    comma = any(one is None and other is not None for one, other in pairs)
    differ = any(one != other for one, other in pairs if one is not None and other is not None)
    expected = CONTRADICTED if point and comma else PROVEN if point or comma else AMBIGUOUS if differ else INDIFFERENT
    proof = decimals(database, cells)
    assert proof.verdict is expected
    if expected is PROVEN:
        assert proof.settings == ("." if point else ",",)


@pytest.mark.parametrize(
    ("cells", "verdict", "found"),
    [
        (["13/01/2026", "02/01/2026"], PROVEN, ["%d/%m/%Y"]),
        (["01/13/2026", "02/01/2026"], PROVEN, ["%m/%d/%Y"]),
        (["1/13/2026", "2/1/2026"], PROVEN, ["%m/%d/%Y"]),
        (["13-01-2026"], PROVEN, ["%d-%m-%Y"]),
        (["02.01.2026"], PROVEN, ["%d.%m.%Y"]),
        (["02.01.26"], PROVEN, ["%d.%m.%y"]),
        (["01/13/26"], PROVEN, ["%m/%d/%y"]),
        (["13/01/99"], PROVEN, ["%d/%m/%y"]),
        (["2026/01/02", "2026/1/3"], PROVEN, ["%Y/%m/%d"]),
        (["20260102"], PROVEN, ["%Y%m%d"]),
        (["2026-1-2"], PROVEN, ["%Y-%m-%d"]),
        (["3 Jan 2024"], PROVEN, ["%d %b %Y"]),
        (["January 3, 2024"], PROVEN, ["%B %d, %Y"]),
        (["Jan 28 2021"], PROVEN, ["%b %d %Y"]),
        (["03-JAN-24"], PROVEN, ["%d-%b-%y"]),
        (["05/05/2026"], PROVEN, ["%d/%m/%Y"]),
        (["13/01/2026", "2026-02-01", "n/a", None], PROVEN, ["%d/%m/%Y"]),
        (["13/01/2026", "02/01/2026 10:15"], PROVEN, ["%d/%m/%Y", "%d/%m/%Y %H:%M"]),
        (["1/13/2026 9:05:00 AM", "1/2/2026 9:05:00 pm"], PROVEN, ["%m/%d/%Y %I:%M:%S %p"]),
        (["1/13/2026, 9:05 AM"], PROVEN, ["%m/%d/%Y, %I:%M %p"]),
        (["2026-01-02T10:15:00.123"], PROVEN, ["%Y-%m-%dT%H:%M:%S.%f"]),
        (["13/01/2026", "3 Feb 2026"], PROVEN, ["%d %b %Y", "%d/%m/%Y"]),
        (["2026-01-02", None], INDIFFERENT, []),
        (["TBD", "46053", "31/02/2026", "2026-01-02T10:15:00Z"], INDIFFERENT, []),
        ([], INDIFFERENT, []),
        (["02/01/2026", "03/01/2026"], AMBIGUOUS, ["%d/%m/%Y", "%m/%d/%Y"]),
        (["02/01/2026 10:15"], AMBIGUOUS, ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"]),
        (["13/01/26"], AMBIGUOUS, ["%d/%m/%y", "%y/%m/%d"]),
        (["02/01/2026", "13.01.2026"], AMBIGUOUS, ["%d/%m/%Y", "%m/%d/%Y"]),
        (["13/01/2026", "01/13/2026", "14/01/2026"], CONTRADICTED, ["%d/%m/%Y", "%m/%d/%Y"]),
    ],
)
def test_dates_prove_their_pattern(
    database: Database, cells: list[str | None], verdict: Verdict, found: list[str]
) -> None:
    proof = dates(database, cells)
    assert (proof.verdict, sorted(proof.settings)) == (verdict, sorted(found))
    assert proof.holds == (not proof.samples)


def test_an_ambiguous_date_is_shown_with_its_place_and_both_readings(database: Database) -> None:
    proof = dates(database, ["05/05/2026", "03/02/2026", "03/02/2026"], ["01/02/2026", "04/05/2026"])
    assert [(sample.file, sample.file_row, sample.text) for sample in proof.samples] == [
        (0, 2, "03/02/2026"),
        (1, 1, "01/02/2026"),
        (1, 2, "04/05/2026"),
    ]
    assert str(proof.samples[1]) == "'01/02/2026' is 2026-02-01 under '%d/%m/%Y' and 2026-01-02 under '%m/%d/%Y'"


def test_files_with_days_and_months_in_another_order_are_told_apart(database: Database) -> None:
    proof = dates(database, ["13/01/2026"], ["01/13/2026", "01/02/2026"], ["2026-01-01"])
    assert (proof.verdict, proof.by_file) == (CONTRADICTED, ((0, ("%d/%m/%Y",)), (1, ("%m/%d/%Y",))))
    assert [str(sample) for sample in proof.samples] == [
        "'01/13/2026' is 2026-01-13 under '%m/%d/%Y'",
        "'13/01/2026' is 2026-01-13 under '%d/%m/%Y'",
    ]


def test_all_columns_of_an_export_are_proven_together(database: Database) -> None:
    staged(database, ["02/01/2026"])
    database.run("CREATE OR REPLACE TABLE later AS SELECT 0 AS file, 1 AS file_row, '13/01/2026' AS due_date")
    proof = prove_dates(database.rows, [("staged", "cell"), ("(SELECT * FROM later)", "due_date")])
    assert (proof.verdict, proof.settings) == (PROVEN, ("%d/%m/%Y",))


ALIKE = [
    ["%d/%m/%Y", "%m/%d/%Y"],
    ["%d-%m-%Y", "%m-%d-%Y"],
    ["%d/%m/%y", "%m/%d/%y", "%y/%m/%d"],
    ["%d-%m-%y", "%m-%d-%y", "%y-%m-%d"],
]
"""The patterns whose dates look alike; a date of any other candidate looks like no other's."""
DAYS = st.dates(datetime.date(1990, 1, 1), datetime.date(2050, 1, 1)) | st.builds(
    datetime.date, st.integers(2024, 2027), st.integers(1, 12), st.integers(1, 13)
)


@st.composite
def columns_of_dates(draw: st.DrawFn) -> list[str]:
    """Cells written by one or two patterns, and perhaps some that are no dates."""
    patterns = draw(st.lists(st.sampled_from(CANDIDATES), min_size=1, max_size=2))
    time = draw(st.sampled_from(["", " %H:%M", " %I:%M:%S %p", "T%H:%M:%S"]))
    days = draw(st.lists(st.tuples(DAYS, st.sampled_from(patterns)), max_size=6))
    junk = draw(st.sampled_from([[], ["n/a"], ["31/02/2026"], ["2026-01-31"]]))
    return [day.strftime(pattern + time) for day, pattern in days] + junk


def verdict_of(cells: Sequence[str], alike: Sequence[str]) -> Verdict:
    """What the cells say of patterns that look alike, each cell read by each."""
    read = [{pattern: parsed_date(cell.split("T")[0].split(" ")[0], pattern) for pattern in alike} for cell in cells]
    read = [each for each in read if any(each.values())]
    fitting = [pattern for pattern in alike if all(each[pattern] for each in read)]
    if not read:
        return INDIFFERENT
    if not fitting:
        return CONTRADICTED
    return AMBIGUOUS if any(len({each[pattern] for pattern in fitting}) > 1 for each in read) else PROVEN


@QUICK
@given(cells=columns_of_dates())
def test_dates_are_proven_as_by_brute_force(database: Database, cells: list[str]) -> None:
    verdicts = {verdict_of(cells, alike) for alike in ALIKE}
    proof = dates(database, cells)
    if worse := verdicts & {CONTRADICTED, AMBIGUOUS}:
        assert proof.verdict is (CONTRADICTED if CONTRADICTED in worse else AMBIGUOUS)
    else:
        assert proof.holds


@QUICK
@given(cells=columns_of_dates())
def test_what_is_proven_reads_every_date_as_any_pattern_that_fits_them_all_would(
    database: Database, cells: list[str]
) -> None:
    proof = dates(database, cells)
    if not proof.holds:
        return
    assert fault_of_patterns(proof.settings) == ""
    read = dict(database.rows(f"SELECT DISTINCT cell, {date_sql('cell', proof.settings)} FROM staged"))  # noqa: S608
    for cell in set(cells) - {"n/a", "31/02/2026"}:
        assert read[cell] is not None
    for alike in ALIKE:
        bare = {cell: cell.split("T")[0].split(" ")[0] for cell in cells}
        mine = [cell for cell in cells if any(parsed_date(bare[cell], pattern) for pattern in alike)]
        for pattern in alike:
            days = {cell: parsed_date(bare[cell], pattern) for cell in mine}
            assert None in days.values() or days == {cell: read[cell] for cell in mine}


@pytest.mark.parametrize("pattern", CANDIDATES)
def test_every_candidate_is_a_pattern_and_is_found(database: Database, pattern: str) -> None:
    days = [datetime.date(1987, 9, 30), datetime.date(2045, 8, 29)]
    proof = dates(database, [day.strftime(pattern) for day in days])
    assert fault_of_patterns([pattern]) == ""
    assert proof.verdict is (INDIFFERENT if pattern == "%Y-%m-%d" else PROVEN)
    assert {row for (row,) in database.rows(f"SELECT {date_sql('cell', proof.settings)} FROM staged")} == {*days}  # noqa: S608
