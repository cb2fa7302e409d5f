"""Rules that the bank may set, from versioned TOML files: ours beside the code, or its own by a variable."""

import tomllib
from pathlib import Path

from crm.env import env


class RulesError(Exception):
    """A file of rules cannot be used; the message says which and why."""


def read(variable: str, default: Path, what: str) -> tuple[dict, Path]:
    """Return the content of the file that environment `variable` names (`default` without it), and its path.

    `what` names the rules in the message: "the profile". Raises RulesError where it is missing or no TOML.
    """
    path = Path(env(variable) or default)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), path
    except OSError as error:
        raise RulesError(f"The rules of {what} cannot be read: {path}: {error.strerror}.") from error
    except tomllib.TOMLDecodeError as error:
        raise RulesError(f"The rules of {what} in {path} are not TOML: {error}.") from error


def has_version(rules: dict) -> bool:
    """Whether `version` is a text of 1 to 20 letters, as every file of rules has it."""
    return isinstance(rules.get("version"), str) and 0 < len(rules["version"]) <= 20
