"""Writing a workbook or a CSV file, row by row, in constant memory."""

import codecs
import csv
import io

import xlsxwriter

from crm.export.cells import for_csv, plain


def write_xlsx(stream, head: list[str], rows, mark: str, widths: list[int] | None = None) -> int:
    """Write a workbook of one sheet to the binary `stream`; return how many rows.

    Every text is a text cell with Excel's quote prefix, so that it stays one when it is edited; numbers are
    numbers. `mark` stands under the rows and on every printed page.
    """
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    book = xlsxwriter.Workbook(stream, options)
    bold, text = book.add_format({"bold": True}), book.add_format({"quote_prefix": True})
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    sheet.set_footer(f"&L{mark.replace('&', '&&')[:200]}&R&P / &N")
    for place, width in enumerate(widths or []):
        sheet.set_column(place, place, width)
    for place, label in enumerate(head):
        sheet.write_string(0, place, plain(label), bold)
    number = 0
    for number, cells in enumerate(rows, start=1):
        for place, value in enumerate(cells):
            value = plain(value)
            if isinstance(value, str):
                if value:
                    sheet.write_string(number, place, value, text)
            else:
                sheet.write_number(number, place, value)
    sheet.write_string(number + 2, 0, plain(mark), text)
    book.close()
    return number


def write_csv(stream, head: list[str], rows, mark: str, widths=None) -> int:
    """Write CSV (UTF-8 with BOM, as Excel wants it) to the binary `stream`; return how many rows.

    The last line is `mark`.
    """
    stream.write(codecs.BOM_UTF8)
    lines = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(lines, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow([for_csv(label) for label in head])
    number = 0
    for number, cells in enumerate(rows, start=1):  # noqa: B007
        writer.writerow([for_csv(value) for value in cells])
    writer.writerow([for_csv(mark)])
    lines.detach()
    return number


WRITERS = {"xlsx": write_xlsx, "csv": write_csv}
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
