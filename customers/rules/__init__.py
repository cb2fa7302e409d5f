"""How the profile is asked and shown, from a versioned file; GUANHU_PROFILE names the bank's own."""

import tomllib
from functools import cache
from pathlib import Path

from crm.env import env

DEFAULT = Path(__file__).with_name("profile.toml")
TOPICS = ("compliance", "work", "business", "family", "wealth", "habits", "other")
ENTRIES = ("text", "choice", "amount")
NUMBERS = ("soon_days", "outside_months", "beneficial_share", "risk_test_months")


class RulesError(Exception):
    """The file of rules cannot be used; the message says which and why."""


@cache
def profile() -> dict:
    """Return the rules: `version`, numbers and `fields` (code → topic, entry, options). Read once a process.

    Raises RulesError where the file is missing, no TOML, without a version, or names an unknown topic.
    """
    path = Path(env("GUANHU_PROFILE") or DEFAULT)
    try:
        rules = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RulesError(f"The rules of the profile cannot be read: {path}: {error.strerror}.") from error
    except tomllib.TOMLDecodeError as error:
        raise RulesError(f"The rules of the profile in {path} are not TOML: {error}.") from error
    if fault := _fault(rules):
        raise RulesError(f"The rules of the profile in {path}: {fault}.")
    return rules


def field(code: str) -> dict:
    """Return how one field is asked: {topic, entry, options}."""
    return {"topic": "other", "entry": "text", "options": []} | profile()["fields"].get(code, {})


def _fault(rules: dict) -> str:
    if not isinstance(rules.get("version"), str) or not 0 < len(rules["version"]) <= 20:
        return 'write version = "2026.1" (up to 20 letters)'
    if wrong := [name for name in NUMBERS if not isinstance(rules.get(name), int)]:
        return f"{wrong[0]} must be a whole number"
    for code, told in rules.get("fields", {}).items():
        if told.get("topic", "other") not in TOPICS:
            return f"{code} has topic {told['topic']!r}; topics are {', '.join(TOPICS)}"
        if told.get("entry", "text") not in ENTRIES:
            return f"{code} has entry {told['entry']!r}; entries are {', '.join(ENTRIES)}"
        if told.get("entry") == "choice" and not told.get("options"):
            return f"{code} is a choice without options"
    rules.setdefault("fields", {})
    return ""
