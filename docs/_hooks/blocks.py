"""The python blocks of a page."""

import re
import textwrap

_BLOCK = re.compile(
    r"^(?P<indent>[ \t]*)```(?:python|py)\b[^\n]*\n(?P<code>.*?)^(?P=indent)```[ \t]*$", re.MULTILINE | re.DOTALL
)
_SAVED = re.compile(r"""\bsavefig\(\s*["']([\w.-]+)["']""")


def blocks_of(text: str) -> tuple[tuple[int, str], ...]:
    """The python blocks of a page or docstring: the number of lines before each, and its code."""
    return tuple((text[: m.start("code")].count("\n"), textwrap.dedent(m["code"])) for m in _BLOCK.finditer(text))


def plots_of(text: str) -> list[str]:
    """The names of the files that the page's blocks save with `savefig`."""
    return [name for _, code in blocks_of(text) for name in _SAVED.findall(code)]


def run_blocks(blocks: tuple[tuple[int, str], ...], file: str) -> None:
    """Run blocks in order, in one namespace; a traceback points into `file`."""
    namespace = {"__name__": "__main__"}
    for line, code in blocks:
        exec(compile("\n" * line + code, file, "exec"), namespace)
