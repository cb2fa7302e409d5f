"""Pinyin initials of names: what a manager types to find a customer (张伟 → zw, 曾国藩 → zgf)."""

from functools import lru_cache

# Characters read otherwise as a surname than in a word.
_SURNAMES = {
    "曾": "z",
    "单": "s",
    "仇": "q",
    "解": "x",
    "区": "o",
    "查": "z",
    "任": "r",
    "朴": "p",
    "盖": "g",
    "缪": "m",
    "尉": "w",
    "翟": "z",
    "乐": "y",
    "冼": "x",
    "逄": "p",
    "覃": "q",
    "宓": "m",
    "员": "y",
    "种": "c",
    "重": "c",
    "召": "s",
    "折": "s",
    "黑": "h",
    "秘": "b",
    "繁": "p",
    "隗": "w",
    "郇": "x",
    "车": "c",
    "燕": "y",
    "葛": "g",
    "华": "h",
    "应": "y",
    "纪": "j",
    "过": "g",
    "洗": "x",
    "藏": "z",
    "褚": "c",
    "晁": "c",
    "卜": "b",
    "幺": "y",
    "佴": "n",
    "令": "l",
    "尹": "y",
    "长": "z",
    "适": "k",
    "会": "g",
    "祭": "z",
    "哈": "h",
    "那": "n",
    "盛": "s",
    "石": "s",
    "沈": "s",
}
_DOUBLE_SURNAMES = {
    "尉迟": "yc",
    "长孙": "zs",
    "澹台": "tt",
    "万俟": "mq",
    "单于": "cy",
    "宇文": "yw",
    "令狐": "lh",
}
_LONGEST_PERSON = 4


def initials(name: str, *, is_person: bool = True) -> str:
    """Return the pinyin initials of `name`, lower case; letters and digits stay, signs go.

    A person's first character is read as a surname; anything longer than four characters, and every
    organisation, is read as words (重庆 is cq).
    """
    name = name.strip()
    if not is_person or len(name) > _LONGEST_PERSON:
        return _read_words(name)
    if double := _DOUBLE_SURNAMES.get(name[:2]):
        return double + _read_words(name[2:])
    if single := _SURNAMES.get(name[:1]):
        return single + "".join(map(_read_one, name[1:]))
    return "".join(map(_read_one, name))


def _read_words(text: str) -> str:
    from pypinyin import Style, lazy_pinyin  # 55 MB of phrases: only who writes names pays

    parts = lazy_pinyin(text, style=Style.FIRST_LETTER, errors=lambda other: _plain(other))
    return "".join(parts).lower()


@lru_cache(maxsize=30_000)
def _read_one(character: str) -> str:
    return _read_words(character)


def _plain(text: str) -> str:
    return "".join(character for character in text if character.isalnum() and character.isascii())
