"""Workbooks written by hand, so that a test can have in them what no spreadsheet program writes."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def digits_of(number: Decimal) -> str:
    """A number without an exponent, and without zeros at the end of its decimals."""
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if number else "0"


def sheet_of(rows: str, namespace: str = MAIN) -> str:
    """The XML of a sheet with these `<row>` tags."""
    return f'<worksheet xmlns="{namespace}"><sheetData>{rows}</sheetData></worksheet>'


def one_row(*cells: str) -> str:
    """The XML of a sheet whose first row has these `<c>` tags."""
    return sheet_of(f'<row r="1">{"".join(cells)}</row>')


def parts_of(
    *sheets: str, strings: Sequence[str] = (), formats: Mapping[int, str] | None = None, properties: str = ""
) -> dict[str, str]:
    """The parts of a workbook by their names; sheets are called One, Two, Three.

    `strings` are the insides of `<si>` tags; a cell of style 0 is plain, and that of style n has the n-th of `formats`,
    by id and code ('' for a format that is built in).
    """
    titles = ["One", "Two", "Three"][: len(sheets)]
    tags = "".join(f'<sheet name="{title}" sheetId="{n}" r:id="s{n}"/>' for n, title in enumerate(titles))
    related = "".join(
        f'<Relationship Id="s{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n, _ in enumerate(sheets)
    )
    codes = "".join(f'<numFmt numFmtId="{id_}" formatCode="{code}"/>' for id_, code in (formats or {}).items() if code)
    styles = "".join(f'<xf numFmtId="{id_}"/>' for id_ in [0, *(formats or {})])
    return {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="a" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{_OFFICE}">{properties}'
        f"<sheets>{tags}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{related}'
        f'<Relationship Id="x" Type="{_OFFICE}/sharedStrings" Target="/xl/sharedStrings.xml"/>'
        f'<Relationship Id="y" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{"".join(f"<si>{string}</si>" for string in strings)}</sst>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><numFmts>{codes}</numFmts>'
        f'<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>{styles}</cellXfs></styleSheet>',
        **{f"xl/worksheets/sheet{n}.xml": sheet for n, sheet in enumerate(sheets)},
    }


def packed(parts: Mapping[str, str | bytes]) -> bytes:
    """The parts as the bytes of a workbook."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return data.getvalue()


def write(file: Path, *sheets: str, **more: object) -> Path:
    """A workbook of these sheets in `file`; `more` as for parts_of."""
    file.write_bytes(packed(parts_of(*sheets, **more)))  # type: ignore[arg-type]  # handed on as they are
    return file


def cell(value: str | float) -> str:
    """A `<c>` tag that holds a text, or a number as a number."""
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
    return f"<c><v>{value!r}</v></c>"
