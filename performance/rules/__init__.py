"""The rules of the seven P, read from a versioned file: the bank's own where GUANHU_SEVEN_P names one."""

from functools import cache
from pathlib import Path

from crm.rules import RulesError, has_version, read

DEFAULT = Path(__file__).with_name("seven_p.toml")


@cache
def seven_p() -> dict:
    """Return the rules: `version`, and one table per P. Read once per process.

    Raises RulesError where the file is missing, no TOML or without a version.
    """
    rules, path = read("GUANHU_SEVEN_P", DEFAULT, "the seven P")
    if not has_version(rules):
        raise RulesError(f'The rules in {path} have no version: write version = "2026.1" (up to 20 letters).')
    return rules
