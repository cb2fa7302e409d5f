"""Documents, phones, cards: every example of domain.md §4, and agreement with python-stdnum."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from customers import formats

AS_OF = date(2026, 6, 30)
CASES = [
    (
        lambda number: formats.is_resident_id(number, as_of=AS_OF),
        ["110101190001010014", "310115190102280027", "11010119000101009X", "11010119000101009x"],
        ["110101190001010010", "310115190102300026", "44030519021231", "", "１10101190001010014"],
    ),
    (
        formats.is_uscc,
        ["91100000MA00000073", "129900000000001Y5E", "911000000000000940", "9110 0000-ma00000073"],
        ["91350100M000100Y4Z", "91100000MA0000007A", "91100000IA00000073", "91100000MA0000007"],
    ),
    (
        formats.is_bank_card,
        ["6200000000000013", "6200000000000000125", "620000000000001235", "6200 0000 0000 0013"],
        ["6200000000000014", "62000000000001", "0200000000000008"],
    ),
    (
        formats.is_mobile,
        ["13000000000", "+86 199 0000 0000", "166-0000-0001", "008613800000000"],
        ["12000000000", "1380000000", "138000000000"],
    ),
    (
        formats.is_chinese_passport,
        ["E00000001", "EA0000001", "G00000001"],
        ["EI0000001", "E0000001", "A00000001"],
    ),
    (
        formats.is_hk_macau_permit,
        ["H00000001", "M0000000100", "h00000012"],
        ["K00000001", "H0000001", "H000000010"],
    ),
    (formats.is_taiwan_permit, ["00000001", "0000000101", "12345678"], ["1234567", "T00000001", "123456789"]),
    (
        lambda number: formats.is_hmt_residence(number, as_of=AS_OF),
        ["810000190001010018", "820000190101010025", "830000190201010032"],
        ["81000019000101001X", "840000190001010017", "830000190213010032"],
    ),
]


@pytest.mark.parametrize(("rule", "valid", "invalid"), CASES)
def test_examples_of_the_specification(rule, valid, invalid):
    assert [number for number in valid if not rule(number)] == []
    assert [number for number in invalid if rule(number)] == []


def test_an_area_code_that_was_never_assigned_is_accepted():
    body = "99999919850211001"
    assert formats.is_resident_id(body + ric.calc_check_digit(body + "0"), as_of=AS_OF)


def test_nobody_is_born_tomorrow():
    body = "99999920260701001"
    number = body + ric.calc_check_digit(body + "0")
    assert [formats.is_resident_id(number, as_of=day) for day in (AS_OF, date(2026, 7, 1))] == [False, True]


@given(st.from_regex(r"\A91[0-9]{6}[0-9A-HJ-NPQRTUWXY]{9}[0-9A-HJ-NPQRTUWXY]\Z"))
def test_credit_codes_agree_with_stdnum(number):
    assert formats.is_uscc(number) == uscc.is_valid(number)


def test_foreign_passports_are_five_to_twenty_letters_and_digits():
    assert [formats.is_passport(number) for number in ("A00000001", "X12", "E0000001", "G00000001")] == [
        True,
        False,
        False,
        True,
    ]


def test_documents_and_mobiles_have_one_stored_form():
    assert formats.normal_document(" 11010119000101009x ") == "11010119000101009X"
    assert formats.normal_mobile("+86 199-0000-0000") == "19900000000"
