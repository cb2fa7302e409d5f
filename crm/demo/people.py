"""Names of people and firms, vectorised over birth years and sexes."""

import numpy as np
import polars as pl

from crm.demo import words
from crm.demo.dice import pick

_SURNAMES = np.array(list(words.SURNAMES))
_SURNAME_WEIGHTS = np.array(list(words.SURNAMES.values()), dtype=float)


def surnames(rng: np.random.Generator, size: int) -> np.ndarray:
    return _SURNAMES[pick(rng, _SURNAME_WEIGHTS, size)]


def given_names(rng: np.random.Generator, birth_year: np.ndarray, male: np.ndarray) -> np.ndarray:
    """Return one or two characters in the fashion of the year of birth."""
    size = len(birth_year)
    generation = np.searchsorted(words.GENERATIONS, birth_year, side="right")
    single = rng.random(size) < np.array([0.1, 0.3, 0.25, 0.08])[generation]
    draws = rng.random((2, size))
    names = np.full(size, "", dtype="<U2")
    for sex, pools in ((True, words.MALE), (False, words.FEMALE)):
        for number, pool in enumerate(pools):
            here = (generation == number) & (np.asarray(male) == sex)
            letters = np.array(list(pool))
            first, second = ((draws[row][here] * len(letters)).astype(int) for row in (0, 1))
            second = np.where(second == first, (second + 1) % len(letters), second)
            pair = np.char.add(letters[first], letters[second])
            names[here] = np.where(single[here], letters[first], pair)
    return names


def full_names(
    rng: np.random.Generator, birth_year: np.ndarray, male: np.ndarray, surname: np.ndarray | None = None
) -> np.ndarray:
    """Return constructed full names; `surname` fixes the first part where given."""
    family = surnames(rng, len(birth_year)) if surname is None else surname
    return join(family, given_names(rng, birth_year, male))


def join(*parts) -> np.ndarray:
    """Return strings put together element by element; scalars repeat."""
    size = max(len(part) for part in parts if not isinstance(part, str))
    frame = pl.DataFrame(
        {f"c{i}": [part] * size if isinstance(part, str) else part for i, part in enumerate(parts)}
    )
    return frame.select(joined=pl.concat_str(frame.columns))["joined"].to_numpy()


def firms(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (names, industry sections) of companies; a name met again gets a place in brackets."""
    stem, trade = _stems(rng, size), rng.integers(0, len(words.TRADES), size)
    labels, sections = (np.array([row[part] for row in words.TRADES])[trade] for part in (0, 1))
    form = np.where(rng.random(size) < 0.06, "股份有限公司", "有限公司")
    return _distinct(join(stem, labels), form), sections


def shops(rng: np.random.Generator, size: int, owner_surname: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (names, industry sections) of sole traders, half of them under the owner's surname."""
    kind = rng.integers(0, len(words.SHOPS), size)
    labels, sections = (np.array([row[part] for row in words.SHOPS])[kind] for part in (0, 1))
    district = np.array(words.DISTRICTS)[rng.integers(0, len(words.DISTRICTS), size)]
    stem = np.where(rng.random(size) < 0.5, join(owner_surname, "记"), _stems(rng, size))
    return _distinct(join(district, "区", stem), labels), sections


def public_bodies(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    kind = rng.integers(0, len(words.PUBLIC_BODIES), size)
    counter = np.zeros(len(words.PUBLIC_BODIES), dtype=int)
    names, sections = [], []
    for number in kind:
        pattern, section = words.PUBLIC_BODIES[number]
        count = counter[number]
        counter[number] += 1
        district = words.DISTRICTS[count % len(words.DISTRICTS)]
        numeral = chinese_number(count // (1 if "{d}" not in pattern else len(words.DISTRICTS)) + 1)
        names.append(words.CITY + pattern.format(n=numeral, d=district))
        sections.append(section)
    return np.array(names), np.array(sections)


def associations(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    road = np.array(words.DISTRICTS + words.ROADS)
    kind = rng.integers(0, len(words.ASSOCIATIONS), size)
    place = road[rng.integers(0, len(road), size)]
    names = np.array(
        [words.CITY + words.ASSOCIATIONS[k].format(r=p) for k, p in zip(kind, place, strict=True)]
    )
    return _distinct(names, ""), np.full(size, "S")


def chinese_number(number: int) -> str:
    """Return 1..99 in Chinese numerals, larger ones in figures."""
    if number > 99:
        return str(number)
    tens, ones = divmod(number, 10)
    head = "" if not tens else ("十" if tens == 1 else words.NUMERALS[tens - 1] + "十")
    return head + (words.NUMERALS[ones - 1] if ones else "")


def _stems(rng: np.random.Generator, size: int) -> np.ndarray:
    first, second = (np.array(list(letters)) for letters in (words.FIRM_FIRST, words.FIRM_SECOND))
    return join(first[rng.integers(0, len(first), size)], second[rng.integers(0, len(second), size)])


def _distinct(names: np.ndarray, ending: np.ndarray | str) -> np.ndarray:
    """Return names + ending, telling repeated ones apart by a district and then by a number."""
    place = np.array(["", *(f"（{district}）" for district in words.DISTRICTS)])
    frame = pl.DataFrame(
        {"name": names, "ending": [ending] * len(names) if isinstance(ending, str) else ending}
    )
    frame = frame.with_columns(seen=pl.int_range(pl.len()).over("name"))
    seen = frame["seen"].to_numpy()
    number = np.array(
        [chinese_number(n) if n else "" for n in range(int(seen.max(initial=0)) // len(place) + 1)]
    )
    return join(
        frame["name"].to_numpy(),
        place[seen % len(place)],
        number[seen // len(place)],
        frame["ending"].to_numpy(),
    )
