"""Documents, phones, cards: every example of domain.md §4, and agreement with python-stdnum."""

from datetime import date

import pytest
from django.utils import translation
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


# Every invalid example of domain.md §4 with what is said of it: which character, and what should stand there.
FAULTS = [
    ("resident_id", "110101190001010010", "The check digit should be 4, not 0"),
    ("resident_id", "310115190102300026", "Positions 13 and 14: the month has no such day"),
    ("resident_id", "310115190113300026", "Positions 11 and 12: there is no such month"),
    ("resident_id", "44030519021231", "An identity number has 18 characters; this has 14"),
    ("resident_id", "11O101190001010014", "Position 3: a digit stands here, not O"),
    ("resident_id", "11010119000101009A", "The check digit should be X, not A"),
    ("resident_id", "110101189901010014", "Positions 7 to 10: a year of birth before 1900"),
    ("resident_id", "110101202612310014", "Positions 7 to 14: a day of birth in the future"),
    ("uscc", "91350100M000100Y4Z", "Position 18: letter Z is not used"),
    ("uscc", "91350100M000100Y4A", "The check digit should be 3, not A"),
    ("uscc", "91100000MA0000007A", "The check digit should be 3, not A"),
    ("uscc", "91100000IA00000073", "Position 9: letter I is not used"),
    ("uscc", "911O0000MA00000073", "Position 4: a digit stands here, not O"),
    ("uscc", "91100000M*00000073", "Position 10: * is neither a letter nor a digit"),
    ("uscc", "911", "A unified social credit code has 18 characters; this has 3"),
    ("passport", "EI0000001", "Position 2: letter I is not used, it reads like a digit"),
    ("passport", "E0000001", "A Chinese passport's number has 9 characters here; this has 8"),
    ("passport", "G0000000A", "Position 9: a digit stands here, not A"),
    ("passport", "X12", "A passport's number has 5 to 20 characters; this has 3"),
    ("hk_macau_permit", "K00000001", "Position 1: H for Hong Kong or M for Macau, not K"),
    ("hk_macau_permit", "H0000001", "A Hong Kong and Macau permit has 9 or 11 characters; this has 8"),
    ("hk_macau_permit", "H000000010", "A Hong Kong and Macau permit has 9 or 11 characters; this has 10"),
    ("taiwan_permit", "1234567", "A Taiwan permit has 8 or 10 digits; this has 7"),
    ("taiwan_permit", "T00000001", "Position 1: a digit stands here, not T"),
    ("taiwan_permit", "123456789", "A Taiwan permit has 8 or 10 digits; this has 9"),
    ("hmt_residence", "81000019000101001X", "The check digit should be 8, not X"),
    (
        "hmt_residence",
        "840000190001010017",
        "Positions 1 to 6: such a permit begins with 810000, 820000 or 830000, not 840000",
    ),
    ("hmt_residence", "830000190213010032", "Positions 11 and 12: there is no such month"),
    ("mobile", "12000000000", "A mobile number begins with 13 to 19; this begins with 12"),
    ("mobile", "1380000000", "A mobile number has 11 digits; this has 10"),
    ("mobile", "138000000000", "A mobile number has 11 digits; this has 12"),
    ("mobile", "1380000000O", "Position 11: a digit stands here, not O"),
    ("card", "6200000000000014", "The check digit should be 3, not 4"),
    ("card", "62000000000001", "A card number has 16 to 19 digits; this has 14"),
    ("card", "0200000000000008", "Position 1: a card number does not begin with 0"),
]


@pytest.mark.parametrize(("kind", "number", "said"), FAULTS)
def test_a_fault_names_the_character(kind, number, said):
    others = {"mobile": formats.mobile_fault, "card": formats.bank_card_fault}
    with translation.override("en"):
        told = others[kind](number) if kind in others else formats.document_fault(kind, number, as_of=AS_OF)
    assert told == said


@given(st.sampled_from(sorted(formats._DOCUMENTS)), st.text(max_size=22))
def test_whatever_is_typed_has_an_answer(kind, number):
    """A number is right, or one sentence says why not; never both, never neither."""
    holds = formats._DOCUMENTS[kind].holds(formats.normal_document(number), AS_OF)
    assert holds == (formats.document_fault(kind, number, as_of=AS_OF) == "")


@given(st.text(max_size=22))
def test_whatever_mobile_or_card_is_typed_has_an_answer(number):
    assert formats.is_mobile(number) == (formats.mobile_fault(number) == "")
    assert formats.is_bank_card(number) == (formats.bank_card_fault(number) == "")


def test_valid_examples_have_no_fault():
    for kind, (_rule, valid, _invalid) in zip(
        ("resident_id", "uscc", None, None, "passport", "hk_macau_permit", "taiwan_permit", "hmt_residence"),
        CASES,
        strict=True,
    ):
        if kind:
            assert [formats.document_fault(kind, number, as_of=AS_OF) for number in valid] == [""] * len(
                valid
            )
