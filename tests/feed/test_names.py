"""Pinyin initials: surnames that are read otherwise, compound surnames, organisations."""

import pytest

from customers.names import initials


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("张伟", "zw"),
        ("曾国藩", "zgf"),
        ("单雄信", "sxx"),
        ("仇英", "qy"),
        ("解缙", "xj"),
        ("查良镛", "zly"),
        ("欧阳修", "oyx"),
        ("尉迟恭", "ycg"),
        ("Anna Lee", "annalee"),
        ("", ""),
    ],
)
def test_initials_of_persons(name, expected):
    assert initials(name) == expected


def test_organisations_are_read_as_words():
    assert initials("重庆长安汽车股份有限公司", is_person=False) == "cqcaqcgfyxgs"
    assert initials("ABC 贸易(上海)", is_person=False) == "abcmysh"
