"""Counts in sentences."""


def pluralize(count: int, noun: str) -> str:
    """A count and a noun, with a plural s if needed; nouns such as `series` stay the same."""
    return f"{count} {noun}" if count == 1 or noun.endswith("s") else f"{count} {noun}s"
