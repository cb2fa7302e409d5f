"""Document numbers, mobiles and account numbers with right check digits, for people who do not exist.

Identity numbers stand under area code 999999, which was never assigned; mobiles in a 0000 block
(`139 0000 xxxx`). Rules: domain.md §4.
"""

import numpy as np
import polars as pl

AREA = "999999"
_ID_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_ID_CHECK = np.array(list("10X98765432"))
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])


def _digits(text: np.ndarray, alphabet: str = "0123456789") -> np.ndarray:
    """Return the values of equally long strings' characters, shape (n, length)."""
    width = len(text[0])
    codes = np.frombuffer("".join(text.tolist()).encode(), dtype=np.uint8).reshape(-1, width)
    values = np.zeros(128, dtype=np.int64)
    for value, letter in enumerate(alphabet):
        values[ord(letter)] = value
    return values[codes]


def _numbered(prefix: np.ndarray | str, numbers: np.ndarray, width: int) -> np.ndarray:
    """Return prefix + zero-filled numbers as strings."""
    filled = pl.Series(numbers).cast(pl.String).str.zfill(width)
    return ((prefix if isinstance(prefix, str) else pl.Series(prefix)) + filled).to_numpy()


def resident_ids(born: np.ndarray, male: np.ndarray) -> np.ndarray:
    """Return 18-character identity numbers for birth days (day numbers); unique for 500 a day and sex."""
    if not len(born):
        return np.array([], dtype=str)
    order = pl.DataFrame({"born": born, "male": male}).with_columns(
        seq=pl.int_range(pl.len()).over("born", "male") % 500
    )
    ymd = pl.Series(np.asarray(born, dtype=np.int32)).cast(pl.Date).dt.strftime("%Y%m%d")
    sequence = order["seq"].to_numpy() * 2 + np.asarray(male)
    body = _numbered((AREA + ymd).to_numpy(), sequence, 3)
    check = _ID_CHECK[_digits(body) @ _ID_WEIGHTS % 11]
    return (pl.Series(body) + pl.Series(check)).to_numpy()


def credit_codes(kind: str, numbers: np.ndarray) -> np.ndarray:
    """Return unified social credit codes: `kind` (two characters), area, number, checks."""
    if not len(numbers):
        return np.array([], dtype=str)
    base = _numbered("MA", numbers % 1_000_000, 6)
    rest = 11 - _digits(base, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") @ _ORGANISATION_WEIGHTS % 11
    organisation = pl.Series(base) + pl.Series(np.array(list("?123456789X0"))[rest])
    body = (kind + AREA + organisation).to_numpy()
    weights = np.array([pow(3, place, 31) for place in range(17)])
    check = np.array(list(_USCC))[(31 - _digits(body, _USCC) @ weights % 31) % 31]
    return (pl.Series(body) + pl.Series(check)).to_numpy()


def mobiles(numbers: np.ndarray) -> np.ndarray:
    """Return mobile numbers, each in the 0000 block of a prefix: 1390000xxxx, 1380000xxxx, …"""
    prefixes = np.array([139 - step for step in range(10)] + list(range(189, 139, -1)))
    blocks = pl.Series(prefixes[numbers // 10_000 % len(prefixes)]).cast(pl.String) + "0000"
    return _numbered(blocks.to_numpy(), numbers % 10_000, 4)


def card_numbers(prefix: str, numbers: np.ndarray) -> np.ndarray:
    """Return 19-digit card numbers under `prefix` with a Luhn digit."""
    if not len(numbers):
        return np.array([], dtype=str)
    body = _numbered(prefix, numbers, 18 - len(prefix))
    values = _digits(body)
    doubled = values[:, ::-1].copy()
    doubled[:, ::2] *= 2
    total = np.where(doubled > 9, doubled - 9, doubled).sum(axis=1)
    return _numbered(body, (10 - total % 10) % 10, 1)
