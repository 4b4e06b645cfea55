"""A command that ended early."""

STOPPED = 130
"""The exit status after an interrupt."""
FAILED = 2
"""The exit status after an error."""


class StoppedError(Exception):
    """A command ended early and left something behind; the message says what.

    Args:
        message: What it left, and what to do.
        status: The exit status.
    """

    def __init__(self, message: str, status: int = STOPPED) -> None:
        super().__init__(message)
        self.status = status
