"""The rules of the seven P, read from a versioned file: the bank's own where GUANHU_SEVEN_P names one."""

import tomllib
from functools import cache
from pathlib import Path

from crm.env import env

DEFAULT = Path(__file__).with_name("seven_p.toml")


class RulesError(Exception):
    """The file of rules cannot be used; the message says which and why."""


@cache
def seven_p() -> dict:
    """Return the rules: `version`, and one table per P. Read once per process.

    Raises RulesError where the file is missing, no TOML or without a version.
    """
    path = Path(env("GUANHU_SEVEN_P") or DEFAULT)
    try:
        rules = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RulesError(f"The rules of the seven P cannot be read: {path}: {error.strerror}.") from error
    except tomllib.TOMLDecodeError as error:
        raise RulesError(f"The rules of the seven P in {path} are not TOML: {error}.") from error
    if not isinstance(rules.get("version"), str) or not 0 < len(rules["version"]) <= 20:
        raise RulesError(f'The rules in {path} have no version: write version = "2026.1" (up to 20 letters).')
    return rules
