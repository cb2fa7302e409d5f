"""How names sound: the pinyin initials that a manager types to find a customer (张伟 → zw, 曾国藩 → zgf), and
the whole sound, by which a slip of the ear or of the fingers still finds him (张玮, zangwei → 张伟)."""

import re
from functools import lru_cache

# Characters read otherwise as a surname than in a word.
_READ_AS_SURNAMES = (
    "曾zeng 单shan 仇qiu 解xie 区ou 查zha 任ren 朴piao 盖ge 缪miao 尉wei 翟zhai 乐yue 冼xian 逄pang "
    "覃qin 宓mi 员yun 种chong 重chong 召shao 折she 黑he 秘bi 繁po 隗wei 郇xun 车che 燕yan 葛ge 华hua "
    "应ying 纪ji 过guo 洗xian 藏zang 褚chu 晁chao 卜bu 幺yao 佴nai 令ling 尹yin 长zhang 适kuo 会gui "
    "祭zhai 哈ha 那na 盛sheng 石shi 沈shen "
)
_SURNAMES = {word[0]: word[1:] for word in _READ_AS_SURNAMES.split()}
_DOUBLE_SURNAMES = {
    "尉迟": ("yu", "chi"),
    "长孙": ("zhang", "sun"),
    "澹台": ("tan", "tai"),
    "万俟": ("mo", "qi"),
    "单于": ("chan", "yu"),
    "宇文": ("yu", "wen"),
    "令狐": ("ling", "hu"),
}
_LONGEST_PERSON = 4
LONGEST_SOUND = 60
# What ears and dialects confuse: flat and curled tongue, front and back nasal; ü is typed v or u.
_ALIKE = re.compile("[zcs]h|ng|v")
_FOLDED = {"zh": "z", "ch": "c", "sh": "s", "ng": "n", "v": "u"}


def initials(name: str, *, is_person: bool = True) -> str:
    """Return the pinyin initials of `name`, lower case; letters and digits stay, signs go.

    A person's first character is read as a surname; anything longer than four characters, and every
    organisation, is read as words (重庆 is cq).
    """
    syllables, rest = _surname(name.strip(), is_person)
    return "".join(syllable[0] for syllable in syllables) + _read(rest, is_person, whole=False)


def sound(name: str, *, is_person: bool = True) -> str:
    """Return how `name` sounds, syllables joined, what is easily confused made one: 沈知远 → senziyuan.

    At most 60 letters, which is more than anybody types.
    """
    syllables, rest = _surname(name.strip(), is_person)
    return folded("".join(syllables) + _read(rest, is_person, whole=True))[:LONGEST_SOUND]


def folded(pinyin: str) -> str:
    """Return typed or read pinyin with what is easily confused made one: zhang → zan."""
    return _ALIKE.sub(lambda pair: _FOLDED[pair[0]], pinyin.lower())


def _surname(name: str, is_person: bool) -> tuple[tuple[str, ...], str]:
    """The syllables of a surname that has a reading of its own, and what follows it."""
    if not is_person or len(name) > _LONGEST_PERSON:
        return (), name
    if double := _DOUBLE_SURNAMES.get(name[:2]):
        return double, name[2:]
    if single := _SURNAMES.get(name[:1]):
        return (single,), name[1:]
    return (), name


def _read(text: str, is_person: bool, *, whole: bool) -> str:
    """Short names of persons character by character, which is kept; the rest in words."""
    if is_person and len(text) <= _LONGEST_PERSON:
        return "".join(_read_one(character, whole) for character in text)
    return _read_words(text, whole)


def _read_words(text: str, whole: bool) -> str:
    from pypinyin import Style, lazy_pinyin  # 55 MB of phrases: only who writes or hears names pays

    style = Style.NORMAL if whole else Style.FIRST_LETTER
    return "".join(lazy_pinyin(text, style=style, errors=_plain)).lower()


@lru_cache(maxsize=60_000)
def _read_one(character: str, whole: bool) -> str:
    return _read_words(character, whole)


def _plain(text: str) -> str:
    return "".join(character for character in text if character.isalnum() and character.isascii())
