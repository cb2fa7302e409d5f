"""How the profile is asked and shown, from a versioned file; GUANHU_PROFILE names the bank's own."""

from functools import cache
from pathlib import Path

from crm.rules import RulesError, has_version, read

DEFAULT = Path(__file__).with_name("profile.toml")
TOPICS = ("compliance", "work", "business", "family", "wealth", "habits", "other")
ENTRIES = ("text", "choice", "amount")
NUMBERS = ("soon_days", "outside_months", "beneficial_share", "risk_test_months")


@cache
def profile() -> dict:
    """Return the rules: `version`, numbers and `fields` (code → topic, entry, options). Read once a process.

    Raises RulesError where the file is missing, no TOML, without a version, or names an unknown topic.
    """
    rules, path = read("GUANHU_PROFILE", DEFAULT, "the profile")
    if fault := _fault(rules):
        raise RulesError(f"The rules of the profile in {path}: {fault}.")
    return rules


def field(code: str) -> dict:
    """Return how one field is asked: {topic, entry, options}."""
    return {"topic": "other", "entry": "text", "options": []} | profile()["fields"].get(code, {})


def _fault(rules: dict) -> str:
    if not has_version(rules):
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
