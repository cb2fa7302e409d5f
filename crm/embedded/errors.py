"""The one error of the launcher: a sentence for a person."""


class CannotStart(Exception):
    """The bank cannot start or go on; the message says in one sentence what is wrong and what to do."""
