"""Counts in sentences."""


def pluralize(count: int, noun: str) -> str:
    """A count and a noun, in the plural unless the count is one; nouns such as `series` stay the same."""
    return f"{count} {noun if count == 1 else _plural(noun)}"


def _plural(noun: str) -> str:
    if noun.endswith(("ss", "x", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and not noun.endswith(("ay", "ey", "oy")):
        return f"{noun[:-1]}ies"
    return noun if noun.endswith("s") else f"{noun}s"
