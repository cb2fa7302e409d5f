"""The raw files of the PKDD'99 bank (`;`-separated, quoted, dates YYMMDD, amounts in CZK) as frames."""

from pathlib import Path

import polars as pl

FILES = ("account", "card", "client", "disp", "district", "loan", "order", "trans")


class RawError(Exception):
    """The raw files are not there or not readable; the message says which and what to do."""


def read(source: Path) -> dict[str, pl.DataFrame]:
    """Return the eight files by name, every column text, as the file has it; raises RawError."""
    missing = [name for name in FILES if not (source / f"{name}.asc").is_file()]
    if missing:
        raise RawError(
            f"{source} lacks {missing[0]}.asc: give the folder with the eight .asc files of the PKDD'99 bank."
        )
    try:
        return {
            name: pl.read_csv(source / f"{name}.asc", separator=";", infer_schema_length=0) for name in FILES
        }
    except pl.exceptions.PolarsError as error:
        raise RawError(f"{source} holds a file that is not as expected ({error}): fetch it again.") from None


def day(column: str) -> pl.Expr:
    """Return YYMMDD text (a time after it is ignored) of the twentieth century as a date."""
    return ("19" + pl.col(column).str.slice(0, 6)).str.to_date("%Y%m%d")


def hundredths(column: str) -> pl.Expr:
    """Return an amount of CZK as an integer of hundredths, exactly."""
    return pl.col(column).cast(pl.Decimal(18, 2)).mul(100).cast(pl.Int64)
