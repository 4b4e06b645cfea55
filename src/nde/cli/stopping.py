"""A command that was interrupted."""

STOPPED = 130
"""Its exit status."""


class StoppedError(Exception):
    """Interrupted, with something left behind; the message says what."""
