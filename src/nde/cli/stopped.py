"""A command that was interrupted."""

STOPPED = 130
"""Its exit status."""


class StoppedError(Exception):
    """A command was interrupted and left something behind; the message says what."""
