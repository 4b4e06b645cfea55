"""The options that say how a file is to be read: the same for all commands that read one."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from nde.data import ReadOptions

_OPTIONS: dict[str, Any] = {
    "sep": Annotated[
        str | None,
        typer.Option("--sep", metavar="CHAR", help="Between columns of FILE: a character, tab or space; else found."),
    ],
    "decimal": Annotated[
        str | None, typer.Option("--decimal", metavar="CHAR", help="Decimal separator of FILE: . or , ; else found.")
    ],
    "encoding": Annotated[
        str | None, typer.Option("--encoding", metavar="NAME", help="Encoding of FILE, such as latin-1; else found.")
    ],
    "date_format": Annotated[
        str | None,
        typer.Option(
            "--date-format",
            metavar="FORMAT",
            help="Dates of FILE: dmy | mdy | ymd, a format such as %d/%m/%Y, or number for times that are no dates.",
        ),
    ],
    "timezone": Annotated[
        str | None,
        typer.Option("--timezone", metavar="ZONE", help="Time zone of dates without an offset, such as Europe/Berlin."),
    ],
    "duplicates": Annotated[
        str | None,
        typer.Option("--duplicates", metavar="HOW", help="Rows with the same time that differ: mean | first | last."),
    ],
}
"""By the names of the fields of `ReadOptions`."""
_PARAMETER = "reading"


def with_reading(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each field of `ReadOptions`, in place of its parameter `reading`.

    Args:
        command: A command with such a parameter.
    """

    @functools.wraps(command)
    def run(**given: Any) -> None:
        reading = ReadOptions(**{name: given.pop(name) for name in _OPTIONS})
        command(**given, **{_PARAMETER: reading})

    own = inspect.signature(command, eval_str=True)
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in _OPTIONS.items()
    ]
    parameters = []
    for parameter in own.parameters.values():
        parameters += options if parameter.name == _PARAMETER else [parameter.replace(kind=parameter.KEYWORD_ONLY)]
    run.__signature__ = own.replace(parameters=parameters)  # pyright: ignore[reportAttributeAccessIssue]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run
