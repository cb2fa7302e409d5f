"""Calendars as files (RFC 5545): whole days only, lines of 75 octets, text escaped.

Written here because it is forty lines; a library would be one more to keep.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

PRODUCT = "-//Guanhu//CRM//ZH"
CONTENT_TYPE = "text/calendar; charset=utf-8"
_ESCAPED = {"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LINE = 75


@dataclass(frozen=True)
class Event:
    """One event over whole days: `day` up to, not with, `until` (the day after where it is None)."""

    uid: str
    day: date
    summary: str
    description: str = ""
    url: str = ""
    until: date | None = None


def calendar(name: str, events: list[Event], stamp: datetime) -> bytes:
    """Return the file of a calendar; `stamp` is the moment it is written."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODUCT}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{text(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
    ]
    at = stamp.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    for event in events:
        lines += _event(event, at)
    lines.append("END:VCALENDAR")
    return b"".join(folded(line) for line in lines)


def text(value: str) -> str:
    r"""Escape a text value: backslash, semicolon, comma; line breaks become \n, other controls go."""
    plain = _CONTROL.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(_ESCAPED.get(letter, letter) for letter in plain)


def folded(line: str) -> bytes:
    """A content line in UTF-8 with its line break, folded to 75 octets, never inside a letter."""
    out, room, current = [], _LINE, bytearray()
    for letter in line:
        octets = letter.encode("utf-8", "replace")
        if len(current) + len(octets) > room:
            out.append(bytes(current))
            current, room = bytearray(), _LINE - 1  # the space that begins a continuation counts
        current += octets
    out.append(bytes(current))
    return b"\r\n ".join(out) + b"\r\n"


def _event(event: Event, at: str) -> list[str]:
    until = event.until or event.day + timedelta(days=1)
    lines = [
        "BEGIN:VEVENT",
        f"UID:{text(event.uid)}",
        f"DTSTAMP:{at}",
        f"DTSTART;VALUE=DATE:{event.day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{until:%Y%m%d}",
        f"SUMMARY:{text(event.summary)}",
    ]
    if event.description:
        lines.append(f"DESCRIPTION:{text(event.description)}")
    if event.url:
        lines.append(f"URL:{event.url}")
    return [*lines, "TRANSP:TRANSPARENT", "CLASS:PRIVATE", "END:VEVENT"]
