"""The file of a calendar as RFC 5545 wants it: read back by unfolding, octets counted."""

from datetime import UTC, date, datetime

from crm.icalendar import Event, calendar, folded, text

STAMP = datetime(2026, 6, 30, 1, 2, 3, tzinfo=UTC)


def unfold(body: bytes) -> list[str]:
    return body.replace(b"\r\n ", b"").decode().split("\r\n")


def test_a_calendar_of_one_event():
    events = [Event("a@x", date(2026, 6, 30), "约定联系 · C1", url="https://x/1")]
    assert calendar("管户", events, STAMP).decode() == (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Guanhu//CRM//ZH\r\nCALSCALE:GREGORIAN\r\n"
        "METHOD:PUBLISH\r\nX-WR-CALNAME:管户\r\nREFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n"
        "BEGIN:VEVENT\r\nUID:a@x\r\nDTSTAMP:20260630T010203Z\r\nDTSTART;VALUE=DATE:20260630\r\n"
        "DTEND;VALUE=DATE:20260701\r\nSUMMARY:约定联系 · C1\r\nURL:https://x/1\r\nTRANSP:TRANSPARENT\r\n"
        "CLASS:PRIVATE\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def test_text_is_escaped():
    assert text("a;b,c\\d\r\ne\nf\rg\x00\x07") == "a\\;b\\,c\\\\d\\ne\\nf\\ng"


def test_lines_fold_at_75_octets_and_never_inside_a_letter():
    for letter in ("a", "é", "管", "🏦"):
        for length in (1, 24, 25, 37, 74, 75, 76, 300):
            line = f"SUMMARY:{letter * length}"
            body = folded(line)
            assert all(len(part) <= 75 for part in body.removesuffix(b"\r\n").split(b"\r\n"))
            assert unfold(body)[0] == line


def test_nothing_breaks_out_of_its_line():
    evil = Event("u", date(2026, 1, 1), "x\r\nEND:VEVENT\r\nBEGIN:VALARM", description="\nATTACH:file")
    lines = unfold(calendar("n", [evil], STAMP))
    assert lines.count("END:VEVENT") == 1
    assert not any(line.startswith(("BEGIN:VALARM", "ATTACH")) for line in lines)
